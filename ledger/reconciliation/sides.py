"""Both sides of a comparison as rows: what a system lists comes by COPY, what the ledger holds is selected where it lies."""

from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence

from canonical.reconciliation import Comparison, Listed, ReconciliationRun
from ledger.database import Connection

LEFT, RIGHT = 1, 2
_COPIED = ("run", "comparison", "side", "key", "kind", "day", "amount", "currency", "quantity", "state", "counts", "is_ours",
           "contract", "about", "version", "content", "target", "roundings", "changed_at")  # fmt: skip
_INSERT = """
INSERT INTO reconciliation_items (run, comparison, side, key, kind, day, amount, currency, quantity, state, counts, contract,
                                  version, held, target, roundings, changed_at)
"""
_PLACE = "$1::bigint, $2::text, $3::int"

# Parameters of each: run, comparison, side, entity, first day, last day, the other system.
_ENTRIES = f"""
{_INSERT}
SELECT {_PLACE}, reference, kind, service_from, approved, currency, quantity, CASE state WHEN 'withdrawn' THEN state ELSE '' END,
       state <> 'withdrawn', contract, source_version, '', reference, 1, NULL
FROM billables WHERE entity = $4 AND source = $7 AND kind IN ('time', 'expense') AND service_from BETWEEN $5 AND $6
"""
# What a posted batch holds should stand there; everything else waits on purpose, or was never meant to be there.
_CHARGES = f"""
{_INSERT}
SELECT {_PLACE}, b.reference, 'charge', b.service_until - 1, b.approved, b.currency, b.quantity,
       CASE b.state WHEN 'withdrawn' THEN b.state ELSE '' END, coalesce(c.state, '') = 'posted' AND b.state <> 'withdrawn',
       b.contract, b.source_version,
       CASE WHEN b.state = 'withdrawn' THEN '' WHEN b.hold_code = 'CHARGE_TAKEN_BACK' THEN b.hold_code
            WHEN c.state = 'posted' THEN CASE WHEN EXISTS (
                SELECT FROM charge_revisions r WHERE r.item = b.reference AND r.state = 'asked')
                THEN 'rated anew; the charge is still to say so' ELSE '' END
            WHEN c.state = 'refused' THEN 'CHARGES_REFUSED'
            WHEN c.state = 'claimed' THEN 'in flight: ' || c.reference WHEN b.hold_code <> '' THEN b.hold_code
            WHEN b.frozen_by <> '' THEN 'frozen by ' || b.frozen_by ELSE 'waits to be posted as a charge' END,
       b.charge_id, 1, c.posted_at
FROM billables b LEFT JOIN charge_batches c ON c.reference = b.charge_batch AND b.charge_batch <> ''
WHERE b.entity = $4 AND b.source <> '' AND b.kind IN ('time', 'expense') AND b.service_until - 1 BETWEEN $5 AND $6
AND coalesce(c.system, $7) = $7
"""
_DOCUMENTS = f"""
{_INSERT}
SELECT {_PLACE}, reference, kind, coalesce(posted_on, document_date), total, currency, NULL, state,
       state NOT IN ('proposed', 'held', 'released', 'drafted', 'withdrawn'), contract, target_version,
       CASE WHEN hold_code <> '' THEN hold_code WHEN state IN ('proposed', 'held', 'released', 'drafted') THEN 'waits: ' || state
            ELSE '' END,
       target_id, (SELECT greatest(count(*), 1) FROM billing_document_lines l WHERE l.document = reference), posted_at
FROM billing_documents
WHERE entity = $4 AND coalesce(posted_on, document_date) BETWEEN $5 AND $6 AND system IN ('', $7)
"""
_PAYMENTS = f"""
{_INSERT}
SELECT {_PLACE}, source_id, 'payment', received_on, amount, currency, NULL, state, state = 'received', '', source_version, '',
       source_id, 1, NULL
FROM payments WHERE entity = $4 AND system = $7 AND received_on BETWEEN $5 AND $6 AND amount <> 0
"""
_JOURNALS = f"""
{_INSERT}
SELECT {_PLACE}, journal, 'journal', min(posted_on), sum(debit), min(currency), NULL, '', true, min(project), '', '', journal,
       count(*), NULL
FROM journal_lines WHERE entity = $4 AND system = $7 AND document = '' AND reference <> '' AND posted_on BETWEEN $5 AND $6
GROUP BY journal
"""
_CONTRACTS = f"""
{_INSERT}
SELECT {_PLACE}, reference, 'contract', NULL, value_amount, coalesce(value_currency, ''), NULL, coalesce(status, ''),
       status IN ('active', 'partly_active'), reference, '',
       CASE WHEN status IN ('active', 'partly_active') THEN ''
            ELSE 'the handoff is ' || coalesce(status, 'not begun') END,
       reference, 1, NULL
FROM engagements WHERE entity = $4 AND $5::date <= $6::date AND $7::text <> ''
"""


