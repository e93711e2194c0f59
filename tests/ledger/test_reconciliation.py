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
from canonical.money import Money
from canonical.reconciliation import Comparison, DiscrepancyState, Listed, Reconciliation, ReconciliationRun, Thing
from canonical.written import RoundingLevel
from ledger.books import Books
from ledger.database import Database
from runtime.embedded.postgres import APP, Postgres
from tests.ledger.billing_firm import Firm, an_item

EXAMPLES = 1_000 if os.environ.get("CI") else 25
CHARGES = Comparison(name="charges", outside="netsuite", things=(Thing.CHARGE,), leads=False)
ENTRIES = Comparison(name="entries", outside="kantata", things=(Thing.TIME,), leads=True)
DAY = date(2026, 6, 15)
CUT_OFF = datetime(2026, 6, 15, 20, tzinfo=UTC)
EARLIER, LATER = CUT_OFF - timedelta(hours=5), CUT_OFF + timedelta(hours=1)
_numbers = iter(range(10_000_000))

# What may be planted on an item: the ERP's records of it, the type it is found as, the money.
PLANTED = ("nothing", "missing", "duplicate", "copy", "amount", "rounding", "orphan", "void", "late", "held")


@pytest.fixture
def books(server: Postgres, database_name: str) -> Iterator[tuple[asyncio.Runner, Books]]:
    """One connection for all examples."""
    with asyncio.Runner() as runner:
        database = runner.run(Database.open(server.dsn(database_name, role=APP), most=2))
        try:
            yield runner, Books.over(database)
        finally:
            runner.run(database.close())


@given(st.lists(st.tuples(st.sampled_from(PLANTED), st.integers(1, 40), st.integers(0, 3)), min_size=1, max_size=12))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_planted_is_what_is_found(books: tuple[asyncio.Runner, Books], planted: list[tuple[str, int, int]]) -> None:
    runner, opened = books
    runner.run(_found_as_planted(opened, planted))


async def _found_as_planted(books: Books, planted: Sequence[tuple[str, int, int]]) -> None:
    story = f"P{next(_numbers)}"
    entity, there, expected = story, list[Listed](), dict[str, tuple[str, Decimal]]()
    items = list[Billable]()
    for number, (kind, hours, days) in enumerate(planted):
        name, amount, day = f"{story}.{number}", Decimal(hours * 200), DAY - timedelta(days=days)
        if kind != "orphan":
            items.append(an_item(name, str(hours), day=day, entity=entity))
        records, finding = _planted(kind, name, amount, day)
        there += records
        expected |= {name: finding} if finding else {}
    firm = Firm(books.database, story)
    await firm.approve(*items)
    held = [f"{story}.{n}" for n, (kind, _, _) in enumerate(planted) if kind == "held"]
    await _charged(books, entity)
    await books.database.execute(
        "UPDATE billables SET state = 'held', hold_code = 'CHARGE_TAKEN_BACK' WHERE reference = ANY ($1)", held
    )
    seen = await _reconciled(books, CHARGES, there, entity=entity)
    assert {one.key: (one.type.value, one.money.amount if one.money else None) for one in seen.findings} == expected
    drift = [money for type, money in expected.values() if type not in {"LATE", "HELD"}]
    assert sum(total.gross for total in seen.totals) == sum(abs(money) for money in drift)
    assert sum(total.net for total in seen.totals) == sum(drift)


def _planted(kind: str, name: str, amount: Decimal, day: date) -> tuple[list[Listed], tuple[str, Decimal] | None]:
    one = _charge(name, amount, day)
    match kind:
        case "missing":
            return [], ("MISSING", -amount)
        case "duplicate":
            return [one, one.changed(target_id=f"{name}-2")], ("DUPLICATE", amount)
        case "copy":  # a person copied it: no name of ours, everything else the same
            return [one, one.changed(target_id=f"{name}-2", reference="", is_ours=False)], ("DUPLICATE", amount)
        case "amount":
            return [one.changed(amount=amount + 165)], ("AMOUNT", Decimal(165))
        case "rounding":
            return [one.changed(amount=amount + Decimal("0.01"))], ("ROUNDING", Decimal("0.01"))
        case "orphan":
            return [one], ("ORPHAN", amount)
        case "void":
            return [one.changed(counts=False, state="taken back")], ("STATUS", -amount)
        case "late":
            return [one.changed(amount=amount + 7, changed_at=LATER)], ("LATE", Decimal(7))
        case "held":
            return [], ("HELD", -amount)
    return [one], None


def _charge(name: str, amount: Decimal, day: date) -> Listed:
    return Listed(
        target_id=f"id-{name}", reference=name, kind="charge", day=day, amount=amount, currency="USD", content=f"as {name}",
        changed_at=EARLIER,
    )  # fmt: skip


async def _reconciled(
    books: Books, comparison: Comparison, there: Sequence[Listed], *, entity: str, since: date = DAY - timedelta(days=9)
) -> Reconciliation:
    run = await _begun(books, entity, since)
    await books.reconciliation.compare(run, comparison, _pages(there), home="US01", rounding=RoundingLevel.LINE)
    await books.reconciliation.finish(run.number)
    return await books.reconciliation.read(run.number)


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
        await books.reconciliation.compare(run, CHARGES, _pages([]), home="US01", rounding=RoundingLevel.LINE)
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
