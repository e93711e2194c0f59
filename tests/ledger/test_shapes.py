"""The ledger satisfies the activities' ports by shape, and its schema is what its tables say."""

import asyncio
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from activities import books
from ledger.audit import Audit
from ledger.clock import BusinessClock
from ledger.cross_references import CrossReferences
from ledger.database import Database, Plain
from ledger.dossiers import Dossiers
from ledger.effects import Effects
from ledger.engagements import Engagements
from ledger.exceptions import Cases
from ledger.expectations import Expectations
from ledger.facts import Facts
from ledger.inbox import Inbox
from ledger.migrations import check, run
from ledger.migrations.check import differences
from ledger.migrations.run import upgrade
from ledger.planned_revenue import PlannedRevenue
from ledger.upkeep import Upkeep
from ledger.watermarks import Watermarks
from runtime.embedded.postgres import APP, Postgres


def the_ports(database: Database) -> tuple[object, ...]:
    """Checked by mypy: each of these is what activities ask for."""
    clock: books.Clock = BusinessClock(database)
    writes: books.Writes = Effects(database)
    audit: books.Audit = Audit(database)
    references: books.CrossReferences = CrossReferences(database)
    dossiers: books.Dossiers = Dossiers(database)
    cases: books.Cases = Cases(database)
    facts: books.Facts = Facts(database)
    inbox: books.Inbox = Inbox(database)
    expectations: books.Expectations = Expectations(database)
    watermarks: books.Watermarks = Watermarks(database)
    upkeep: books.Upkeep = Upkeep(database)
    engagements: books.Engagements = Engagements(database)
    plans: books.Plans = PlannedRevenue(database)
    return (
        clock, writes, audit, references, dossiers, cases, facts, inbox, expectations, watermarks, upkeep, engagements, plans,
    )  # fmt: skip


async def test_migrations_and_tables_say_the_same(server: Postgres, database_name: str) -> None:
    dsn = server.dsn(database_name)
    await upgrade(dsn)  # at head already: nothing happens
    assert await differences(dsn) == []
    async with await Database.open(dsn) as owner:
        await owner.execute("ALTER TABLE watermarks ADD COLUMN surplus text")
        assert [(kind, column.name) for kind, _, _, column in await differences(dsn)] == [("remove_column", "surplus")]
        await owner.execute("ALTER TABLE watermarks DROP COLUMN surplus")


async def test_the_commands_say_the_same(
    server: Postgres, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dsn = await server.create_database("commanded")
    monkeypatch.setattr(sys, "argv", ["run", dsn, "--clock-moves"])
    await asyncio.to_thread(run.main)
    monkeypatch.setattr(sys, "argv", ["check", dsn])
    assert await asyncio.to_thread(check.main) == 0
    async with await Database.open(dsn) as owner:
        assert await owner.value("SELECT is_movable FROM clock")
        await owner.execute("DROP INDEX inbox_contract")
    assert await asyncio.to_thread(check.main) == 1
    assert "add_index" in capsys.readouterr().out
    monkeypatch.setenv("HANDOFF_DATABASE__OWNER_DSN", dsn)
    await asyncio.to_thread(command.current, Config(Path(__file__).parents[2] / "alembic.ini"), check_heads=True)
    await server.drop_database("commanded")


async def test_every_port_is_there(database: Database) -> None:
    assert len(the_ports(database)) == 13


async def test_a_database_without_its_application_role_is_not_migrated(server: Postgres) -> None:
    dsn = await server.create_database("elsewhere")
    with pytest.raises(LookupError, match="must first create the role"):
        await upgrade(dsn, app_role="nobody_made_me")
    async with await Database.open(dsn) as owner:
        assert await owner.value("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await server.drop_database("elsewhere")


async def test_the_application_role_may_have_any_name(
    server: Postgres, superuser: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = await server.create_database("renamed")
    await superuser.execute('CREATE ROLE "The ""App"""')
    monkeypatch.setenv("HANDOFF_APP_ROLE", 'The "App"')
    await upgrade(dsn)
    async with await Database.open(dsn) as owner:
        may = "SELECT has_table_privilege($1, 'audit', 'INSERT'), has_table_privilege($1, 'audit', 'UPDATE')"
        assert tuple(await owner.row(may, 'The "App"') or ()) == (True, False)
        assert tuple(await owner.row(may, APP) or ()) == (False, False)
    await server.drop_database("renamed")
    await superuser.execute('DROP ROLE "The ""App"""')