def _projects(kind: str) -> str:
    """A project is worth what lives in it: a workstream that was left out for good never came there."""
    return f"""
{_INSERT}
SELECT {_PLACE}, r.target_id, '{kind}', NULL, e.value_amount - coalesce(e.left_out_amount, 0),
       coalesce(e.value_currency, ''), NULL, '', true, r.reference, '',
       CASE e.status WHEN 'partly_active' THEN 'a workstream waits' ELSE '' END, r.target_id, 1, r.bound_at
FROM cross_references r JOIN engagements e ON e.reference = r.reference AND e.entity = $4
WHERE r.system = $7 AND r.kind = '{kind}' AND r.withdrawn_at IS NULL AND $5::date <= $6::date
"""


_CUSTOMERS = f"""
{_INSERT}
SELECT {_PLACE}, r.target_id, 'customer', NULL, NULL, '', NULL, '', true, r.reference, '', '', r.target_id, 1, r.bound_at
FROM cross_references r WHERE r.system = $7 AND r.kind = 'customer' AND r.withdrawn_at IS NULL AND r.reference LIKE '%.' || $4
AND $5::date <= $6::date
"""
_HELD_HERE: Mapping[str, str] = {
    "contracts": _CONTRACTS,
    "psa_projects": _projects("psa_project"),
    "erp_projects": _projects("erp_project"),
    "customers": _CUSTOMERS,
    "entries": _ENTRIES,
    "charges": _CHARGES,
    "documents": _DOCUMENTS,
    "payments": _PAYMENTS,
    "journals": _JOURNALS,
}

