"""Acceptances in Kantata: a milestone that is completed, taken up again, completed anew; its audit trail is their version."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest

from canonical.acceptance import Acceptance, AcceptanceState
from canonical.errors import Malformed
from canonical.event import FactKind
from tests.connectors.contract import Bench
from tests.connectors.kantata_firm import a_bench, a_milestone, a_project, prepared

FIELDS = {"901": {"name": "Accepted on"}, "902": {"name": "Accepted by"}, "903": {"name": "Acceptance record"}}
NAMED = {"on": "901", "by": "902", "record": "903"}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with a_bench(acceptance_fields=NAMED) as made:
        made.vendor.seed({"custom_fields": {number: {**one, "subject_type": "Story"} for number, one in FIELDS.items()}})
        yield made


async def a_story(bench: Bench) -> str:
    """The milestone of a project."""
    project = await bench.connector.create_project(
        a_project(milestones=(a_milestone(reference="C-100.M1"),)), key="create_project/C-100"
    )
    stories = bench.vendor.state["stories"].values()
    return str(next(s["id"] for s in stories if s["workspace_id"] == project.target_id and s["story_type"] == "milestone"))


async def moved(bench: Bench, story: str, state: str) -> None:
    """Somebody sets its state there."""
    async with httpx.AsyncClient(base_url=bench.url) as http:
        change = {"does": "change", "to": {"state": state}}
        assert (await http.post(f"/_sandbox/kantata/records/stories/{story}", json=change)).status_code == 200


def said(bench: Bench, story: str, **values: str) -> None:
    """What its custom fields say."""
    own = {"subject_type": "Story", "subject_id": story}
    found = {f"9{number}": {**own, "custom_field_id": number, "value": value} for number, value in values.items()}
    bench.vendor.seed({"custom_field_values": found})


async def read(bench: Bench, story: str) -> Acceptance:
    found: Acceptance | None = await bench.connector.read_acceptance(story)
    assert found is not None
    return found


async def test_a_milestone_that_was_never_completed_was_never_accepted(bench: Bench) -> None:
    story = await a_story(bench)
    assert await bench.connector.read_acceptance(story) is None
    await moved(bench, story, "started")
    assert await bench.connector.read_acceptance(story) is None


async def test_a_completed_milestone_is_accepted_as_its_fields_say(bench: Bench) -> None:
    story = await a_story(bench)
    said(bench, story, **{"901": "2026-04-17", "902": "pat@acme.example", "903": "https://firm.example/a.pdf"})
    await moved(bench, story, "completed")
    found = await read(bench, story)
    assert (found.contract, found.term, found.state) == ("C-100", "M1", AcceptanceState.ACCEPTED)
    facts = (str(found.accepted_on), found.accepted_by, found.evidence_url)
    assert facts == ("2026-04-17", "pat@acme.example", "https://firm.example/a.pdf")


async def test_without_fields_it_is_the_day_of_completion_and_nobodys_record(bench: Bench) -> None:
    story = await a_story(bench)
    begun = datetime.now(UTC)
    await moved(bench, story, "completed")
    found = await read(bench, story)
    assert begun.date() <= found.accepted_on <= datetime.now(UTC).date() and found.evidence_url == ""


async def test_each_change_of_mind_is_a_later_version_and_other_changes_are_none(bench: Bench) -> None:
    story = await a_story(bench)
    versions, states = [], []
    for state in ("completed", "started", "completed"):
        await moved(bench, story, state)
        versions.append((await read(bench, story)).version)
        states.append((await read(bench, story)).state.value)
    assert versions == sorted(set(versions)) and states == ["accepted", "withdrawn", "accepted"]
    bench.vendor.state["stories"][story]["title"] = "Another title"
    assert (await read(bench, story)).version == versions[-1]


async def test_a_day_that_is_none_is_told_with_its_remedy(bench: Bench) -> None:
    story = await a_story(bench)
    said(bench, story, **{"901": "next Tuesday"})
    await moved(bench, story, "completed")
    with pytest.raises(Malformed, match="'next Tuesday', which is no day"):
        await bench.connector.read_acceptance(story)


async def test_the_feed_tells_of_milestones_of_ours_only(bench: Bench) -> None:
    since = datetime.now(UTC) - timedelta(seconds=1)
    story, foreign = await a_story(bench), await prepared(bench.connector, "C-200")
    stories: dict[str, Any] = {"61": {"workspace_id": foreign, "title": "Not ours", "story_type": "milestone"}}
    bench.vendor.seed({"stories": stories})
    for number in (story, "61"):
        await moved(bench, number, "completed")
    events = [e async for e in bench.connector.changes(since, since + timedelta(minutes=2))]
    told = {(e.kind, e.object_kind, e.object_id) for e in events if e.kind is FactKind.MILESTONE_ACCEPTANCE}
    assert told == {(FactKind.MILESTONE_ACCEPTANCE, "psa_milestone", story)}
