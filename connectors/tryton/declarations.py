"""What Tryton's records allow: by which field each is found again, how long that takes, how it is undone.

Nothing in Tryton is an idempotency key, save the code of a party: two invoices or two journals of one reference are accepted in
silence. What keeps them single is that the ledger sends a key once, and that every create here searches first.
"""

from datetime import timedelta

from canonical.errors import Misconfigured
from canonical.written import ClosedPeriod, Declaration, RoundingLevel

# What is committed is found by the next search: there is one database and no index beside it.
_VISIBLE = timedelta(0)
# trytond ends a call after 60 s and rolls it back; it goes through its retries in that time at most twice in practice.
_UPSTREAM = timedelta(minutes=2)


def _declared(kind: str, key: str, reverse: str | None, *, dated: bool = False, rounds: bool = False) -> Declaration:
    return Declaration(
        kind=kind,
        searchable_key=key,
        visibility_delay=_VISIBLE,
        upstream_timeout=_UPSTREAM,
        reverse=reverse,
        rounding=RoundingLevel.DOCUMENT if rounds else RoundingLevel.NONE,
        closed_period=ClosedPeriod.REFUSES if dated else ClosedPeriod.NOT_DATED,
    )


DECLARATIONS = {
    "customer": _declared("customer", "party.code (unique)", "withdraw_customer"),
    "project": _declared("project", "project.work.comment (not unique)", "withdraw_project"),
    "phases": _declared("phases", "project.work.comment (not unique)", None),
    "invoice": _declared("invoice", "account.invoice.reference (not unique)", "post_credit_memo", dated=True, rounds=True),
    "credit_memo": _declared("credit_memo", "account.invoice.reference (not unique)", None, dated=True, rounds=True),
    "tax_document": _declared("tax_document", "account.invoice.reference (not unique)", None, dated=True, rounds=True),
    "deposit": _declared("deposit", "account.move.description (not unique)", None, dated=True),
    "application": _declared("application", "account.move.description (not unique)", None, dated=True),
    "transfer": _declared("transfer", "account.move.description (not unique)", None, dated=True),
    "journal": _declared("journal", "account.move.description (not unique)", "reverse_journal", dated=True),
}


def declared(kind: str, system: str) -> Declaration:
    """The declaration of a kind of write."""
    if kind not in DECLARATIONS:
        remedy = f"Route it to a system that does; this one writes {', '.join(DECLARATIONS)}."
        raise Misconfigured(f"{system} writes no '{kind}'", remedy=remedy)
    return DECLARATIONS[kind]
