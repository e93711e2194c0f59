"""What NetSuite's records allow: by which field each is found again, how long that takes, how it is undone."""

from datetime import timedelta

from canonical.errors import Misconfigured
from canonical.written import ClosedPeriod, Declaration, RoundingLevel

# Reading by ``eid:`` sees a record at once; only SuiteQL and collection filters lag, and no look-up of a write uses them alone.
_VISIBLE = timedelta(0)
# A synchronous request may still be at work this long after its answer was lost. An early second one does no harm: external ids
# are unique, so it is refused or writes the same values.
_UPSTREAM = timedelta(minutes=5)


# A document's lines are read back in one page of NetSuite's largest size; beyond that it is split.
_LINES = 1_000
# Charges go in as collections, which take a hundred records.
_CHARGES = 100


def _declared(kind: str, reverse: str | None, **more: object) -> Declaration:
    return Declaration(
        kind=kind,
        searchable_key="externalId",
        visibility_delay=_VISIBLE,
        upstream_timeout=_UPSTREAM,
        reverse=reverse,
        rounding=RoundingLevel.LINE,
        # Master data and charges have no accounting date; what posts has one, and NetSuite refuses it in a closed period.
        closed_period=ClosedPeriod.NOT_DATED,
    ).changed(**more)


def _posts(kind: str, reverse: str | None, line_limit: int | None = None) -> Declaration:
    return _declared(kind, reverse, line_limit=line_limit, closed_period=ClosedPeriod.REFUSES)


DECLARATIONS = {
    "customer": _declared("customer", "withdraw_customer"),
    "project": _declared("project", "withdraw_project"),
    "phases": _declared("phases", None),
    "schedule": _declared("schedule", "cancel_schedule"),
    "charges": _declared("charges", "reverse_charges", line_limit=_CHARGES),
    "invoice": _posts("invoice", "post_credit_memo", _LINES),
    "credit_memo": _posts("credit_memo", None, _LINES),
    "deposit": _posts("deposit", None),
    "application": _posts("application", None),
    "transfer": _posts("transfer", None),
    "journal": _posts("journal", "reverse_journal", _LINES),
}


def declared(kind: str, system: str) -> Declaration:
    """The declaration of a kind of write."""
    if kind not in DECLARATIONS:
        remedy = f"Route it to a system that does; this one writes {', '.join(DECLARATIONS)}."
        raise Misconfigured(f"{system} writes no '{kind}'", remedy=remedy)
    return DECLARATIONS[kind]
