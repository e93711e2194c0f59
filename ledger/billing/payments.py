"""The ERP's side of receivables, mirrored: payments with what they are applied to, and what is open of documents (R101)."""

from collections.abc import Mapping, Sequence
from datetime import date

import asyncpg

from canonical.billing_view import Exposure
from canonical.invoice import DocumentRecord, DocumentState
from canonical.money import Money
from canonical.payment import Application, Payment, PaymentKind, PaymentState
from canonical.provenance import Entry, Origin
from ledger.audit import as_json
from ledger.billing.amounts import money
from ledger.database import Connection, Database, columns

# Of one payment the newest version holds; applications belong to their version, so that a late old one changes nothing.
# A source that tells changes by the second has one version for two changes in it: of the same version the last reading holds.
_RECORD = """
WITH given AS (
    SELECT DISTINCT ON (system, source_id) * FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::numeric[],
        $9::numeric[], $10::date[], $11::text[], $12::text[], $13::text[], $14::numeric[])
    AS g(system, source_id, source_version, reference, entity, customer, currency, amount, unapplied, received_on, state, memo,
         kind, exchange_rate)
    ORDER BY system, source_id, source_version COLLATE "C" DESC
), kept AS (
    INSERT INTO payments AS p (system, source_id, source_version, reference, entity, customer, currency, amount, unapplied,
                               received_on, state, memo, kind, exchange_rate)
    SELECT * FROM given ORDER BY system, source_id
    ON CONFLICT (system, source_id) DO UPDATE SET source_version = excluded.source_version, reference = excluded.reference,
        entity = excluded.entity, customer = excluded.customer, currency = excluded.currency, amount = excluded.amount,
        unapplied = excluded.unapplied, received_on = excluded.received_on, state = excluded.state, memo = excluded.memo,
        kind = excluded.kind, exchange_rate = coalesce(excluded.exchange_rate, p.exchange_rate), seen_at = business_now()
    WHERE p.source_version COLLATE "C" < excluded.source_version COLLATE "C"
       OR p.source_version = excluded.source_version
          AND (p.state, p.amount, p.unapplied) IS DISTINCT FROM (excluded.state, excluded.amount, excluded.unapplied)
    RETURNING source_id
), applied AS (
    INSERT INTO payment_applications (system, source_id, source_version, place, target_id, number, amount, withheld, certificate)
    SELECT * FROM unnest($15::text[], $16::text[], $17::text[], $18::int[], $19::text[], $20::text[], $21::numeric[],
                         $22::numeric[], $23::text[])
    ON CONFLICT DO NOTHING
)
SELECT source_id FROM kept ORDER BY source_id
"""
APPLICATIONS = """
SELECT p.*, (
    SELECT jsonb_agg(jsonb_build_array(a.target_id, a.number, a.amount::text, a.withheld::text, a.certificate) ORDER BY a.place)
    FROM payment_applications a
    WHERE (a.system, a.source_id, a.source_version) = (p.system, p.source_id, p.source_version)) AS applied
FROM payments p
"""
_PARKED = (
    APPLICATIONS
    + """
WHERE p.state = 'received' AND EXISTS (
    SELECT FROM payment_applications a
    WHERE (a.system, a.source_id, a.source_version) = (p.system, p.source_id, p.source_version)
      AND NOT EXISTS (
          SELECT FROM billing_documents d WHERE d.system = a.system AND d.target_id = a.target_id AND d.target_id <> ''))
ORDER BY p.system, p.source_id
"""
)
_GONE = """
UPDATE payments SET state = 'void', unapplied = 0, seen_at = business_now()
WHERE system = $1 AND source_id = ANY ($2) AND state = 'received' RETURNING *, NULL AS applied
"""
# Invoices move with what is paid of them; what was voided there, or credited in whole, keeps its state.
_STATUS = """
WITH given AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::numeric[], $5::text[], $6::text[], $7::boolean[])
    AS g(target_id, number, open, version, url, is_void)
), meant AS (
    SELECT d.reference, d.state AS was, d.customer, g.*, CASE
        WHEN g.is_void OR d.kind <> 'invoice' OR d.total = 0 OR d.state NOT IN ('posted', 'partly_paid', 'paid') THEN d.state
        WHEN g.open <= 0 THEN 'paid' WHEN g.open < d.total - (
            SELECT coalesce(sum(m.total), 0) FROM billing_documents m WHERE m.invoice = d.reference AND m.target_id <> '')
        THEN 'partly_paid' ELSE 'posted' END AS becomes
    FROM billing_documents d JOIN given g ON d.system = $1 AND d.target_id = g.target_id AND d.target_id <> ''
    WHERE d.target_version COLLATE "C" <= g.version COLLATE "C" ORDER BY d.reference FOR NO KEY UPDATE OF d
), changed AS (
    UPDATE billing_documents d SET open_amount = m.open, number = coalesce(nullif(m.number, ''), d.number), state = m.becomes,
        target_version = m.version, url = coalesce(nullif(m.url, ''), d.url), changed_at = business_now()
    FROM meant m WHERE d.reference = m.reference AND (d.open_amount, d.target_version, d.state) <> (m.open, m.version, m.becomes)
    RETURNING d.reference
)
SELECT m.reference, m.was, m.becomes, m.open::text FROM meant m LEFT JOIN changed c USING (reference) ORDER BY 1
"""
# What is contested of a document ``d``; what was conceded stays so until its credit is posted, or is not to be.
DISPUTED = """(
    SELECT coalesce(sum(CASE WHEN x.settled_at IS NULL THEN x.amount ELSE x.conceded END), 0) FROM disputes x
    WHERE x.document = d.reference AND (x.settled_at IS NULL OR x.conceded > 0 AND EXISTS (
        SELECT FROM credit_proposals c WHERE c.reference = x.key || '.CR' AND c.state IN ('proposed', 'approved'))))"""
