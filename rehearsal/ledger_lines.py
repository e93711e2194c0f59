"""What the billing ledger holds, a line of text for each fact; without times and vendors' ids (U6)."""

from collections import Counter

from rehearsal.ledger_view import LedgerView

# A day that depends on when a story is played is told as today. What was undone whole counts as never done.
_DAY = "CASE WHEN {0} = business_now()::date THEN 'today' ELSE {0}::text END"
_PAYMENT = "CASE WHEN p.reference = p.system || '.' || p.source_id THEN 'unnamed' ELSE p.reference END"
_QUERIES = {
    "invoices": f"""
        SELECT concat_ws(' ', reference, kind, state, hold_code, trim_scale(net), 'and', trim_scale(tax), 'tax,',
                         trim_scale(open_amount), 'open', currency, 'to', customer, 'of', entity, purchase_order, 'in',
                         {_DAY.format("accounting_date")})
        FROM billing_documents""",
    "invoice lines": """
        SELECT concat_ws(' ', document, number, kind, billing, line, trim_scale(quantity), unit, 'at', trim_scale(rate), '=',
                         trim_scale(amount), 'tax', trim_scale(tax), tax_code, account, description)
        FROM billing_document_lines""",
    "allocations": """
        SELECT concat_ws(' ', b.reference, a.kind, a.document, a.line, trim_scale(sum(a.amount - a.taken_back)),
                         nullif(a.disposition, ''))
        FROM allocations a JOIN billables b ON b.id = a.billable WHERE a.kind IN ('bill', 'credit') AND a.amount > a.taken_back
        GROUP BY b.reference, a.kind, a.document, a.line, a.disposition""",
    "moves of sub-ledgers": """
        SELECT concat_ws(' ', s.kind, s.contract, s.name, m.did, m.document, trim_scale(sum(abs(m.amount) - m.taken_back)))
        FROM sub_ledger_moves m JOIN sub_ledgers s ON s.id = m.account WHERE abs(m.amount) > m.taken_back
        GROUP BY s.kind, s.contract, s.name, m.did, m.document""",
    "journals": f"""
        SELECT concat_ws(' ', coalesce(d.reference, nullif(j.reference, '')), j.entity, j.account,
                         trim_scale(sum(j.debit - j.credit)), j.currency, 'on', {_DAY.format("j.posted_on")})
        FROM journal_lines j
        LEFT JOIN billing_documents d ON d.system = j.system AND d.target_id = j.document AND j.document <> ''
        GROUP BY d.reference, j.reference, j.entity, j.account, j.currency, j.posted_on""",
    "payments": f"""
        SELECT concat_ws(' ', {_PAYMENT}, p.entity, p.customer, trim_scale(p.amount), p.currency, p.state,
                         trim_scale(p.unapplied), 'unapplied')
        FROM payments p""",
    "applications of payments": f"""
        SELECT concat_ws(' ', {_PAYMENT}, 'to', d.reference, trim_scale(a.amount), 'withheld', trim_scale(a.withheld),
                         a.certificate)
        FROM payment_applications a JOIN payments p USING (system, source_id, source_version)
        LEFT JOIN billing_documents d ON d.system = a.system AND d.target_id = a.target_id WHERE p.state = 'received'""",
    "revenue": """
        SELECT concat_ws(' ', e.contract, e.line, e.obligation, e.starts, e.account, trim_scale(sum(e.amount)), 'asset',
                         trim_scale(sum(e.asset)), 'liability', trim_scale(sum(e.liability)), e.currency)
        FROM revenue_events e JOIN revenue_runs r ON r.reference = e.run WHERE r.state = 'posted'
        GROUP BY e.contract, e.line, e.obligation, e.starts, e.account, e.currency""",
    "journals of the month end": """
        SELECT concat_ws(' ', purpose, entity, starts, state, trim_scale(amount), currency) FROM closing_journals
        WHERE state <> 'withdrawn'""",
    "months": "SELECT concat_ws(' ', entity, starts, state) FROM period_closes",
    "credits": "SELECT concat_ws(' ', reference, invoice, state, proposed_by, decided_by) FROM credit_proposals",
    "disputes": """
        SELECT concat_ws(' ', key, document, trim_scale(amount), currency, trim_scale(conceded), outcome,
                         CASE WHEN settled_at IS NULL THEN 'open' ELSE 'settled' END) FROM disputes""",
    "pending approvals": "SELECT concat_ws(' ', reference, state, trim_scale(hours)) FROM pending_approvals",
}


async def ledger_lines(view: LedgerView) -> dict[str, Counter[str]]:
    """The facts of each part of the billing ledger."""
    rows = {part: await view.rows(f"SELECT said FROM ({query}) AS t(said)") for part, query in _QUERIES.items()}
    return {part: Counter(str(row["said"]) for row in found) for part, found in rows.items()}
