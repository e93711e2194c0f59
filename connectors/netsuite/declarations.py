"""What NetSuite's records allow: by which field each is found again, how long that takes, how it is undone."""

from datetime import timedelta

from canonical.errors import Misconfigured
from canonical.written import ClosedPeriod, Declaration, RoundingLevel

# Reading by ``eid:`` sees a record at once; only SuiteQL and collection filters lag, and no look-up of a write uses them alone.
_VISIBLE = timedelta(0)
# A synchronous request may still be at work this long after its answer was lost. An early second one does no harm: external ids
# are unique, so it is refused or writes the same values.
_UPSTREAM = timedelta(minutes=5)


def _declared(kind: str, reverse: str | None) -> Declaration:
    return Declaration(
        kind=kind,
        searchable_key="externalId",
        visibility_delay=_VISIBLE,
        upstream_timeout=_UPSTREAM,
        reverse=reverse,
        rounding=RoundingLevel.LINE,
        # Master data has no accounting date; what has one comes with invoices and journals, and NetSuite refuses it there.
        closed_period=ClosedPeriod.NOT_DATED,
    )


DECLARATIONS = {
    "customer": _declared("customer", "withdraw_customer"),
    "project": _declared("project", "withdraw_project"),
    "phases": _declared("phases", None),
    "schedule": _declared("schedule", "cancel_schedule"),
}


def declared(kind: str, system: str) -> Declaration:
    """The declaration of a kind of write."""
    if kind not in DECLARATIONS:
        remedy = f"Route it to a system that does; this one writes {', '.join(DECLARATIONS)}."
        raise Misconfigured(f"{system} writes no '{kind}'", remedy=remedy)
    return DECLARATIONS[kind]
