"""Business time moves in rehearsals, for rows that the database fills in too, and stands in production."""

from datetime import UTC, datetime, timedelta

import pytest

from canonical.errors import MoveRefused
from canonical.provenance import Entry
from ledger.audit import Audit
from ledger.clock import BusinessClock
from ledger.database import Database
from ledger.migrations.run import upgrade
from runtime.embedded.postgres import APP, Postgres
from tests.ledger.vendor import ORIGIN


async def test_business_time_moves_by_days_and_years_for_everything(database: Database) -> None:
    clock = BusinessClock(database)
    begun = datetime.now(UTC)
    assert begun <= await clock.now() <= datetime.now(UTC)
    before = await clock.now()
    moved = await clock.advance(timedelta(days=400)) - before
    assert timedelta(days=400) <= moved <= timedelta(days=400) + (datetime.now(UTC) - begun)
    wanted, begun = datetime(2026, 6, 30, 20, tzinfo=UTC), datetime.now(UTC)
    assert wanted <= await clock.move_to(wanted) <= wanted + (datetime.now(UTC) - begun)
    await Audit(database).note([Entry(action="close_period", origin=ORIGIN.changed(engagement=""))])
    [noted] = await Audit(database).story("handoff")
    assert wanted <= noted.at <= wanted + (datetime.now(UTC) - begun)


async def test_production_does_not_move_its_clock(server: Postgres) -> None:
    await upgrade(await server.create_database("production"))
    async with await Database.open(server.dsn("production", role=APP)) as database:
        with pytest.raises(MoveRefused):
            await BusinessClock(database).advance(timedelta(days=1))
        begun = datetime.now(UTC)
        assert begun <= await BusinessClock(database).now() <= datetime.now(UTC)
    await server.drop_database("production")
