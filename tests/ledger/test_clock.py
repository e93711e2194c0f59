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
    assert abs(await clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    before = await clock.now()
    assert timedelta(days=400) <= await clock.advance(timedelta(days=400)) - before < timedelta(days=400, seconds=5)
    wanted = datetime(2026, 6, 30, 20, tzinfo=UTC)
    assert wanted <= await clock.move_to(wanted) < wanted + timedelta(seconds=5)
    await Audit(database).note([Entry(action="close_period", origin=ORIGIN.changed(engagement=""))])
    [noted] = await Audit(database).story("handoff")
    assert wanted <= noted.at < wanted + timedelta(seconds=5)


async def test_production_does_not_move_its_clock(server: Postgres) -> None:
    await upgrade(await server.create_database("production"))
    async with await Database.open(server.dsn("production", role=APP)) as database:
        with pytest.raises(MoveRefused):
            await BusinessClock(database).advance(timedelta(days=1))
        assert abs(await BusinessClock(database).now() - datetime.now(UTC)) < timedelta(seconds=5)
    await server.drop_database("production")