# Systems that know no legal entities list these for everybody.
_OF_EVERYBODY = {"contracts", "psa_projects", "entries"}
# Of those a run keeps what is its entity's: by the item, by the contract, else the home entity's. An
# item that was withdrawn before it ever came in (a timesheet that waited for its approval) says nothing of an entity.
_OTHERS = """
DELETE FROM reconciliation_items i WHERE i.run = $1 AND i.comparison = $2 AND i.side = $3
AND coalesce((SELECT nullif(b.entity, '') FROM billables b WHERE b.reference = i.key),
             (SELECT nullif(e.entity, '') FROM engagements e WHERE e.reference = i.contract), nullif(i.about, ''), $5) <> $4
"""
# A list that changes while it is read tells some records twice; the later reading counts.
_TWICE = """
DELETE FROM reconciliation_items WHERE id IN (
    SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY kind, target ORDER BY id DESC) AS nth FROM reconciliation_items
                    WHERE run = $1 AND comparison = $2 AND side = $3 AND target <> '') t WHERE nth > 1)
"""
# A copy bears no name of ours: it is told by what it has in common with its original. What is not ours is left out.
_COPIES = """
UPDATE reconciliation_items c SET key = o.key, contract = o.contract
FROM (SELECT DISTINCT ON (content) content, key, contract FROM reconciliation_items
      WHERE run = $1 AND comparison = $2 AND side = $3 AND key <> '' AND content <> '' AND is_ours ORDER BY content, id) o
WHERE c.run = $1 AND c.comparison = $2 AND c.side = $3 AND c.key = '' AND c.content = o.content
"""
# One of the two was changed since: what they have left in common tells, and what the ledger says the original was.
_CHANGED_COPIES = """
UPDATE reconciliation_items c SET key = m.key, contract = m.contract
FROM (SELECT DISTINCT ON (x.id) x.id, o.key, o.contract
      FROM reconciliation_items x
      JOIN reconciliation_items o ON (o.run, o.comparison, o.side) = (x.run, x.comparison, x.side) AND o.key <> '' AND o.is_ours
       AND split_part(o.content, chr(31), 1) = split_part(x.content, chr(31), 1)
      LEFT JOIN reconciliation_items l ON (l.run, l.comparison, l.key) = (o.run, o.comparison, o.key) AND l.side <> o.side
       AND l.amount = x.amount
      WHERE x.run = $1 AND x.comparison = $2 AND x.side = $3 AND x.key = '' AND strpos(x.content, chr(31)) > 1
      ORDER BY x.id, l.id IS NULL, o.id) m
WHERE c.id = m.id
"""
_UNNAMED = """
UPDATE reconciliation_items SET key = 'id:' || target, is_ours = true
WHERE run = $1 AND comparison = $2 AND side = $3 AND key = '' AND about <> ''
AND about IN (SELECT target_id FROM cross_references WHERE system = $4 AND kind IN ('erp_project', 'psa_project'))
"""
# A credit memo that somebody made in the ERP for an invoice of ours, by whatever name.
_CREDITED_THERE = """
UPDATE reconciliation_items i SET key = 'id:' || i.target, is_ours = true, contract = d.contract
FROM billing_documents d
WHERE i.run = $1 AND i.comparison = $2 AND i.side = $3 AND i.key = '' AND i.about = 'invoice/' || d.target_id
AND d.system = $4 AND d.kind = 'invoice' AND d.target_id <> ''
"""
_NOT_OURS = """
DELETE FROM reconciliation_items i WHERE run = $1 AND comparison = $2 AND side = $3
AND (key = '' OR NOT is_ours AND NOT EXISTS (
    SELECT FROM reconciliation_items o WHERE (o.run, o.comparison, o.key) = (i.run, i.comparison, i.key) AND o.side <> i.side))
"""
# Hours are priced by the contract's own rates, whoever else keeps some: the same hours, or the same version, are the same money.
# What is withdrawn here has no price any more: the second look says what it is worth.
_PRICED = """
UPDATE reconciliation_items i
SET currency = b.currency, amount = CASE WHEN i.quantity = b.quantity OR i.version = b.source_version THEN b.approved
                                         WHEN b.rate IS NULL OR i.kind <> 'time' THEN coalesce(i.amount, 0)
                                         ELSE round(i.quantity * b.rate, 2) END
FROM billables b
WHERE i.run = $1 AND i.comparison = $2 AND i.side = $3 AND b.reference = i.key AND i.counts AND b.state <> 'withdrawn'
"""
_NOT_WON = """
UPDATE reconciliation_items SET held = 'the deal is ' || state
WHERE run = $1 AND comparison = $2 AND side = $3 AND NOT counts AND state = 'open'
"""
_NOT_SIGNED = """
UPDATE reconciliation_items i SET held = 'no executed contract is known; the sweep watches for it'
WHERE i.run = $1 AND i.comparison = $2 AND i.side = $3 AND i.counts
AND NOT EXISTS (SELECT FROM engagements e WHERE e.reference = i.key)
"""
_NOT_POLLED = """
UPDATE reconciliation_items i SET held = 'payments are not polled yet'
WHERE i.run = $1 AND i.comparison = $2 AND i.side = $3 AND i.counts
AND NOT EXISTS (SELECT FROM payments p WHERE (p.system, p.source_id) = ($4::text, i.key))
AND coalesce(i.changed_at > (SELECT max(until) FROM watermarks w WHERE w.source = 'payments/' || $4::text), true)
"""
_UNSAID = """
UPDATE reconciliation_items i SET amount = o.amount, currency = o.currency
FROM reconciliation_items o
WHERE i.run = $1 AND i.comparison = $2 AND i.amount IS NULL AND i.counts AND o.counts AND o.amount IS NOT NULL
AND (o.run, o.comparison, o.key) = (i.run, i.comparison, i.key) AND o.side <> i.side
"""
# A case about an item explains what differs of it; that a customer pays late or too much explains nothing of documents.
_WAITING = """
UPDATE reconciliation_items i SET held = c.code
FROM cases c WHERE i.run = $1 AND i.comparison = $2 AND i.held = '' AND c.state IN ('open', 'proposed') AND c.subject <> ''
AND c.subject = i.key AND c.control_point NOT IN ('reconciliation', 'cash_application')
"""
_IN_FLIGHT = """
UPDATE reconciliation_items i SET held = 'in flight: ' || e.key
FROM effects e WHERE i.run = $1 AND i.comparison = $2 AND i.held = '' AND e.reference = i.key
AND e.state IN ('reserved', 'calling', 'unknown')
"""


