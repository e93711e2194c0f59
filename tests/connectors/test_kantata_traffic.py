"""Kantata's own manners: throttling, refusals, opening and closing, and events instead of webhooks."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx2 as httpx
import pytest

from canonical.errors import AnswerLost, Malformed, Misconfigured, Rejected, Throttled
from canonical.project import ProjectState
from tests.connectors.contract import Bench
from tests.connectors.kantata_firm import (
    KEY,
    a_bench,
    a_milestone,
    a_project,
    calls,
    prepared,
)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with a_bench() as made:
        yield made


@pytest.mark.parametrize(("headers", "pause"), [({}, 15), ({"Retry-After": "7"}, 7)])
async def test_a_429_names_no_time_so_we_take_our_own(bench: Bench, headers: dict[str, str], pause: int) -> None:
    await bench.fault(kind="answer", status=429, headers=headers)
    with pytest.raises(Throttled) as throttled:
        await bench.connector.read_project("51")
    assert throttled.value.retry_after == timedelta(seconds=pause)


async def test_a_refusal_names_every_message_and_the_field(bench: Bench) -> None:
    huge = a_project(milestones=(a_milestone(amount="30000000"),))
    with pytest.raises(Rejected) as refused:
        await bench.connector.create_project(huge, key=KEY)
    assert "amount_in_cents must be a 32-bit integer" in refused.value.message
    assert "amount_in_cents" in refused.value.remedy and refused.value.evidence["vendor_code"] == "validation"


async def test_a_missing_field_is_named(bench: Bench) -> None:
    await bench.fault(
        kind="answer",
        status=200,
        body={"count": 1, "results": [{"key": "workspaces", "id": "51"}], "workspaces": {"51": {"id": "51"}}},
    )
    with pytest.raises(Malformed, match=r"Workspace of kantata cannot be read: .*status"):
        await bench.connector.read_project("51")


async def test_an_answer_that_is_no_answer_is_undecided(bench: Bench) -> None:
    await bench.fault(kind="answer", status=200, body="<html>maintenance</html>")
    with pytest.raises(AnswerLost):
        await bench.connector.read_project("51")


# Opening and closing.


async def test_activation_opens_for_time_and_keeps_the_managers_status(bench: Bench) -> None:
    project = await prepared(bench.connector, "C-100")
    await bench.connector.activate_project(project, key="activate/C-100")
    workspace = bench.vendor.state["workspaces"][project]
    assert (workspace["status_key"], workspace["time_trackable"]) == (310, True)
    bench.vendor.seed(
        {
            "account": {
                "project_statuses": bench.vendor.state["account"]["project_statuses"]
                | {"401": {"color": "yellow", "message": "On Hold"}}
            }
        }
    )
    workspace["status_key"] = 401
    writes = len(calls(bench))
    await bench.connector.activate_project(project, key="activate/C-100")
    assert (workspace["status_key"], len(calls(bench))) == (401, writes)


async def test_an_archived_project_can_be_activated_again(bench: Bench) -> None:
    project = await prepared(bench.connector, "C-100")
    await bench.connector.archive_project(project, "too early", key="archive/C-100")
    await bench.connector.activate_project(project, key="activate/C-100")
    assert (await bench.connector.read_project(project)).state is ProjectState.ACTIVE


async def test_archiving_what_is_not_there_is_done_already(bench: Bench) -> None:
    assert (await bench.connector.archive_project("999", "never made", key="archive/C-9")).target_id == "999"
    assert not calls(bench)


# Changes.


async def test_changes_told_twice_and_out_of_order_are_one_event_each(bench: Bench) -> None:
    bench.vendor.seed({"account": {"event_manners": {"lags": [0, 40], "duplicate_every": 1}}})
    since = datetime.now(UTC) - timedelta(seconds=1)
    project = await prepared(bench.connector, "C-100")
    async with httpx.AsyncClient() as http:
        await http.put(f"{bench.url}/_sandbox/clock", json={"offset_seconds": 60})
    events = [e async for e in bench.connector.changes(since, since + timedelta(minutes=2))]
    own = [e for e in events if e.object_id == project]
    assert len(own) > len({e.event_id for e in own}) >= 1
    assert {(e.object_kind, e.source) for e in own} == {("psa_project", "kantata")}
    late = [e async for e in bench.connector.changes(since + timedelta(seconds=30), since + timedelta(minutes=2))]
    assert own[0].event_id in {e.event_id for e in late}, "what happened early but is told late is not skipped"


async def test_changes_older_than_nine_days_are_not_pretended(bench: Bench) -> None:
    until = datetime.now(UTC)
    with pytest.raises(Rejected, match="nine days"):
        [e async for e in bench.connector.changes(until - timedelta(days=10), until)]


async def test_changes_without_the_paid_addon_are_a_matter_of_settings(bench: Bench) -> None:
    bench.vendor.seed({"account": {"subscribed_events": False}})
    until = datetime.now(UTC)
    with pytest.raises(Misconfigured):
        [e async for e in bench.connector.changes(until - timedelta(days=1), until)]
