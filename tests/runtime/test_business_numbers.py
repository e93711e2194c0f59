"""The collector's queries over a migrated ledger, as the role that it connects as: each answers what its metrics name."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml

from ledger.migrations.run import upgrade
from runtime.embedded.postgres import Postgres

COLLECTOR = yaml.safe_load((Path(__file__).parents[2] / "deploy/collector/collector.yaml").read_text())
QUERIES = COLLECTOR["receivers"]["sqlquery"]["queries"]

ROWS = [
    "INSERT INTO cases (key, code, owner_role, due_at, money_amount, money_currency) VALUES"
    " ('a', 'CREDIT_LIMIT', 'finance', now() - interval '1 day', 100.25, 'EUR'),"
    " ('b', 'CREDIT_LIMIT', 'finance', now() + interval '1 day', 50, 'EUR')",
    "INSERT INTO effects (key, system, state, updated_at) VALUES ('k', 'netsuite', 'unknown', now() - interval '2 hours')",
    "INSERT INTO inbox (source, event_id, received_at) VALUES ('docusign', '1', now() - interval '10 minutes')",
    "INSERT INTO inbox (source, event_id, outcome) VALUES ('docusign', '2', 'parked')",
    "INSERT INTO counters (name, scope, value) VALUES ('refused', 'docusign', 3)",
    "INSERT INTO expectations (key, what, entity, raise_at) VALUES ('e', 'project', 'DE01', now() - interval '1 hour')",
    "INSERT INTO engagements (reference, status, entity, executed_at, activated_at) VALUES"
    " ('C-1', 'active', 'DE01', now() - interval '10 minutes', now())",
]


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    async with Postgres(tmp_path, durable=False) as server:
        await upgrade(server.owner_dsn)
        owner = await asyncpg.connect(server.owner_dsn)
        for row in ROWS:
            await owner.execute(row)
        await owner.close()
        connection = await asyncpg.connect(server.app_dsn)
        yield connection
        await connection.close()


def numbers(rows: list[asyncpg.Record], metric: dict[str, Any]) -> dict[tuple[str, ...], float]:
    """What the collector would make of the rows: the value by its attributes."""
    return {tuple(row[name] for name in metric["attribute_columns"]): float(row[metric["value_column"]]) for row in rows}


async def test_every_query_answers_what_its_metrics_name(ledger: "asyncpg.Connection[asyncpg.Record]") -> None:
    answered: dict[str, dict[tuple[str, ...], float]] = {}
    for query in QUERIES:
        rows = await ledger.fetch(query["sql"])
        answered |= {metric["metric_name"]: numbers(rows, metric) for metric in query["metrics"]}
    assert answered["handoff_cases_open"] == {("finance", "CREDIT_LIMIT"): 2}
    assert answered["handoff_cases_overdue"] == {("finance", "CREDIT_LIMIT"): 1}
    assert answered["handoff_cases_money"] == {("finance", "EUR"): 150.25}
    assert answered["handoff_effects_unsettled"] == {("netsuite", "unknown"): 1}
    assert answered["handoff_effects_unsettled_seconds"][("netsuite", "unknown")] == pytest.approx(7200, abs=60)
    assert answered["handoff_inbox_waiting"] == {("docusign",): 1}
    assert answered["handoff_inbox_waiting_seconds"][("docusign",)] == pytest.approx(600, abs=60)
    assert answered["handoff_inbox_parked"] == {("docusign",): 1}
    assert answered["handoff_counted"] == {("refused", "docusign"): 3}
    assert answered["handoff_expectations_missed"] == {("project", "DE01"): 1}
    assert answered["handoff_engagements"] == {("active", "DE01"): 1}
    assert answered["handoff_activation_seconds_p50"] == {("DE01",): pytest.approx(600, abs=60)}
    assert answered["handoff_activation_seconds_p95"] == {("DE01",): pytest.approx(600, abs=60)}


async def test_an_empty_ledger_answers_nothing_and_fails_nowhere(tmp_path: Path) -> None:
    async with Postgres(tmp_path, durable=False) as server:
        await upgrade(server.owner_dsn)
        connection = await asyncpg.connect(server.app_dsn)
        assert [rows for query in QUERIES if (rows := await connection.fetch(query["sql"]))] == []
        await connection.close()
