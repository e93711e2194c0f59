"""Rate cards as imported: versions are added, never rewritten (R56); the same version with other prices is refused."""

from collections.abc import Sequence
from itertools import groupby

import asyncpg

from canonical.errors import KeyReusedWithDifferentContent
from canonical.provenance import Entry, Origin
from canonical.rate_card import Rate, RateCard
from canonical.reference import fingerprint
from ledger.audit import as_json
from ledger.billing.amounts import money
from ledger.database import Database, columns

_IMPORT = """
WITH added AS (
    INSERT INTO rate_cards (reference, version, contract, fingerprint) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING 1
), priced AS (
    INSERT INTO rates (card, version, place, role, person, project, line, rate, currency, since, until)
    SELECT $1, $2, g.* FROM added, unnest(
        $5::int[], $6::text[], $7::text[], $8::text[], $9::text[], $10::numeric[], $11::text[], $12::date[], $13::date[]) AS g
)
SELECT count(*) > 0 FROM added
"""
_OF_CONTRACTS = """
SELECT c.reference, c.version AS of_version, c.contract, r.*
FROM rate_cards c JOIN rates r ON (r.card, r.version) = (c.reference, c.version)
WHERE c.contract = ANY ($1) ORDER BY c.reference, c.version, r.place
"""
_ONE = """
SELECT c.reference, c.version AS of_version, c.contract, r.*
FROM rate_cards c JOIN rates r ON (r.card, r.version) = (c.reference, c.version)
WHERE c.reference = $1 AND c.version = $2 ORDER BY c.reference, r.place
"""


class RateCards:
    """What rating reads; which rate holds for an hour is said by canonical/rules."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, card: RateCard, *, origin: Origin) -> bool:
        """Import a version; false where it is known already with the same prices."""
        rows = [
            (place, one.role, one.person, one.project, one.line, one.rate.amount, one.rate.currency, one.since, one.until)
            for place, one in enumerate(card.rates)
        ]
        content = fingerprint(card)
        async with self._database.transaction() as connection:
            is_new: bool = await connection.fetchval(
                _IMPORT, card.reference, card.version, card.contract, content, *columns(rows, 9)
            )
            if is_new:
                await connection.execute("SELECT audit_note($1)", _entry(card, origin))
        if not is_new and await self._known(card) != content:
            raise KeyReusedWithDifferentContent(
                f"Rate card {card.reference} version {card.version} is known with other prices.",
                remedy="Import the changed prices as the next version: what was rated by this one stays as it was rated.",
            )
        return is_new

    async def for_contracts(self, contracts: Sequence[str]) -> Sequence[RateCard]:
        """All versions of the cards of these contracts, and of the firm's own: a later one goes before an earlier (RateBook)."""
        return _cards(await self._database.rows(_OF_CONTRACTS, [*contracts, ""]))

    async def read(self, reference: str, version: int) -> RateCard | None:
        """One version of a card, as an invoice line names it."""
        found = _cards(await self._database.rows(_ONE, reference, version))
        return found[0] if found else None

    async def next_version(self, reference: str) -> int:
        """The number that an import of changed prices bears."""
        last: int = await self._database.value("SELECT coalesce(max(version), 0) FROM rate_cards WHERE reference = $1", reference)
        return last + 1

    async def _known(self, card: RateCard) -> str:
        known: str = await self._database.value(
            "SELECT fingerprint FROM rate_cards WHERE reference = $1 AND version = $2", card.reference, card.version
        )
        return known


def _cards(rows: Sequence[asyncpg.Record]) -> list[RateCard]:
    cards = []
    for (reference, version, contract), priced in groupby(rows, key=lambda r: (r["reference"], r["of_version"], r["contract"])):
        cards.append(RateCard(reference=reference, version=version, contract=contract, rates=tuple(map(_rate, priced))))
    return cards


def _rate(row: asyncpg.Record) -> Rate:
    names = ("role", "person", "project", "line", "since", "until")
    return Rate(rate=money(row, "rate"), **{name: row[name] for name in names})


def _entry(card: RateCard, origin: Origin) -> object:
    details = {"version": str(card.version), "rates": str(len(card.rates)), "contract": card.contract}
    entry = Entry(
        action="import_rate_card", origin=origin, system="handoff", kind="rate_card", source_id=card.reference,
        key=f"{card.reference}/{card.version}", outcome="done", details=details,
    )  # fmt: skip
    return as_json([entry])
