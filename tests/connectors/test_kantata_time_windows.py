"""Windows of changes in Kantata's time: what is told, in how many calls, whatever happens while it is read."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from canonical.errors import NotReady, Throttled
from canonical.time_entry import ApprovalState
from tests.connectors.kantata_hours import Meddler, Office, an_hour_from, an_office, entries

APPROVED, DRAFT, SUBMITTED, REJECTED, DELETED = (
    ApprovalState.APPROVED,
    ApprovalState.DRAFT,
    ApprovalState.SUBMITTED,
    ApprovalState.REJECTED,
    ApprovalState.DELETED,
)
GENERATED = {"people": 60, "projects": 7, "days": 10, "a_day": 4, "first_day": "2026-04-01"}


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with an_office(time_zone="Europe/Berlin", subcontractor_categories=["Subcontractor"]) as office:
        yield office


def lists(office: Office, plural: str) -> list[str]:
    """The calls that listed this type."""
    return [c["path"] for c in office.bench.vendor.calls if c["path"].startswith(f"/api/v1/{plural}?") and c["method"] == "GET"]


# Windows.


async def test_the_end_of_a_window_is_the_beginning_of_the_next(office: Office) -> None:
    number = await office.entry()
    changed = datetime.fromisoformat(office.bench.vendor.state["time_entries"][number]["updated_at"]).replace(microsecond=0)
    await office.at(60)
    second = timedelta(seconds=1)
    assert number not in await entries(office, changed - timedelta(hours=1), changed)
    assert number in await entries(office, changed, changed + second)
    assert number not in await entries(office, changed + second, changed + 2 * second)
    assert not await entries(office, changed, changed)


async def test_what_changed_again_after_the_window_is_told_in_the_next_with_its_final_state(office: Office) -> None:
    number, decided = await office.entry(), await office.entry()
    sheet = await office.submit(decided)
    ended = await office.at(5)
    await office.change(number, time_in_minutes=240)
    await office.decide("approve", sheet)
    following = await office.at(10)
    assert not await entries(office, ended - timedelta(hours=1), ended)
    told = await entries(office, ended, following)
    assert (told[number].hours, told[decided].state) == (Decimal(4), APPROVED)


async def test_a_window_that_has_not_ended_there_waits(office: Office) -> None:
    there = await office.at(-120)
    await office.entry()
    with pytest.raises(NotReady) as early:
        await entries(office, there, there + timedelta(seconds=90))
    assert early.value.retry_after and timedelta(seconds=80) < early.value.retry_after <= timedelta(seconds=90)


async def generated(office: Office, **more: Any) -> tuple[datetime, datetime]:
    """Thousands of entries changed in the last hour; the window around them, and the account's clock after it."""
    now = await office.at(0)
    span = {"changed_from": (now - timedelta(hours=1)).isoformat(), "changed_until": now.isoformat()}
    await office.seed({"generated": {**GENERATED, **span, **more}})
    return now - timedelta(hours=2), await office.at(5)


async def test_thousands_come_in_pages_once_each_and_names_are_asked_for_by_the_page(office: Office) -> None:
    since, until = await generated(office)
    told = [entry.source_id async for page in office.bench.connector.time_entries(since, until) for entry in page]
    assert len(told) == len(set(told)) == 2400
    assert len(lists(office, "workspaces")) <= 2 and len(lists(office, "stories")) <= 3 and len(lists(office, "users")) <= 1
    assert len(lists(office, "time_entries")) < 2400 / 200 * 3
    before = len(lists(office, "workspaces"))
    await entries(office, since, until)
    assert len(lists(office, "workspaces")) == before, "what Handoff calls them is remembered"


async def test_an_account_that_allows_one_call_at_a_time_is_read_whole() -> None:
    async with an_office(concurrent_calls=1) as office:
        assert len(await entries(office, *await generated(office))) == 2400


async def test_a_slow_reader_is_read_ahead_for_by_a_few_pages_only(office: Office) -> None:
    since, until = await generated(office, days=25)
    pages = office.bench.connector.time_entries(since, until)
    first = await anext(pages)
    for _ in range(40):  # long enough to read all of it, where nothing keeps the readers back
        await asyncio.sleep(0.05)
        asked = len(lists(office, "time_entries"))
        assert len(first) <= 200 and asked <= 20, "a page and a stretch each for four readers, and what cutting the window took"
    await pages.aclose()


async def test_a_throttled_page_is_asked_for_again_and_endless_throttling_is_told(office: Office) -> None:
    number = await office.entry()
    window = an_hour_from(await office.at(5))
    await office.bench.fault(kind="answer", status=429, on={"path": "/time_entries"}, times=3)
    assert number in await entries(office, *window)
    await office.bench.fault(kind="answer", status=429, on={"path": "/time_entries"}, times=None)
    with pytest.raises(Throttled):
        await entries(office, *window)


# Whatever happens while it is read.


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("share_submitted", [True, False])
async def test_whatever_changes_while_it_is_read_is_told_in_this_window_or_the_next(
    office: Office, seed: int, share_submitted: bool
) -> None:
    since, until = await generated(office)
    if not share_submitted:  # none of them locked, so that many are changed and deleted
        for sheet in office.bench.vendor.state["timesheet_submissions"].values():
            sheet["status"] = "rejected"
    meddler = Meddler(office, seed, list(office.bench.vendor.state["time_entries"]))
    latest: dict[str, Any] = {}

    def keep(page: Any) -> None:
        for told in page:
            known = latest.setdefault(told.source_id, told)
            assert told == known or told.source_version != known.source_version, "one version is one state"
            if told.source_version > known.source_version:
                latest[told.source_id] = told

    async for page in office.bench.connector.time_entries(since, until):
        keep(page)
        await meddler.meddle(12)
    ended = await office.at(30)
    async for page in office.bench.connector.time_entries(until, ended):
        keep(page)
    assert_true_of_the_account(office, latest, set(meddler.numbers))


def assert_true_of_the_account(office: Office, latest: dict[str, Any], ever: set[str]) -> None:
    """What was told last of each entry is what the account holds."""
    held, sheets = office.bench.vendor.state["time_entries"], office.bench.vendor.state["timesheet_submissions"]
    assert {number for number, told in latest.items() if told.state is DELETED} == ever - held.keys()
    assert ever == latest.keys()
    for number, entry in held.items():
        status = sheets[entry["recent_submission_id"]]["status"] if entry["recent_submission_id"] else "cancelled"
        states = {"pending": SUBMITTED, "approved": APPROVED, "rejected": REJECTED, "cancelled": DRAFT}
        assert (latest[number].state, round(latest[number].hours * 60)) == (states[status], entry["time_in_minutes"]), number