async def clear(connection: Connection, run: int, comparison: str) -> None:
    """Forget both sides."""
    await connection.execute("DELETE FROM reconciliation_items WHERE run = $1 AND comparison = $2", run, comparison)


async def load(
    connection: Connection, run: int, comparison: Comparison, side: int, pages: AsyncIterable[Sequence[Listed]]
) -> None:
    """What the other system lists, page by page: memory does not grow with it."""

    async def rows() -> AsyncIterator[tuple[object, ...]]:
        async for page in pages:
            for one in page:
                yield _row(run, comparison.name, side, one)

    await connection.copy_records_to_table("reconciliation_items", records=rows(), columns=_COPIED)


async def select(connection: Connection, run: ReconciliationRun, comparison: Comparison, side: int) -> None:
    """What the ledger holds."""
    statement, place = _HELD_HERE[comparison.name], (run.number, comparison.name, side)
    await connection.execute(statement, *place, run.entity, run.since, run.through, comparison.outside)


async def narrow(connection: Connection, run: int, comparison: Comparison, *, entity: str, home: str) -> None:
    """What is another entity's or not ours goes; a copy gets the name of its original; what has no price gets one."""
    listed = LEFT if comparison.leads else RIGHT
    place = (run, comparison.name, listed)
    await connection.execute(_TWICE, *place)
    if comparison.name in _OF_EVERYBODY:
        await connection.execute(_OTHERS, *place, entity, home)
    await connection.execute(_COPIES, *place)
    await connection.execute(_CHANGED_COPIES, *place)
    await connection.execute(_UNNAMED, *place, comparison.outside)
    if comparison.name == "documents":
        await connection.execute(_CREDITED_THERE, *place, comparison.outside)
    await connection.execute(_NOT_OURS, *place)
    if comparison.name == "entries":
        await connection.execute(_PRICED, *place)
    if comparison.name == "contracts":
        await connection.execute(_NOT_WON, *place)
        await connection.execute(_NOT_SIGNED, *place)
    if comparison.name == "payments":
        await connection.execute(_NOT_POLLED, *place, comparison.outside)
    for statement in (_UNSAID, _WAITING, _IN_FLIGHT):
        await connection.execute(statement, run, comparison.name)


def _row(run: int, comparison: str, side: int, one: Listed) -> tuple[object, ...]:
    return (
        run, comparison, side, one.reference, one.kind, one.day, one.amount, one.currency, one.quantity, one.state, one.counts,
        one.is_ours, one.project, one.about, one.version, one.content, one.target_id, one.roundings, one.changed_at,
    )  # fmt: skip
