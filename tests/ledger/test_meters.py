"""Readings of meters: kept once, corrected by versions, added up by day."""

from datetime import date

import asyncpg
import pytest

from canonical.errors import KeyReusedWithDifferentContent
from canonical.usage import MeterReading, MeterReadings
from ledger.billing.meters import Meters
from ledger.database import Database
from tests.ledger.billing_firm import WHO

FIRST, SECOND = date(2026, 8, 1), date(2026, 8, 2)


def readings(*given: MeterReading) -> MeterReadings:
    return MeterReadings(source="meter", readings=given)


def read(name: str, contract: str, quantity: str, *, day: date = FIRST, version: str = "1") -> MeterReading:
    return MeterReading.model_validate(
        {"reading": name, "version": version, "contract": contract, "line": "L1", "used_on": day, "quantity": quantity}
    )


async def used(meters: Meters, contract: str) -> dict[date, str]:
    return {one.used_on: f"{one.quantity:f}" for one in await meters.used(contract)}


async def test_the_same_again_counts_once_and_other_content_is_refused_whole(database: Database) -> None:
    meters = Meters(database)
    given = readings(read("a1", "C-A", "10.5"), read("a2", "C-A", "4"), read("a3", "C-A", "1", day=SECOND))
    assert [await meters.add(given, origin=WHO) for _ in range(2)] == [3, 0]
    assert await used(meters, "C-A") == {FIRST: "14.5", SECOND: "1"}
    with pytest.raises(KeyReusedWithDifferentContent, match="gave a2 otherwise"):
        await meters.add(readings(read("a4", "C-A", "7"), read("a2", "C-A", "5")), origin=WHO)
    assert await used(meters, "C-A") == {FIRST: "14.5", SECOND: "1"}


async def test_a_correction_counts_where_it_says_and_moves_the_mark_of_both_days(database: Database) -> None:
    meters = Meters(database)
    await meters.add(readings(read("b1", "C-B", "10"), read("b2", "C-B", "3")), origin=WHO)
    before = {one.used_on: one.mark for one in await meters.used("C-B")}
    await meters.add(readings(read("b1", "C-B", "9", day=SECOND, version="2")), origin=WHO)
    assert await used(meters, "C-B") == {FIRST: "3", SECOND: "9"}
    after = {one.used_on: one.mark for one in await meters.used("C-B")}
    assert after[FIRST] == after[SECOND] > before[FIRST]


async def test_an_older_version_that_comes_late_changes_nothing(database: Database) -> None:
    meters = Meters(database)
    await meters.add(readings(read("c1", "C-C", "10", version="2")), origin=WHO)
    await meters.add(readings(read("c1", "C-C", "99", version="1")), origin=WHO)
    assert await used(meters, "C-C") == {FIRST: "10"}


async def test_a_reading_that_was_of_another_contract_is_not_of_this_one_any_more(database: Database) -> None:
    meters = Meters(database)
    await meters.add(readings(read("d1", "C-D", "10")), origin=WHO)
    await meters.add(readings(read("d1", "C-E", "10", version="2")), origin=WHO)
    assert (await used(meters, "C-D"), await used(meters, "C-E")) == ({FIRST: "0"}, {FIRST: "10"})


async def test_readings_are_never_rewritten(database: Database) -> None:
    for statement in ("UPDATE meter_readings SET quantity = 0", "DELETE FROM meter_readings"):
        with pytest.raises(asyncpg.PostgresError):
            await database.execute(statement)
