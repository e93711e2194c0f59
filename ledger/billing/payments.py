"""The ERP's side of receivables: payments with what they are applied to, what is open of documents, disputes, exposure (R101)."""

from collections.abc import Sequence
from datetime import date

import asyncpg

from canonical.billing_view import Exposure
from canonical.errors import NotFound
from canonical.invoice import DocumentRecord
from canonical.money import Money
from canonical.payment import Application, Payment, PaymentState
from ledger.billing.amounts import money, plain
from ledger.database import Database, columns

# Of one payment the newest version holds; applications belong to their version, so that a late old one changes nothing.
_RECORD = """
WITH given AS (
    SELECT DISTINCT ON (system, source_id) * FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::numeric[],
        $9::numeric[], $10::date[], $11::text[], $12::text[])
    AS g(system, source_id, source_version, reference, entity, customer, currency, amount, unapplied, received_on, state, memo)
    ORDER BY system, source_id, source_version COLLATE "C" DESC
), kept AS (
    INSERT INTO payments AS p (system, source_id, source_version, reference, entity, customer, currency, amount, unapplied,
                               received_on, state, memo)
    SELECT * FROM given ORDER BY system, source_id
    ON CONFLICT (system, source_id) DO UPDATE SET source_version = excluded.source_version, reference = excluded.reference,
        entity = excluded.entity, customer = excluded.customer, currency = excluded.currency, amount = excluded.amount,
        unapplied = excluded.unapplied, received_on = excluded.received_on, state = excluded.state, memo = excluded.memo,
        seen_at = business_now()
    WHERE p.source_version COLLATE "C" < excluded.source_version COLLATE "C"
    RETURNING 1
), applied AS (
    INSERT INTO payment_applications (system, source_id, source_version, place, target_id, number, amount, withheld, certificate)
    SELECT * FROM unnest($13::text[], $14::text[], $15::text[], $16::int[], $17::text[], $18::text[], $19::numeric[],
                         $20::numeric[], $21::text[])
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM kept
"""
_APPLICATIONS = """
SELECT p.*, (
    SELECT jsonb_agg(jsonb_build_array(a.target_id, a.number, a.amount::text, a.withheld::text, a.certificate) ORDER BY a.place)
    FROM payment_applications a
    WHERE (a.system, a.source_id, a.source_version) = (p.system, p.source_id, p.source_version)) AS applied
FROM payments p
"""
_PARKED = (
    _APPLICATIONS
    + """
WHERE EXISTS (
    SELECT FROM payment_applications a
    WHERE (a.system, a.source_id, a.source_version) = (p.system, p.source_id, p.source_version)
      AND NOT EXISTS (
          SELECT FROM billing_documents d WHERE d.system = a.system AND d.target_id = a.target_id AND d.target_id <> ''))
ORDER BY p.system, p.source_id
"""
)
_STATUS = """
UPDATE billing_documents d
SET open_amount = g.open, number = coalesce(nullif(g.number, ''), d.number), target_version = g.version,
       url = coalesce(nullif(g.url, ''), d.url), changed_at = business_now()
FROM unnest($2::text[], $3::text[], $4::numeric[], $5::text[], $6::text[]) AS g(target_id, number, open, version, url)
WHERE d.system = $1 AND d.target_id = g.target_id AND d.target_id <> '' AND d.target_version COLLATE "C" <= g.version COLLATE "C"
RETURNING d.reference
"""
_EXPOSURE = """
WITH owed AS (
    SELECT d.currency, sum(d.open_amount * d.sign) AS open, count(*) AS documents,
           sum(d.open_amount) FILTER (WHERE d.sign > 0 AND d.due_date < $2) AS overdue,
           sum(least(d.open_amount, (SELECT sum(amount) FROM disputes x WHERE x.document = d.reference AND x.settled_at IS NULL)))
           FILTER (WHERE d.sign > 0) AS disputed
    FROM (SELECT *, CASE kind WHEN 'invoice' THEN 1 ELSE -1 END AS sign FROM billing_documents) d
    WHERE d.customer = $1 AND d.open_amount <> 0 GROUP BY d.currency
), unapplied AS (
    SELECT currency, sum(unapplied) AS credit FROM payments
    WHERE customer = $1 AND state = 'received' AND unapplied > 0 GROUP BY currency
)
SELECT coalesce(o.currency, u.currency) AS currency, coalesce(o.open, 0) AS open, coalesce(o.overdue, 0) AS overdue,
       coalesce(o.disputed, 0) AS disputed, coalesce(u.credit, 0) AS credit, coalesce(o.documents, 0) AS documents
FROM owed o FULL JOIN unapplied u USING (currency) ORDER BY 1
"""
_DISPUTE = """
INSERT INTO disputes (key, document, amount, currency, reason)
SELECT $1, reference, $3, currency, $4 FROM billing_documents WHERE reference = $2
ON CONFLICT (key) DO UPDATE SET amount = excluded.amount WHERE disputes.settled_at IS NULL RETURNING key
"""