_EXPOSURE = f"""
WITH owed AS (
    SELECT d.currency, sum(d.open_amount) FILTER (WHERE d.kind = 'invoice') AS open, count(*) AS documents,
           sum(d.open_amount) FILTER (WHERE d.kind = 'credit_memo') AS credit,
           sum(d.open_amount) FILTER (WHERE d.kind = 'invoice' AND d.due_date < $2) AS overdue,
           sum(least(d.open_amount, {DISPUTED})) FILTER (WHERE d.kind = 'invoice') AS disputed
    FROM billing_documents d
    WHERE d.customer = $1 AND d.open_amount <> 0 AND d.target_id <> '' GROUP BY d.currency
), paid AS (
    SELECT p.currency, sum(p.unapplied) AS credit, sum((
        SELECT coalesce(sum(a.amount), 0) FROM payment_applications a
        WHERE (a.system, a.source_id, a.source_version) = (p.system, p.source_id, p.source_version) AND NOT EXISTS (
            SELECT FROM billing_documents d WHERE d.system = a.system AND d.target_id = a.target_id AND d.target_id <> '')))
               AS parked
    FROM payments p WHERE p.customer = $1 AND p.state = 'received' GROUP BY p.currency
)
SELECT coalesce(o.currency, u.currency) AS currency, coalesce(o.open, 0) AS open, coalesce(o.overdue, 0) AS overdue,
       coalesce(o.disputed, 0) AS disputed, coalesce(u.credit, 0) + coalesce(o.credit, 0) AS credit,
       coalesce(u.parked, 0) AS parked, coalesce(o.documents, 0) AS documents
FROM owed o FULL JOIN paid u USING (currency)
WHERE o.currency IS NOT NULL OR u.credit <> 0 OR u.parked <> 0 ORDER BY 1
"""


