"""What the database refuses in billing, in business words; decided by code and constraint, never by a text."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from canonical.errors import Failure, KeyReusedWithDifferentContent, NotFound, Rejected, RuleBroken, Transient, Unbalanced
from ledger import refusals

_BY_CONSTRAINT = {
    "billables_balance": (
        "OVER_BILLED",
        "more would stand billed than was approved, or more be credited than was billed",
        "Read the items again: another run or amendment was first.",
    ),
    "allocations_not_credited_twice": (
        "ALREADY_CREDITED",
        "more would be credited than was billed on that line",
        "Credit what is left of it; what was credited before stands on the earlier memo.",
    ),
    "sub_ledgers_never_below_zero": (
        "RETAINER_EXHAUSTED",
        "the retainer would be overdrawn",
        "Fund the retainer first, or take what is left of it.",
    ),
    "sub_ledgers_never_above_the_ceiling": (
        "PO_EXHAUSTED",
        "more would be used of the purchase order or cap than it allows",
        "Raise the purchase order or cap, or credit what was billed on it first.",
    ),
}


@contextmanager
def in_business_words(subject: str) -> Iterator[None]:
    """Turn the database's refusals into named failures about ``subject``."""
    try:
        yield
    except asyncpg.CheckViolationError as refused:
        known = _BY_CONSTRAINT.get(refused.constraint_name or "")
        if known is None:
            raise
        code, words, remedy = known
        raise Rejected(f"{subject} is refused: {words}.", remedy=remedy, code=code) from refused
    except asyncpg.UniqueViolationError as refused:
        raise KeyReusedWithDifferentContent(
            f"{subject} is refused: another document bears its reference already.",
            remedy="Give each run and document a reference of its own.",
        ) from refused
    except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as refused:
        raise Transient(f"{subject} met another writer.") from refused
    except asyncpg.PostgresError as refused:
        raise _named(refused, subject) or refused from refused


def _named(refused: asyncpg.PostgresError, subject: str) -> Failure | None:
    said = str(refused)
    match refused.sqlstate:
        case refusals.NOT_ALLOCATED:
            return RuleBroken(f"{subject} is refused: {said}.", evidence={"said": said})
        case refusals.NO_SUCH_RECORD:
            return NotFound(f"{subject} is refused: there is {said}.", remedy="Correct the reference, or open the record first.")
        case refusals.NOT_OPEN:
            return Rejected(
                f"{subject} is refused: these items are not open in its entity and currency: {said}.",
                code="NOT_OPEN",
                remedy="Read what is open again; release what is held, and wait for the amendment that froze it.",
            )
        case refusals.JOURNAL_UNBALANCED:
            return Unbalanced(f"{subject} is refused: {said}.", remedy="Read the journal from the ERP again; nothing was kept.")
    return None