class Receivables:
    """A mirror: what is paid is the ERP's to say."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record_payments(self, payments: Sequence[Payment]) -> int:
        """Payments as they are now; an older version changes nothing. Answers how many were new or newer."""
        heads = [_head(payment) for payment in payments]
        parts = [part for payment in payments for part in _parts(payment)]
        recorded: int = await self._database.value(_RECORD, *columns(heads, 12), *columns(parts, 9))
        return recorded

    async def payments_of(self, customer: str) -> Sequence[Payment]:
        """The payments of a customer, the newest first."""
        rows = await self._database.rows(
            _APPLICATIONS + " WHERE p.customer = $1 ORDER BY p.received_on DESC, p.source_id", customer
        )
        return [_payment(row) for row in rows]

    async def parked(self) -> Sequence[Payment]:
        """Payments that are applied to a document which is not known yet (S28): they wait, nothing of them is lost."""
        return [_payment(row) for row in await self._database.rows(_PARKED)]

    async def record_status(self, system: str, records: Sequence[DocumentRecord]) -> Sequence[str]:
        """What is open of documents, as the ERP says; answers which of ours were meant."""
        rows = [(one.target_id, one.number, one.open.amount, one.version, one.url) for one in records]
        return [row["reference"] for row in await self._database.rows(_STATUS, system, *columns(rows, 5))]

    async def exposure(self, customer: str, *, as_of: date) -> Sequence[Exposure]:
        """What a customer owes, by currency; open credit memos are deducted."""
        return [_exposure(customer, row) for row in await self._database.rows(_EXPOSURE, customer, as_of)]

    async def dispute(self, key: str, document: str, amount: Money, reason: str) -> None:
        """A part of an invoice is contested; the same key again changes its amount, unless it is settled."""
        found = await self._database.value(_DISPUTE, key, document, amount.amount, reason)
        known = found or await self._database.value("SELECT key FROM disputes WHERE key = $1", key)
        if known is None:
            raise NotFound(f"There is no document {document} to dispute.", remedy="Correct the reference.")

    async def settle_dispute(self, key: str, outcome: str) -> None:
        """It is resolved, one way or the other; a settled one stays as it was settled."""
        await self._database.execute(
            "UPDATE disputes SET settled_at = business_now(), outcome = $2 WHERE key = $1 AND settled_at IS NULL", key, outcome
        )

    async def disputed(self, document: str, currency: str) -> Money:
        """What dunning leaves out of a document."""
        amount = await self._database.value(
            "SELECT coalesce(sum(amount), 0) FROM disputes WHERE document = $1 AND settled_at IS NULL", document
        )
        return Money(amount=plain(amount), currency=currency)


def _head(payment: Payment) -> tuple[object, ...]:
    return (
        payment.system, payment.source_id, payment.source_version, payment.reference, payment.entity, payment.customer,
        payment.amount.currency, payment.amount.amount, payment.unapplied.amount, payment.received_on, payment.state.value,
        payment.memo,
    )  # fmt: skip


def _parts(payment: Payment) -> list[tuple[object, ...]]:
    key = (payment.system, payment.source_id, payment.source_version)
    return [
        (*key, place, one.target_id, one.number, one.amount.amount, one.withheld.amount if one.withheld else 0, one.certificate)
        for place, one in enumerate(payment.applications)
    ]


def _payment(row: asyncpg.Record) -> Payment:
    currency = row["currency"]
    names = ("system", "source_id", "source_version", "reference", "entity", "customer", "received_on", "memo")
    return Payment(
        **{name: row[name] for name in names},
        amount=money(row, "amount"),
        state=PaymentState(row["state"]),
        applications=tuple(_application(part, currency) for part in row["applied"] or ()),
    )


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
    amounts = {name: money(row, name) for name in ("open", "overdue", "disputed", "credit")}
    return Exposure(customer=customer, documents=row["documents"], **amounts)