class Receivables:
    """A mirror: what is paid is the ERP's to say."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record_payments(self, payments: Sequence[Payment], *, origin: Origin) -> Sequence[str]:
        """Payments as they are now; an older version changes nothing. Answers the ids of those that were new or newer."""
        heads = [_head(payment) for payment in payments]
        parts = [part for payment in payments for part in _parts(payment)]
        async with self._database.transaction() as connection:
            rows = await connection.fetch(_RECORD, *columns(heads, 14), *columns(parts, 9))
            kept = [row["source_id"] for row in rows]
            newest = {one.source_id: one for one in sorted(payments, key=lambda one: one.source_version)}
            await _note(connection, [_received(newest[source_id], origin) for source_id in kept])
        return kept

    async def payments_gone(self, system: str, source_ids: Sequence[str], *, origin: Origin) -> Sequence[str]:
        """Payments that somebody deleted in the ERP are void here; answers their references."""
        async with self._database.transaction() as connection:
            gone = [payment_of(row) for row in await connection.fetch(_GONE, system, list(source_ids))]
            await _note(connection, [_received(one, origin) for one in gone])
        return [one.reference for one in gone]

    async def payments_of(self, customer: str) -> Sequence[Payment]:
        """The payments of a customer, the newest first."""
        rows = await self._database.rows(
            APPLICATIONS + " WHERE p.customer = $1 ORDER BY p.received_on DESC, p.source_id", customer
        )
        return [payment_of(row) for row in rows]

    async def payments_on(self, system: str, target_id: str) -> Sequence[Payment]:
        """The payments that are applied to a document of the ERP, in the order in which they came."""
        rows = await self._database.rows(
            APPLICATIONS + " WHERE p.state = 'received' AND EXISTS (SELECT FROM payment_applications a"
            " WHERE (a.system, a.source_id, a.source_version) = (p.system, p.source_id, p.source_version)"
            " AND a.system = $1 AND a.target_id = $2) ORDER BY p.received_on, p.source_id",
            system,
            target_id,
        )
        return [payment_of(row) for row in rows]

    async def payment(self, system: str, source_id: str) -> Payment | None:
        """One payment or deposit by its id there."""
        row = await self._database.row(APPLICATIONS + " WHERE p.system = $1 AND p.source_id = $2", system, source_id)
        return payment_of(row) if row else None

    async def payment_named(self, system: str, name: str) -> Payment | None:
        """One payment or deposit by its reference, or by its id there."""
        row = await self._database.row(
            APPLICATIONS
            + " WHERE p.system = $1 AND (p.source_id = $2 OR p.reference = $2) ORDER BY p.source_id = $2 DESC LIMIT 1",
            system,
            name,
        )
        return payment_of(row) if row else None

    async def parked(self) -> Sequence[Payment]:
        """Payments that are applied to a document which is not known yet (S28): they wait, nothing of them is lost."""
        return [payment_of(row) for row in await self._database.rows(_PARKED)]

    async def record_status(self, system: str, records: Sequence[DocumentRecord], *, origin: Origin) -> Sequence[str]:
        """What is open of documents, as the ERP says, and their state with it; answers which of ours were meant."""
        given = [_status(one) for one in records]
        async with self._database.transaction() as connection:
            rows = await connection.fetch(_STATUS, system, *columns(given, 6))
            await _note(connection, [_moved(row, origin) for row in rows if row["was"] != row["becomes"]])
        return [row["reference"] for row in rows]

    async def exposure(self, customer: str, *, as_of: date) -> Sequence[Exposure]:
        """What a customer owes, by currency, and what it has with us."""
        return [_exposure(customer, row) for row in await self._database.rows(_EXPOSURE, customer, as_of)]

    async def customers_of(self, system: str, target_ids: Sequence[str]) -> Mapping[str, str]:
        """Whose documents these are, by their ids there; those that are not ours are left out."""
        rows = await self._database.rows(
            "SELECT target_id, customer FROM billing_documents WHERE system = $1 AND target_id = ANY ($2)",
            system,
            list(target_ids),
        )
        return {row["target_id"]: row["customer"] for row in rows}


def payment_of(row: asyncpg.Record) -> Payment:
    """The payment of a row of ``APPLICATIONS``."""
    currency = row["currency"]
    names = ("system", "source_id", "source_version", "reference", "entity", "customer", "received_on", "memo", "exchange_rate")
    return Payment(
        **{name: row[name] for name in names},
        kind=PaymentKind(row["kind"]),
        amount=money(row, "amount"),
        state=PaymentState(row["state"]),
        applications=tuple(_application(part, currency) for part in row["applied"] or ()),
    )


def _head(payment: Payment) -> tuple[object, ...]:
    return (
        payment.system, payment.source_id, payment.source_version, payment.reference, payment.entity, payment.customer,
        payment.amount.currency, payment.amount.amount, payment.unapplied.amount, payment.received_on, payment.state.value,
        payment.memo, payment.kind.value, payment.exchange_rate,
    )  # fmt: skip


def _parts(payment: Payment) -> list[tuple[object, ...]]:
    key = (payment.system, payment.source_id, payment.source_version)
    return [
        (*key, place, one.target_id, one.number, one.amount.amount, one.withheld.amount if one.withheld else 0, one.certificate)
        for place, one in enumerate(payment.applications)
    ]


def _status(one: DocumentRecord) -> tuple[object, ...]:
    return (one.target_id, one.number, one.open.amount, one.version, one.url, one.state is DocumentState.VOID)


async def _note(connection: Connection, entries: Sequence[Entry]) -> None:
    if entries:
        await connection.execute("SELECT audit_note($1)", as_json(list(entries)))


def _received(payment: Payment, origin: Origin) -> Entry:
    details = {"amount": str(payment.amount), "unapplied": str(payment.unapplied), "version": payment.source_version}
    return Entry(
        action="record_payment", origin=origin, system=payment.system, kind=payment.kind.value, source_id=payment.reference,
        target_id=payment.source_id, outcome=payment.state.value, details=details,
    )  # fmt: skip


def _moved(row: asyncpg.Record, origin: Origin) -> Entry:
    return Entry(
        action=f"document_{row['becomes']}", origin=origin, system="handoff", kind="billing_document", source_id=row["reference"],
        key=f"document_{row['becomes']}/{row['reference']}", outcome="done", details={"was": row["was"], "open": row["open"]},
    )  # fmt: skip


def _application(part: Sequence[str], currency: str) -> Application:
    target_id, number, amount, withheld, certificate = part
    kept = Money.of(withheld, currency)
    return Application(
        target_id=target_id,
        number=number,
        amount=Money.of(amount, currency),
        withheld=None if kept.is_zero else kept,
        certificate=certificate,
    )


def _exposure(customer: str, row: asyncpg.Record) -> Exposure:
    amounts = {name: money(row, name) for name in ("open", "overdue", "disputed", "credit", "parked")}
    return Exposure(customer=customer, documents=row["documents"], **amounts)
