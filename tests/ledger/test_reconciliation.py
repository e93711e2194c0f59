"""Whatever is planted between two sides is found, typed and summed gross; what agrees is not (S30)."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonical.billable import Billable
from canonical.engagement import EngagementRow, EngagementStatus
from canonical.errors import NotReady
from canonical.money import Money
from canonical.reconciliation import (
    Comparison,
    DiscrepancyState,
    Listed,
    Reconciliation,
    ReconciliationRun,
    Sought,
    Thing,
    likeness,
)
from canonical.written import RoundingLevel
from ledger.books import Books
from ledger.database import Database
from runtime.embedded.postgres import APP, Postgres
from tests.ledger.billing_firm import Firm, an_item

EXAMPLES = 1_000 if os.environ.get("CI") else 25
CHARGES = Comparison(name="charges", outside="netsuite", things=(Thing.CHARGE,), leads=False)
ENTRIES = Comparison(name="entries", outside="kantata", things=(Thing.TIME,), leads=True)
PROJECTS = Comparison(name="psa_projects", outside="kantata", things=(Thing.PROJECT,), leads=False)
DAY = date(2026, 6, 15)
CUT_OFF = datetime(2026, 6, 15, 20, tzinfo=UTC)
EARLIER, LATER = CUT_OFF - timedelta(hours=5), CUT_OFF + timedelta(hours=1)
_numbers = iter(range(10_000_000))

# What may be planted on an item: the ERP's records of it, the type it is found as, the money.
PLANTED = (
    "nothing", "missing", "lagging", "duplicate", "copies", "copy of a changed one", "copied, then changed", "amount", "rounding",
    "orphan", "void", "late", "held",
)  # fmt: skip


@pytest.fixture
def books(server: Postgres, database_name: str) -> Iterator[tuple[asyncio.Runner, Books]]:
    """One connection for all examples."""
    with asyncio.Runner() as runner:
        database = runner.run(Database.open(server.dsn(database_name, role=APP), most=2))
        try:
            yield runner, Books.over(database)
        finally:
            runner.run(database.close())


@pytest.mark.timeout(900)
@given(st.lists(st.tuples(st.sampled_from(PLANTED), st.integers(1, 40), st.integers(0, 3)), min_size=1, max_size=12))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_planted_is_what_is_found(books: tuple[asyncio.Runner, Books], planted: list[tuple[str, int, int]]) -> None:
    runner, opened = books
    runner.run(_found_as_planted(opened, planted))


async def _found_as_planted(books: Books, planted: Sequence[tuple[str, int, int]]) -> None:
    story = f"P{next(_numbers)}"
    entity, there, expected, unlisted = story, list[Listed](), dict[str, tuple[str, Decimal]](), list[Listed]()
    items = list[Billable]()
    for number, (kind, hours, days) in enumerate(planted):
        name, amount, day = f"{story}.{number}", Decimal(hours * 200), DAY - timedelta(days=days)
        if kind != "orphan":
            items.append(an_item(name, str(hours), day=day, entity=entity))
        records, findings = _planted(kind, name, amount, day)
        (unlisted if kind == "lagging" else there).extend(records)
        expected |= findings
    firm = Firm(books.database, story)
    await firm.approve(*items)
    held = [f"{story}.{n}" for n, (kind, _, _) in enumerate(planted) if kind == "held"]
    await _charged(books, entity)
    await books.database.execute(
        "UPDATE billables SET state = 'held', hold_code = 'CHARGE_TAKEN_BACK' WHERE reference = ANY ($1)", held
    )
    seen = await _reconciled(books, CHARGES, there, entity=entity, unlisted=unlisted)
    assert {one.key: (one.type.value, one.money.amount if one.money else None) for one in seen.findings} == expected
    drift = [money for type, money in expected.values() if type not in {"LATE", "HELD"}]
    assert sum(total.gross for total in seen.totals) == sum(abs(money) for money in drift)
    assert sum(total.net for total in seen.totals) == sum(drift)


def _planted(kind: str, name: str, amount: Decimal, day: date) -> tuple[list[Listed], dict[str, tuple[str, Decimal]]]:
    one, original = _charge(name, amount, day), f"{name} (the original)"
    # A person's copy: no name of ours, everything else the same.
    copy = one.changed(target_id=f"{name}-2", reference="", is_ours=False)
    more = one.changed(amount=amount + 165, content=likeness([name], [amount + 165]))
    match kind:
        case "missing":
            return [], {name: ("MISSING", -amount)}
        case "duplicate":
            return [one, one.changed(target_id=f"{name}-2")], {name: ("DUPLICATE", amount)}
        case "copies":
            return [one, copy, copy.changed(target_id=f"{name}-3")], {name: ("DUPLICATE", 2 * amount)}
        case "copy of a changed one":
            copy = copy.changed(amount=more.amount, content=more.content)
            return [copy, more], {name: ("DUPLICATE", amount + 165), original: ("AMOUNT", Decimal(165))}
        case "copied, then changed":
            return [copy, more], {name: ("DUPLICATE", amount), original: ("AMOUNT", Decimal(165))}
        case "amount":
            return [more], {name: ("AMOUNT", Decimal(165))}
        case "rounding":
            return [one.changed(amount=amount + Decimal("0.01"))], {name: ("ROUNDING", Decimal("0.01"))}
        case "orphan":
            return [one], {name: ("ORPHAN", amount)}
        case "void":
            return [one.changed(counts=False, state="taken back")], {name: ("STATUS", -amount)}
        case "late":
            return [one.changed(amount=amount + 7, changed_at=LATER)], {name: ("LATE", Decimal(7))}
        case "held":
            return [], {name: ("HELD", -amount)}
    return [one], {}


def _charge(name: str, amount: Decimal, day: date) -> Listed:
    return Listed(
        target_id=f"id-{name}",
        reference=name,
        kind="charge",
        day=day,
        amount=amount,
        currency="USD",
        content=likeness([name], [amount]),
        changed_at=EARLIER,
    )


async def _reconciled(
    books: Books,
    comparison: Comparison,
    there: Sequence[Listed],
    *,
    entity: str,
    since: date = DAY - timedelta(days=9),
    unlisted: Sequence[Listed] = (),
    lag: timedelta = timedelta(0),
) -> Reconciliation:
    run = await _begun(books, entity, since)
    await _compared(books, run, comparison, there, unlisted, lag)
    await books.reconciliation.finish(run.number)
    return await books.reconciliation.read(run.number)


async def _compared(
    books: Books,
    run: ReconciliationRun,
    comparison: Comparison,
    there: Sequence[Listed],
    unlisted: Sequence[Listed] = (),
    lag: timedelta = timedelta(0),
) -> list[str]:
    """Compare, with a list that leaves some out; answers what was looked for again."""
    asked: list[str] = []

    def again(sought: Sequence[Sought]) -> AsyncIterator[Sequence[Listed]]:
        asked.extend(one.reference for one in sought)
        return _pages([one for one in (*there, *unlisted) if one.reference in asked])

    await books.reconciliation.compare(
        run, comparison, _pages(there), again=again, lag=lag, home="US01", rounding=RoundingLevel.LINE
    )
    return asked


async def _begun(books: Books, entity: str, since: date) -> ReconciliationRun:
    return await books.reconciliation.begin(
        f"run-{next(_numbers)}", entity=entity, since=since, through=DAY, as_of=CUT_OFF, is_report_only=False, workflow="test"
    )


async def _pages(there: Sequence[Listed], size: int = 5) -> AsyncIterator[Sequence[Listed]]:
    for start in range(0, len(there), size):
        yield there[start : start + size]


async def _posted(books: Books, contract: str, *items: Billable) -> None:
    await Firm(books.database, contract).approve(*items)
    await _charged(books, contract)


async def _charged(books: Books, contract: str) -> None:
    batch = f"batch-{next(_numbers)}"
    await books.database.execute(
        "INSERT INTO charge_batches (reference, begins_with, system, state, posted_at) VALUES ($1, $1, 'netsuite', 'posted', $2)",
        batch,
        EARLIER,
    )
    await books.database.execute(
        "UPDATE billables SET charge_batch = $2, changed_at = $3 WHERE contract = $1", contract, batch, EARLIER
    )


@pytest.mark.asyncio
async def test_a_missing_item_and_an_orphan_of_the_same_amount_do_not_hide_each_other(database: Database) -> None:
    books = Books.over(database)
    await _posted(books, "HIDE", an_item("HIDE.1", "5", entity="HIDE"))
    seen = await _reconciled(books, CHARGES, [_charge("HIDE.2", Decimal(1000), DAY)], entity="HIDE")
    assert [(one.key, one.type.value) for one in seen.findings] == [("HIDE.1", "MISSING"), ("HIDE.2", "ORPHAN")]
    assert [(total.net, total.gross) for total in seen.totals] == [(Decimal(0), Decimal(2000))]


@pytest.mark.asyncio
async def test_a_finding_that_is_gone_is_closed_with_its_date_and_one_that_stays_grows_old(database: Database) -> None:
    books = Books.over(database)
    await _posted(books, "GONE", an_item("GONE.1", "5", entity="GONE"), an_item("GONE.2", "6", entity="GONE"))
    first = await _reconciled(books, CHARGES, [], entity="GONE")
    second = await _reconciled(books, CHARGES, [_charge("GONE.1", Decimal(1000), DAY)], entity="GONE")
    assert [one.key for one in first.findings] == ["GONE.2", "GONE.1"]
    assert [(one.key, one.state) for one in second.closed] == [("GONE.1", DiscrepancyState.CLOSED)]
    [standing] = await books.reconciliation.findings.standing(entity="GONE")
    assert (standing.key, standing.since) == ("GONE.2", first.findings[0].since)


@pytest.mark.asyncio
async def test_a_run_over_other_days_closes_nothing_that_it_did_not_look_at(database: Database) -> None:
    books = Books.over(database)
    await _posted(books, "OLD", an_item("OLD.1", "5", day=DAY - timedelta(days=5), entity="OLD"))
    await _reconciled(books, CHARGES, [], entity="OLD")
    seen = await _reconciled(books, CHARGES, [], entity="OLD", since=DAY)
    assert not seen.closed and len(await books.reconciliation.findings.standing(entity="OLD")) == 1


@pytest.mark.asyncio
async def test_a_comparison_that_is_done_again_finds_the_same_once(database: Database) -> None:
    books = Books.over(database)
    await _posted(books, "AGAIN", an_item("AGAIN.1", "5", entity="AGAIN"))
    run = await _begun(books, "AGAIN", DAY)
    for _ in range(2):
        await _compared(books, run, CHARGES, [])
    seen = await books.reconciliation.read(run.number)
    assert len(seen.findings) == 1 and len(seen.buckets) == 1
    assert await database.value("SELECT count(*) FROM reconciliation_items") == 0


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("told", "type"),
    [
        ({}, None),
        ({"quantity": Decimal(9), "version": "2026-06-17"}, "AMOUNT"),
        ({"state": "rejected", "counts": False}, "STATUS"),
        ({"reference": "kantata.none", "counts": False, "state": "rejected"}, "ORPHAN"),
    ],
)
async def test_hours_are_compared_at_the_rate_of_the_contract(database: Database, told: dict[str, Any], type: str | None) -> None:
    books, entity = Books.over(database), f"E{next(_numbers)}"
    name = f"kantata.{entity}"
    await Firm(database, entity).approve(an_item(name, "8", entity=entity))
    entry = Listed(
        target_id=entity, reference=name, kind="time", day=DAY, quantity=Decimal(8), amount=Decimal(1), currency="USD",
        version="2026-06-16T08:00:00Z", changed_at=EARLIER, about=entity,
    )  # fmt: skip
    seen = await _reconciled(books, ENTRIES, [entry.changed(**told)], entity=entity)
    assert [one.type.value for one in seen.findings] == ([type] if type else [])
    if type == "AMOUNT":
        assert seen.findings[0].money == Money.of("-200", "USD")


@pytest.mark.asyncio
async def test_what_a_list_leaves_out_is_looked_for_by_name_and_nothing_else_is(database: Database) -> None:
    books = Books.over(database)
    await _posted(books, "LAG", *(an_item(f"LAG.{number}", "5", entity="LAG") for number in (1, 2, 3)))
    listed, hidden = (_charge(f"LAG.{number}", Decimal(1000), DAY) for number in (1, 2))
    run = await _begun(books, "LAG", DAY)
    assert await _compared(books, run, CHARGES, [listed], [hidden]) == ["LAG.2", "LAG.3"]
    seen = await books.reconciliation.read(run.number)
    assert [(one.key, one.type.value) for one in seen.findings] == [("LAG.3", "MISSING")]


@pytest.mark.asyncio
async def test_a_record_that_was_moved_to_another_day_is_not_missing(database: Database) -> None:
    books = Books.over(database)
    await _posted(books, "MOVED", an_item("MOVED.1", "5", entity="MOVED"))
    elsewhere = _charge("MOVED.1", Decimal(1000), DAY + timedelta(days=40))
    assert not (await _reconciled(books, CHARGES, [], entity="MOVED", unlisted=[elsewhere])).findings


@pytest.mark.asyncio
async def test_what_was_written_moments_ago_is_not_judged_before_lists_must_show_it(database: Database) -> None:
    books = Books.over(database)
    await _posted(books, "EARLY", an_item("EARLY.1", "5", entity="EARLY"))
    await database.execute("UPDATE charge_batches SET posted_at = business_now() WHERE reference = ("
                           "SELECT charge_batch FROM billables WHERE reference = 'EARLY.1')")  # fmt: skip
    run = await _begun(books, "EARLY", DAY)
    with pytest.raises(NotReady) as early:
        await _compared(books, run, CHARGES, [], lag=timedelta(seconds=90))
    assert early.value.retry_after and timedelta(seconds=60) < early.value.retry_after <= timedelta(seconds=90)
    await _compared(books, run, CHARGES, [], lag=timedelta(0))
    assert len((await books.reconciliation.read(run.number)).findings) == 1


@pytest.mark.asyncio
async def test_what_never_came_in_has_the_money_that_the_second_look_says(database: Database) -> None:
    books = Books.over(database)
    entry = Listed(
        target_id="77", reference="kantata.77", kind="time", day=DAY, quantity=Decimal(4), amount=Decimal(0), changed_at=EARLIER,
        about="WORTH",
    )  # fmt: skip
    priced = entry.changed(amount=Decimal(660), currency="USD")
    run = await _begun(books, "WORTH", DAY)

    def again(sought: Sequence[Sought]) -> AsyncIterator[Sequence[Listed]]:
        return _pages([priced])

    await books.reconciliation.compare(
        run, ENTRIES, _pages([entry]), again=again, lag=timedelta(0), home="WORTH", rounding=RoundingLevel.NONE
    )
    [found] = (await books.reconciliation.read(run.number)).findings
    assert (found.type.value, found.money) == ("MISSING", Money.of("-660", "USD"))


@pytest.mark.asyncio
async def test_a_project_of_another_entitys_contract_is_no_orphan_of_this_one(database: Database) -> None:
    books = Books.over(database)
    for contract, entity in (("C-here", "HERE"), ("C-there", "THERE")):
        await database.execute("INSERT INTO engagements (reference, entity) VALUES ($1, $2)", contract, entity)
    there = [_project(1, "C-here"), _project(2, "C-there"), _project(3, "C-nobody")]
    seen = {entity: await _reconciled(books, PROJECTS, there, entity=entity) for entity in ("HERE", "THERE", "US01")}
    assert {entity: [one.key for one in run.findings] for entity, run in seen.items()} == {
        "HERE": ["1"], "THERE": ["2"], "US01": ["3"],
    }  # fmt: skip


_cents = st.integers(1, 10**6).map(lambda number: Decimal(number) / 100)


@given(lives=_cents, left_out=st.one_of(st.none(), _cents), drift=st.one_of(st.just(Decimal(0)), _cents))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_project_is_worth_its_contract_without_what_was_left_out(
    books: tuple[asyncio.Runner, Books], lives: Decimal, left_out: Decimal | None, drift: Decimal
) -> None:
    runner, opened = books
    runner.run(_worth_what_lives(opened, lives, left_out, drift))


async def _worth_what_lives(books: Books, lives: Decimal, left_out: Decimal | None, drift: Decimal) -> None:
    """Nothing is found where the project holds what lives in it, and to the cent where it holds anything else (S14)."""
    number = next(_numbers)
    entity, contract = f"LEFT{number}", f"C-left-{number}"
    out = Money(amount=left_out, currency="USD") if left_out is not None else None
    value = Money(amount=lives + (left_out or 0), currency="USD")
    row = EngagementRow(reference=contract, entity=entity, status=EngagementStatus.ACTIVE, value=value, left_out=out)
    await books.engagements.update(row)
    await books.engagements.update(EngagementRow(reference=contract, note="a later word says nothing of it"))
    assert await books.engagements.read(contract) == row.changed(note="a later word says nothing of it", targets={})
    await books.database.execute(
        "INSERT INTO cross_references (system, kind, target_id, reference, bound_at)"
        " VALUES ('kantata', 'psa_project', $1, $2, $3)",
        str(number),
        contract,
        EARLIER,
    )
    seen = await _reconciled(books, PROJECTS, [_project(number, contract, lives + drift)], entity=entity)
    kind = "ROUNDING" if drift <= Decimal("0.01") else "AMOUNT"  # a system that rounds lines may be off by a minor unit
    assert [(one.type.value, one.money) for one in seen.findings] == (
        [(kind, Money(amount=drift, currency="USD"))] if drift else []
    )


def _project(number: int, contract: str, amount: Decimal = Decimal(100)) -> Listed:
    return Listed(
        target_id=str(number), reference=str(number), kind="psa_project", amount=amount, currency="USD", is_ours=True,
        project=contract, changed_at=EARLIER,
    )  # fmt: skip
