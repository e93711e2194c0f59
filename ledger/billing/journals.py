"""Journals as the ERP posted them, mirrored: each balances or is refused (U3), and none is ever changed."""

from collections.abc import Sequence

import asyncpg

from canonical.billing_view import TracedPosting
from canonical.journal import JournalLine, JournalRecord
from canonical.money import Money
from canonical.project import Dimensions
from ledger.billing.amounts import money
from ledger.billing.refusals import in_business_words
from ledger.database import Database, columns

_DIMENSIONS = tuple(Dimensions.model_fields)
_COLUMNS = ("system", "journal", "place", "number", "reference", "document", "entity", "posted_on", "account", "currency",
            "debit", "credit", "memo", "customer", "project", *_DIMENSIONS)  # fmt: skip
_TYPES = {"place": "int", "posted_on": "date", "debit": "numeric", "credit": "numeric"}
_KEEP = f"""
INSERT INTO journal_lines ({", ".join(_COLUMNS)})
SELECT * FROM unnest({", ".join(f"${place}::{_TYPES.get(name, 'text')}[]" for place, name in enumerate(_COLUMNS, 1))})
    AS g({", ".join(_COLUMNS)})
WHERE NOT EXISTS (SELECT FROM journal_lines j WHERE (j.system, j.journal) = (g.system, g.journal))
ON CONFLICT DO NOTHING RETURNING 1
"""
_UNKEPT = """
SELECT g.journal FROM unnest($2::text[]) AS g(journal)
WHERE NOT EXISTS (SELECT FROM journal_lines j WHERE (j.system, j.journal) = ($1, g.journal)) ORDER BY 1
"""
_OF_DOCUMENT = "SELECT * FROM journal_lines WHERE document = $1 OR reference = $1 ORDER BY system, journal, place"


class Journals:
    """What stands in the books, by the document that made it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, system: str, records: Sequence[JournalRecord]) -> int:
        """Mirror whole journals, at once; ``document`` is our reference of the document. Answers how many lines were new."""
        rows = [row for record in records for row in _rows(system, record)]
        with in_business_words(f"A journal of {system}"):
            return len(await self._database.rows(_KEEP, *columns(rows, len(_COLUMNS)))) if rows else 0

    async def unkept(self, system: str, journals: Sequence[str]) -> Sequence[str]:
        """Those of which nothing is mirrored yet."""
        return [row["journal"] for row in await self._database.rows(_UNKEPT, system, list(journals))]

    async def of_document(self, reference: str) -> Sequence[TracedPosting]:
        """The postings that a document of ours, or a journal under our reference, made."""
        return [posting_of(row) for row in await self._database.rows(_OF_DOCUMENT, reference)]


def _rows(system: str, record: JournalRecord) -> list[tuple[object, ...]]:
    return [
        (
            system, record.target_id, place, record.number, record.reference, record.document, record.entity, record.posted_on,
            line.account, (line.debit or line.credit or Money.zero("USD")).currency, line.debit.amount if line.debit else 0,
            line.credit.amount if line.credit else 0, line.memo, line.customer, line.project,
            *(getattr(line.dimensions, name) for name in _DIMENSIONS),
        )
        for place, line in enumerate(record.lines)
    ]  # fmt: skip


def posting_of(row: asyncpg.Record) -> TracedPosting:
    """The posting of a row."""
    side = "debit" if row["debit"] else "credit"
    line = JournalLine(
        account=row["account"],
        memo=row["memo"],
        customer=row["customer"],
        project=row["project"],
        dimensions=Dimensions(**{name: row[name] for name in _DIMENSIONS}),
        **{side: money(row, side)},
    )
    plain = {name: row[name] for name in ("system", "journal", "number", "posted_on")}
    return TracedPosting(**plain, line=line)
