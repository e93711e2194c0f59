"""Kantata's time and expenses: what is told of them, whatever happens to them while they are read."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from activities.billing_ports import Time
from canonical.errors import Misconfigured
from canonical.money import Money
from canonical.time_entry import ApprovalState
from connectors.kantata import time_mapping
from connectors.kantata.client import connect
from connectors.kantata.time_schemas import Submission
from tests.connectors.kantata_firm import settings
from tests.connectors.kantata_hours import Office, an_hour_from, an_office, entries, expenses

APPROVED, DRAFT, SUBMITTED, REJECTED, DELETED = (
    ApprovalState.APPROVED,
    ApprovalState.DRAFT,
    ApprovalState.SUBMITTED,
    ApprovalState.REJECTED,
    ApprovalState.DELETED,
)


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with an_office(time_zone="Europe/Berlin", subcontractor_categories=["Subcontractor"]) as office:
        yield office


def test_the_connector_tells_time() -> None:
    time: Time = connect("kantata", settings("http://127.0.0.1:1"))
    assert isinstance(time, Time)


def test_a_time_zone_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="write it like Europe/Berlin"):
        settings("http://127.0.0.1:1", time_zone="CEST/Nowhere")


# What an entry says.


async def test_an_entry_says_who_did_what_where_and_for_how_much(office: Office) -> None:
    number = await office.entry(role_id=11, rate_in_cents=15_050, time_in_minutes=50, notes="Kick-off")
    told = (await entries(office, *an_hour_from(await office.at(5))))[number]
    assert (told.reference, told.project, told.task) == (f"kantata.{number}", "C-100", "C-100.L1.P1.T1")
    assert (told.person, told.role, told.note) == ("rhea@firm.example", "Consultant", "Kick-off"), "our name of the role"
    assert (told.work_date, told.hours, told.rate) == (date(2026, 4, 30), Decimal(50) / 60, Money.of("150.50", "EUR"))
    assert (told.state, told.is_billable, told.approved_by, told.approved_at) == (DRAFT, True, "", None)


async def test_what_is_missing_is_empty_and_the_entry_is_told_all_the_same(office: Office) -> None:
    number = await office.entry(workspace_id=52, story_id=62, user_id=4, billable=False, rate_in_cents=12_000)
    bare = await office.entry(story_id=None)
    told = await entries(office, *an_hour_from(await office.at(5)))
    assert (told[number].project, told[number].task, told[number].person, told[number].role) == ("", "", "4", "")
    assert (told[number].is_billable, told[number].rate) == (False, Money.of(12_000, "JPY")), "yen have no cents"
    assert (told[bare].project, told[bare].task, told[bare].rate) == ("C-100", "", None)
    assert told[bare].role == "Architect", "as the person is staffed on the project, since the entry names no role"


async def test_an_entry_is_told_at_each_step_of_its_approval(office: Office) -> None:
    number, versions = await office.entry(), []
    ends = [await office.at(0) - timedelta(minutes=1)]

    async def after(offset: float) -> tuple[ApprovalState, str]:
        ends.append(await office.at(offset))
        told = (await entries(office, ends[-2], ends[-1]))[number]
        assert told == (await office.bench.connector.entries_of([number]))[0]
        versions.append(told.source_version)
        return told.state, told.approved_by

    assert await after(5) == (DRAFT, "")
    first = await office.submit(number)
    assert await after(15) == (SUBMITTED, "")
    await office.decide("reject", first)
    assert await after(25) == (REJECTED, "")
    second = await office.submit(number)
    await office.decide("approve", second)
    assert await after(35) == (APPROVED, "otto@firm.example")
    await office.decide("cancel", second)
    assert await after(45) == (DRAFT, ""), "taken back before anybody billed it"
    assert versions == sorted(set(versions)), "every step is a later version"


async def test_where_a_project_asks_for_no_approval_time_is_approved_by_nobody(office: Office) -> None:
    number = await office.entry(workspace_id=53, story_id=None)
    told = (await entries(office, *an_hour_from(await office.at(5))))[number]
    assert (told.state, told.approved_by) == (APPROVED, "")


async def test_an_entry_of_an_archived_project_is_told(office: Office) -> None:
    number, cost = await office.entry(), await office.expense()
    await office.call("PUT", "workspaces/51", {"workspace": {"archived": True}})
    window = an_hour_from(await office.at(5))
    assert (await entries(office, *window))[number].task == "C-100.L1.P1.T1", "its tasks are listed apart"
    assert (await expenses(office, *window))[cost].project == "C-100"
    assert (await office.bench.connector.entries_of([number]))[0].state is DRAFT


# Deletions.


async def test_a_deleted_entry_is_told_by_events_and_when_it_is_read_again(office: Office) -> None:
    kept, gone, cost = await office.entry(), await office.entry(), await office.expense()
    before = (await entries(office, *an_hour_from(await office.at(5))))[gone]
    await office.call("DELETE", f"time_entries/{gone}")
    await office.call("DELETE", f"expenses/{cost}")
    window = an_hour_from(await office.at(10))
    told = (await entries(office, *window))[gone]
    assert (told.state, told.hours) == (DELETED, Decimal(0))
    assert told.is_billable, "whoever leaves out what is not billable must still hear of it"
    assert told.source_version > before.source_version
    assert (await expenses(office, *window))[cost].state is DELETED
    again = {e.source_id: e.state for e in await office.bench.connector.entries_of([kept, gone, "no-id"])}
    assert again == {kept: DRAFT, gone: DELETED}


async def test_an_entry_that_lists_do_not_show_yet_is_not_taken_for_deleted(office: Office) -> None:
    await office.bench.fault(kind="invisible", seconds=60, on={"method": "POST", "path": "time_entries"})
    number = await office.entry()
    await office.at(5)
    assert [e.state for e in await office.bench.connector.entries_of([number])] == [DRAFT]


async def test_without_the_add_on_the_remedy_is_named_or_deletions_are_left_to_reading_again(office: Office) -> None:
    account = office.bench.vendor.state["account"]
    account["subscribed_events"] = False
    number = await office.entry()
    window = an_hour_from(await office.at(5))
    with pytest.raises(Misconfigured) as refused:
        await entries(office, *window)
    assert "subscribed_events" in refused.value.remedy
    connector = connect("kantata", settings(office.bench.url, subscribed_events=False))
    told = [entry.source_id async for page in connector.time_entries(*window) for entry in page]
    await connector.aclose()
    assert told == [number]


# Mapping.


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("2026-04-30", date(2026, 4, 30)),
        ("2026-04-30T23:30:00+02:00", date(2026, 4, 30)),
        ("2026-04-30T21:30:00Z", date(2026, 4, 30)),
        ("2026-04-30T22:30:00Z", date(2026, 5, 1)),
        ("2026-04-30T14:30:00-07:00", date(2026, 4, 30)),
        ("2026-04-30T23:30:00", date(2026, 4, 30)),
    ],
)
def test_half_past_eleven_in_the_evening_belongs_to_that_day(told: str, day: date) -> None:
    assert time_mapping.day_of(told, ZoneInfo("Europe/Berlin")) == day


@pytest.mark.parametrize(
    ("status", "is_approved", "state"),
    [
        (None, False, DRAFT),
        (None, True, APPROVED),
        ("pending", False, SUBMITTED),
        ("new", False, SUBMITTED),
        ("Rejected", False, REJECTED),
        ("cancelled", False, DRAFT),
        ("approved", True, APPROVED),
        ("approved", False, SUBMITTED),
        ("something new", False, SUBMITTED),
    ],
)
def test_what_we_do_not_know_to_be_approved_is_not(status: str | None, is_approved: bool, state: ApprovalState) -> None:
    submission = Submission(id="1", status=status, updated_at=datetime(2026, 5, 1, tzinfo=UTC)) if status else None
    assert time_mapping.state_of(submission, is_approved=is_approved) is state
