"""What the application role may do, table by table; it owns nothing, so append-only means it."""

from collections.abc import Iterable, Mapping

READ, APPEND, CHANGE = "SELECT", "SELECT, INSERT", "SELECT, INSERT, UPDATE"

TABLES = {
    "clock": READ,
    "audit": APPEND,
    "audit_heads": READ,
    "audit_anchors": READ,
    "facts": APPEND,
    "dossiers": APPEND,
    "effects": CHANGE,
    "cross_references": CHANGE,
    "inbox": CHANGE,
    "counters": CHANGE,
    "expectations": CHANGE,
    "watermarks": CHANGE,
    "cases": CHANGE,
    "engagements": CHANGE,
    "planned_revenue": CHANGE,
}
GUARDED = ("move_clock(interval)", "audit_anchor()", "audit_chain()")
"""Functions that run as the owner: for nobody but the application."""

ITEM = (
    "reference, kind, contract, line, entity, customer, currency, service_from, service_until, quantity, unit, rate, "
    "rate_version, amount, description, workstream, purchase_order, tax_code, practice, region, revenue_treatment, "
    "cost_center, person, role, task, phase, approved_by, note, source, source_version, evidence, content, state, "
    "hold_code, hold_note, is_cleared, frozen_by, charge_batch, charge_id, approved, recorded_at, changed_at"
)
ALLOCATION = "billable, document, line, kind, amount, quantity, takes_from, disposition, at"
SUB_LEDGER = "customer, ceiling, tolerance, agreed, threshold, expires_on"

# The counters of items and allocations and the balances of sub-ledgers are moved by the owner's functions only.
BILLING = {
    "billables": f"SELECT, INSERT ({ITEM}), UPDATE ({ITEM})",
    "allocations": f"SELECT, INSERT ({ALLOCATION})",
    "sub_ledgers": f"SELECT, INSERT (kind, contract, name, currency, {SUB_LEDGER}), UPDATE ({SUB_LEDGER})",
    "sub_ledger_moves": READ,
    "billing_freezes": CHANGE,
    "billing_documents": CHANGE,
    "billing_document_lines": CHANGE,
    "disputes": CHANGE,
    "rate_cards": APPEND,
    "rates": APPEND,
    "exchange_rates": APPEND,
    "payments": CHANGE,
    "payment_applications": APPEND,
    "journal_lines": APPEND,
}
BILLING_GUARDED = (
    "take_from_sub_ledgers(jsonb)",
    "fund_sub_ledger(text, text, text, text, numeric, text, text)",
    "give_back_moves(text, text, jsonb)",
    "open_staging()",
    "open_claims()",
    "count_staging()",
    "count_claims()",
    "move_billables()",
)

FOLLOWING = {"follow_ups": CHANGE, "announcements": CHANGE}
PASSING = "SELECT, INSERT, UPDATE, DELETE"  # the two sides of a comparison live as long as it takes
RECONCILIATION = {
    "reconciliation_runs": CHANGE,
    "reconciliation_sides": CHANGE,
    "reconciliation_buckets": APPEND,
    "reconciliation_items": PASSING,
    "reconciliation_findings": APPEND,
    "reconciliation_states": APPEND,
    "reconciliation_healings": APPEND,
    "reconciliation_positions": APPEND,
}


CHARGES = {"charge_batches": CHANGE, "charge_reversals": CHANGE}
REVISIONS = {"charge_revisions": CHANGE}
METERS = {"meter_readings": APPEND}
CREDITS = {"credit_proposals": CHANGE}
REVENUE = {
    "revenue_measures": APPEND,
    "revenue_runs": CHANGE,
    "revenue_events": APPEND,
    "closing_journals": CHANGE,
    "period_closes": CHANGE,
}


def statements(role: str) -> list[str]:
    """The grants of the ledger as it began, as SQL."""
    return [f"GRANT USAGE ON SCHEMA public TO {_quoted(role)}", *_grants(role, TABLES, GUARDED, callable_ones=2)]


def of_billing(role: str) -> list[str]:
    """The grants of the billing ledger."""
    return _grants(role, BILLING, BILLING_GUARDED, callable_ones=7)


def of_pending(role: str) -> list[str]:
    """The grants of the projection of pending approvals."""
    return _grants(role, {"pending_approvals": f"{CHANGE}, DELETE"}, (), callable_ones=0)


def of_unfunding(role: str) -> list[str]:
    """The grants of what takes money out of a retainer again."""
    return _grants(role, {}, ("unfund_retainers(text)",), callable_ones=1)


def of_charges(role: str) -> list[str]:
    """The grants of posting batches."""
    return _grants(role, CHARGES, (), callable_ones=0)


def of_charge_revisions(role: str) -> list[str]:
    """The grants of charges that are to be changed."""
    return _grants(role, REVISIONS, (), callable_ones=0)


def of_credits(role: str) -> list[str]:
    """The grants of what is proposed to be credited."""
    return _grants(role, CREDITS, (), callable_ones=0)


def of_meters(role: str) -> list[str]:
    """The grants of what meters say."""
    return _grants(role, METERS, (), callable_ones=0)


def of_revenue(role: str) -> list[str]:
    """The grants of revenue and the month end."""
    return _grants(role, REVENUE, (), callable_ones=0)


def of_following(role: str) -> list[str]:
    """The grants of what follows invoices."""
    return _grants(role, FOLLOWING, (), callable_ones=0)


def of_reconciliation(role: str) -> list[str]:
    """The grants of reconciliation: what was found is added to, never changed."""
    return _grants(role, RECONCILIATION, (), callable_ones=0)


def _grants(role: str, tables: Mapping[str, str], guarded: Iterable[str], *, callable_ones: int) -> list[str]:
    return [
        *(f"GRANT {rights} ON {table} TO {_quoted(role)}" for table, rights in tables.items()),
        *(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC" for function in guarded),
        *(f"GRANT EXECUTE ON FUNCTION {function} TO {_quoted(role)}" for function in tuple(guarded)[:callable_ones]),
    ]


def _quoted(role: str) -> str:
    return '"' + role.replace('"', '""') + '"'
