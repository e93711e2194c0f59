"""Versions of canonical objects: new, known, older, contradicting; and payloads by the hash of their content."""

import asyncio

import pytest

from canonical.errors import NotFound
from canonical.money import Money
from ledger.database import Database
from ledger.dossiers import Dossiers
from ledger.facts import Facts


async def test_versions_are_judged_by_what_came_before(database: Database) -> None:
    facts = Facts(database)

    async def outcome(version: str, content: str) -> str:
        return (await facts.judge("contract", "C-1", version, content)).outcome

    assert await outcome("2026-02", "b") == "new"
    assert await outcome("2026-02", "b") == "duplicate"
    assert await outcome("2026-02", "x") == "conflicting"
    assert await outcome("2026-01", "a") == "stale"
    assert await outcome("2026-01", "a") == "duplicate"
    assert await outcome("2026-01", "x") == "conflicting"
    assert await outcome("2026-03", "c") == "new"
    assert await facts.versions("contract", "C-1") == ["2026-01", "2026-02", "2026-03"]
    verdict = await facts.judge("contract", "C-1", "2026-02", "x")
    assert (verdict.fingerprint, verdict.seen_fingerprint) == ("x", "b")
    assert (await facts.judge("contract", "C-2", "2026-01", "a")).outcome == "new"


async def test_of_many_who_bring_the_same_version_one_is_first(database: Database) -> None:
    verdicts = await asyncio.gather(*(Facts(database).judge("contract", "C-9", "1", f"{n % 2}") for n in range(20)))
    outcomes = [verdict.outcome for verdict in verdicts]
    assert (outcomes.count("new"), outcomes.count("duplicate"), outcomes.count("conflicting")) == (1, 9, 10)


async def test_a_dossier_is_found_by_its_content(database: Database) -> None:
    dossiers, content = Dossiers(database), Money.of("60000.10", "USD")
    kept = await dossiers.keep("value", "C-1", content)
    assert await dossiers.keep("value", "C-1", content) == kept != await dossiers.keep("limit", "C-1", content)
    assert Money.model_validate(await dossiers.read(kept)) == content
    with pytest.raises(NotFound):
        await dossiers.read("of nothing")
