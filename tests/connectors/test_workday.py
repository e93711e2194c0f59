"""Workday as the source of people: the suite of all connectors, and what only Workday does."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from activities.billing_ports import People
from canonical.errors import RuleBroken
from canonical.landscape import Capability
from canonical.money import Money
from canonical.person import Posting
from connectors.registry import vendor
from connectors.workday.client import Workday, connect
from connectors.workday.history import Trail, Window
from connectors.workday.schemas import Job, Worker
from sandbox import workday as sandbox
from sandbox.serve import serving
from sandbox.vendor import SimulatedVendor
from tests.connectors.contract import Bench, ConnectorContract
from tests.connectors.workday_world import AS_OF, CLIENT, HIRED, MOVED, SERVICE, asked, everybody, seed, settings, worker


class TestWorkday(ConnectorContract):
    """Reads only: nothing is ever written to HR."""

    reads = SERVICE

    def vendor(self) -> SimulatedVendor:
        simulated = sandbox.VENDOR()
        simulated.seed({"workers": {"21001": worker(HIRED, MOVED)}})
        return simulated

    def connect(self, url: str) -> Any:
        return connect("workday", settings(url))

    def connect_badly(self, url: str) -> Any:
        return connect("workday", settings(url, credentials=CLIENT | {"client_secret": "wrong"}))

    async def read(self, connector: Workday) -> Any:
        return await everybody(connector)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    simulated = sandbox.VENDOR()
    async with serving(simulated) as server:
        connector = connect("workday", settings(server.url, page_size=2))
        yield Bench(connector, simulated, server.url)
        await connector.aclose()


def test_the_registry_knows_it_as_the_source_of_people() -> None:
    assert vendor("workday").serves == {Capability.PEOPLE}
    connector: People = connect("workday", settings("https://wd2-impl-services1.workday.com"))
    assert isinstance(vendor("workday").connect("workday", settings("https://wd2-impl-services1.workday.com")), type(connector))
    with pytest.raises(RuleBroken):
        connector.declares("person")


# Postings over time.


async def test_a_transfer_between_entities_in_the_middle_of_a_month_is_two_postings(bench: Bench) -> None:
    """S10: UK01 until 15 May at 62 GBP, DE01 from 16 May at 78 EUR."""
    seed(bench, P21001=worker(HIRED, MOVED))
    priya = (await everybody(bench.connector))["P21001"]
    role, center = "Senior Consultant", "CC-100"
    assert priya.postings == (
        Posting(since=date(2024, 1, 8), entity="UK01", role=role, cost_center=center, hourly_cost=Money.of("62", "GBP")),
        Posting(since=date(2026, 5, 16), entity="DE01", role=role, cost_center=center, hourly_cost=Money.of("78", "EUR")),
    )
    assert [priya.posting(date(2026, 5, day)).entity for day in (15, 16)] == ["UK01", "DE01"]  # type: ignore[union-attr]
    assert (priya.name, priya.email, priya.is_contingent) == ("Priya Shah", "priya@firm.example", False)
    assert priya.source_id == bench.vendor.state["workers"]["P21001"]["wid"]


async def test_a_change_of_organization_alone_is_dated_by_the_transaction_log(bench: Bench) -> None:
    moved = {"type": "Change Organization Assignments for Worker", "effective": "2026-02-01", "cost_center": "CC-200"}
    back = {"type": "Change Organization Assignments for Worker", "effective": "2026-03-01", "cost_center": "CC-100"}
    seed(bench, P1=worker(HIRED, moved, back))
    postings = (await everybody(bench.connector))["P1"].postings
    assert [(p.since, p.cost_center) for p in postings] == [
        (date(2024, 1, 8), "CC-100"),
        (date(2026, 2, 1), "CC-200"),
        (date(2026, 3, 1), "CC-100"),
    ]


async def test_a_change_of_a_type_nobody_listed_is_dated_by_job_and_pay(bench: Bench) -> None:
    raised = {"type": "Works Council Agreement", "effective": "2026-04-01", "hourly": "64", "currency": "GBP"}
    promoted = {"type": "Promotion Inbound", "effective": "2026-02-10", "job_profile": "Principal"}
    seed(bench, P1=worker(HIRED, promoted, raised))
    postings = (await everybody(bench.connector))["P1"].postings
    assert [(p.since, p.role, p.hourly_cost.amount if p.hourly_cost else None) for p in postings] == [
        (date(2024, 1, 8), "Senior Consultant", Decimal(62)),
        (date(2026, 2, 10), "Principal", Decimal(62)),
        (date(2026, 4, 1), "Principal", Decimal(64)),
    ]


async def test_transactions_that_change_nothing_split_nothing(bench: Bench) -> None:
    same = [{"type": "Edit Position", "effective": f"2026-0{month}-01"} for month in (1, 2, 3)]
    seed(bench, P1=worker(HIRED, *same))
    assert [p.since for p in (await everybody(bench.connector))["P1"].postings] == [date(2024, 1, 8)]


async def test_what_lies_before_the_window_is_not_asked(bench: Bench) -> None:
    old = [HIRED | {"effective": f"20{year}-01-01", "hourly": str(year)} for year in (10, 12, 14)]
    seed(bench, P1=worker(*old))
    assert [p.since for p in (await everybody(bench.connector))["P1"].postings] == [date(2014, 1, 1)]
    assert asked(bench) == 3, "the moment, the log, one page"


async def test_states_of_one_day_are_asked_in_one_call(bench: Bench) -> None:
    seed(bench, **{f"P{n}": worker(HIRED, MOVED) for n in range(4)})
    assert len(await everybody(bench.connector)) == 4
    assert asked(bench) == 6, "the moment, the log, two pages, for each the day before the transfer"


# Who is there.


async def test_leavers_future_hires_and_contingent_workers_are_there(bench: Bench) -> None:
    left = {"type": "Terminate Employee", "effective": "2026-03-31"}
    leaves = {"type": "Terminate Employee", "effective": "2026-08-31", "entered": "2026-05-20T09:00:00+00:00"}
    comes = HIRED | {"effective": "2026-07-01", "entered": "2026-05-04T10:00:00+00:00"}
    contract = HIRED | {"type": "Contract Contingent Worker", "effective": "2026-01-05", "hourly": "90.5", "currency": "EUR"}
    ends = {"type": "End Contingent Worker Contract", "effective": "2026-05-29"}
    seed(bench, P1=worker(HIRED, left), P2=worker(HIRED, leaves), P3=worker(comes), C7=worker(contract, ends, kind="contingent"))
    found = await everybody(bench.connector)
    assert {number: person.employed_until for number, person in found.items()} == {
        "P1": date(2026, 3, 31),
        "P2": date(2026, 8, 31),
        "P3": None,
        "C7": date(2026, 5, 29),
    }
    assert found["P1"].posting(date(2026, 3, 31)) and not found["P1"].posting(date(2026, 4, 1))
    assert found["P3"].posting(date(2026, 7, 1)) and not found["P3"].posting(date(2026, 6, 30))
    assert found["C7"].is_contingent and not found["P1"].is_contingent
    assert [p.hourly_cost for p in found["C7"].postings] == [Money.of("90.5", "EUR")]


async def test_a_leavers_postings_are_read_where_workday_forgets_the_last_job(bench: Bench) -> None:
    bench.vendor.seed({"tenant": {"keeps_job_after_end": False}})
    seed(bench, P1=worker(HIRED, MOVED, {"type": "Terminate Employee", "effective": "2026-05-31"}))
    assert [p.entity for p in (await everybody(bench.connector))["P1"].postings] == ["UK01", "DE01"]


def test_a_last_day_that_already_counts_as_left_is_passed() -> None:
    last = date(2026, 3, 31)
    job = Job(job_since=date(2025, 1, 1), pay_since=None, company="UK01", cost_center="", profile="", profile_id="", pay=None)
    left = Worker("wid", "1", False, "Ann", "", hired=date(2025, 1, 1), ended=last, job=None)
    trail = Trail(left, (), Window(date(2026, 1, 1), date(2026, 6, 1)))
    asked_for = [trail.ask]
    trail.take(last, left)
    assert [*asked_for, trail.ask] == [last, date(2026, 3, 30)]
    trail.take(date(2026, 3, 30), Worker("wid", "1", False, "Ann", "", hired=date(2025, 1, 1), ended=None, job=job))
    told = ([stretch.since for stretch in trail.stretches], trail.ended, trail.ask)
    assert told == ([date(2025, 1, 1)], last, None)


async def test_somebody_who_came_back_belongs_nowhere_in_between(bench: Bench) -> None:
    left = {"type": "Terminate Employee", "effective": "2026-01-31"}
    again = HIRED | {"effective": "2026-04-01", "company": "DE01"}
    seed(bench, P1=worker(HIRED, left, again))
    back = (await everybody(bench.connector))["P1"]
    assert [(p.since, p.until, p.entity) for p in back.postings] == [
        (date(2024, 1, 8), date(2026, 1, 31), "UK01"),
        (date(2026, 4, 1), None, "DE01"),
    ]
    assert [bool(back.posting(date(2026, month, 1))) for month in (1, 2, 3, 4)] == [True, False, False, True]
    assert back.employed_until is None


async def test_a_rescinded_hire_loses_its_postings(bench: Bench) -> None:
    seed(bench, P1=worker(HIRED | {"effective": "2026-07-01", "entered": "2026-05-04T10:00:00+00:00"}))
    assert (await everybody(bench.connector))["P1"].postings
    bench.vendor.state["workers"]["P1"]["transactions"][0]["rescinded"] = "2026-05-20T10:00:00+00:00"
    gone = await everybody(bench.connector, datetime(2026, 5, 20, tzinfo=UTC))
    assert (gone["P1"].postings, gone["P1"].employed_until) == ((), None)
    assert "P1" not in await everybody(bench.connector)


# What changed.


async def test_only_those_who_changed_come_with_their_whole_history(bench: Bench) -> None:
    seed(bench, P1=worker(HIRED), P2=worker(HIRED, MOVED))
    changed = await everybody(bench.connector, datetime(2026, 4, 20, 9, tzinfo=UTC))
    assert list(changed) == ["P2"]
    assert [p.entity for p in changed["P2"].postings] == ["UK01", "DE01"]
    assert await everybody(bench.connector, datetime(2026, 4, 20, 10, 1, tzinfo=UTC)) == {}


async def test_a_change_entered_long_ago_is_told_when_it_comes_near(bench: Bench) -> None:
    far = MOVED | {"effective": "2026-09-25", "entered": "2026-01-10T10:00:00+00:00"}
    seed(bench, P1=worker(HIRED, far))
    since = datetime(2026, 5, 20, tzinfo=UTC)
    assert await everybody(bench.connector, since, as_of=date(2026, 5, 22)) == {}
    assert [p.entity for p in (await everybody(bench.connector, since, as_of=AS_OF))["P1"].postings] == ["UK01", "DE01"]


async def test_nothing_has_changed_since_a_moment_that_is_to_come(bench: Bench) -> None:
    seed(bench, P1=worker(HIRED))
    assert await everybody(bench.connector, bench.vendor.now() + timedelta(hours=1)) == {}


async def test_pages_do_not_shift_when_somebody_is_hired_meanwhile(bench: Bench) -> None:
    seed(bench, P1=worker(HIRED), P2=worker(HIRED), P3=worker(HIRED))
    pages = bench.connector.people(None, AS_OF)
    first = [person.reference for person in await anext(pages)]
    seed(bench, P0=worker(HIRED | {"entered": bench.vendor.now().isoformat()}))
    rest = [person.reference async for page in pages for person in page]
    assert (first, rest) == (["P1", "P2"], ["P3"])


async def test_versions_grow_with_the_entry_moment(bench: Bench) -> None:
    seed(bench, P1=worker(HIRED))
    first = (await everybody(bench.connector))["P1"].source_version
    bench.vendor.clock_offset = timedelta(minutes=1)
    assert first < (await everybody(bench.connector))["P1"].source_version


async def test_the_moment_is_taken_from_the_date_where_the_answer_does_not_repeat_it(bench: Bench) -> None:
    bench.vendor.seed({"tenant": {"echoes_entry_moment": False}})
    seed(bench, P1=worker(HIRED))
    version = datetime.fromisoformat((await everybody(bench.connector))["P1"].source_version)
    assert abs(datetime.now(UTC) - version) < timedelta(minutes=1) and version.microsecond == 0


# Our words for theirs.


async def test_companies_and_job_profiles_get_our_names(bench: Bench) -> None:
    seed(bench, P1=worker(HIRED))
    connector = connect("workday", settings(bench.url, entities={"UK01": "GB-LON"}, roles={"SENIOR_CONSULTANT": "SC"}))
    posting = (await everybody(connector))["P1"].postings[0]
    await connector.aclose()
    assert (posting.entity, posting.role) == ("GB-LON", "SC")


async def test_a_salaried_year_becomes_an_hour_only_by_the_firms_own_number(bench: Bench) -> None:
    salaried = {name: value for name, value in HIRED.items() if name != "hourly"} | {"annual": "120000"}
    seed(bench, P1=worker(salaried))
    assert (await everybody(bench.connector))["P1"].postings[0].hourly_cost is None
    connector = connect("workday", settings(bench.url, hours_in_a_year="1720"))
    assert (await everybody(connector))["P1"].postings[0].hourly_cost == Money.of("69.77", "GBP")
    await connector.aclose()


async def test_an_address_at_home_is_never_taken(bench: Bench) -> None:
    seed(bench, P1=worker(HIRED, email="", private_email="priya@home.example"))
    assert (await everybody(bench.connector))["P1"].email == ""


async def test_pay_outside_the_users_domains_is_missing_and_the_check_says_so(bench: Bench) -> None:
    seed(bench, P1=worker(HIRED))
    assert (await bench.connector.check()).endswith("1 active employees")
    bench.vendor.seed({"users": {"ISU_Handoff": {"password": "sandbox", "hidden": ["Compensation_Data"]}}})
    assert "costs may be missing" in await bench.connector.check()
    posting = (await everybody(bench.connector))["P1"].postings[0]
    assert (posting.entity, posting.hourly_cost) == ("UK01", None)
    assert asked(bench) == 2 + 3, "a check is one call"
