"""Whose receivables changed and who was told: customers to look at, their standing, and announcements that are each told once."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
from pydantic import BaseModel

from canonical.money import Money
from canonical.receivable import Announcement, CustomerStanding, HeldPayment, OpenInvoice
from canonical.reference import fingerprint
from ledger.billing.amounts import money
from ledger.billing.payments import APPLICATIONS, DISPUTED, Receivables, payment_of
from ledger.database import Database

_WAITING = """
SELECT customer FROM follow_ups WHERE (followed < changes OR look_again_at <= business_now()) AND customer > $1
ORDER BY customer LIMIT $2
"""
# Open ones, and those that changed since the customer was told of them last: what is long paid is not read again.
_INVOICE = f"""
SELECT d.reference, d.number, d.contract, d.entity, d.customer, d.state, d.system, d.target_id, d.url, d.due_date, d.currency,
       d.total, d.open_amount, least(d.open_amount, {DISPUTED}) AS disputed,
       (SELECT coalesce(sum(a.amount + a.withheld), 0) FROM payment_applications a
        JOIN payments p ON (p.system, p.source_id, p.source_version) = (a.system, a.source_id, a.source_version)
        WHERE a.system = d.system AND a.target_id = d.target_id AND p.state = 'received') AS paid
FROM billing_documents d WHERE d.kind = 'invoice' AND d.target_id <> ''
"""
_INVOICES = f"""{_INVOICE} AND d.customer = $1 AND (d.open_amount <> 0 OR d.changed_at >= coalesce((
    SELECT max(decided_at) FROM announcements n WHERE n.about = 'invoice/' || d.reference), '-infinity'))
ORDER BY d.reference
"""
_OPEN = f"{_INVOICE} AND d.contract = ANY ($1) AND d.open_amount <> 0 ORDER BY d.reference"
# Those that something is to be said of; of what they were ever applied to, an invoice of ours says whose they are.
_PAYMENTS = (
    "WITH held AS ("
    + APPLICATIONS
    + """
WHERE p.customer = $1 AND (p.state = 'bounced' AND p.seen_at > business_now() - interval '90 days' OR p.state = 'received' AND (
    p.unapplied > 0 OR EXISTS (
        SELECT FROM payment_applications a
        WHERE (a.system, a.source_id, a.source_version) = (p.system, p.source_id, p.source_version)
          AND (a.withheld > 0 AND a.certificate = '' OR NOT EXISTS (
              SELECT FROM billing_documents d WHERE d.system = a.system AND d.target_id = a.target_id AND d.target_id <> '')))))
)
SELECT h.*, (
        SELECT coalesce(sum(a.amount), 0) FROM payment_applications a
        WHERE (a.system, a.source_id, a.source_version) = (h.system, h.source_id, h.source_version) AND NOT EXISTS (
            SELECT FROM billing_documents d WHERE d.system = a.system AND d.target_id = a.target_id AND d.target_id <> ''))
           AS unknown,
       of.contract, of.entity AS of_entity
FROM held h LEFT JOIN LATERAL (
    SELECT d.contract, d.entity FROM payment_applications a
    JOIN billing_documents d ON d.system = a.system AND d.target_id = a.target_id
    WHERE a.system = h.system AND a.source_id = h.source_id AND a.target_id <> '' ORDER BY d.reference LIMIT 1) of ON true
ORDER BY h.system, h.source_id
"""
)
_FOLLOWED = """
UPDATE follow_ups SET followed = greatest(followed, $2), look_again_at = $3 WHERE customer = $1
"""
_ANNOUNCE = """
INSERT INTO announcements (about, number, content, fingerprint)
SELECT $1::text, coalesce(max(number), 0) + 1, $2::jsonb, $3::text FROM announcements WHERE about = $1
HAVING coalesce((array_agg(fingerprint ORDER BY number DESC))[1], '') <> $3
ON CONFLICT DO NOTHING
"""
_UNTOLD = "SELECT about, number, content FROM announcements WHERE about = $1 AND told_at IS NULL ORDER BY number LIMIT 1"


class FollowUps:
    """Changes are counted by the database; a look that began before a change does not count for it."""

    def __init__(self, database: Database) -> None:
        self._database, self._receivables = database, Receivables(database)

    async def waiting(self, *, after: str = "", limit: int = 100) -> Sequence[str]:
        """Customers whose receivables changed since they were looked at, or whom time concerns (due dates, parked money)."""
        return [row["customer"] for row in await self._database.rows(_WAITING, after, limit)]

    async def look(self, customer: str) -> tuple[int, CustomerStanding]:
        """How many changes there were when the look began, and everything of the customer that it may concern."""
        row = await self._database.row(
            "SELECT business_now() AS at, coalesce((SELECT changes FROM follow_ups WHERE customer = $1), 0) AS changes", customer
        )
        assert row is not None
        read_at: datetime = row["at"]
        invoices = [_invoice(one) for one in await self._database.rows(_INVOICES, customer)]
        of_all = await self.open_of(sorted({one.contract for one in invoices}))
        payments = await self._database.rows(_PAYMENTS, customer)
        exposures = await self._receivables.exposure(customer, as_of=read_at.date())
        standing = CustomerStanding(
            customer=customer,
            read_at=read_at,
            exposures=tuple(exposures),
            invoices=tuple(invoices),
            payments=tuple(_held(one) for one in payments),
            shared=tuple(one for one in of_all if one.customer != customer),
        )
        return int(row["changes"]), standing

    async def open_of(self, contracts: Sequence[str]) -> Sequence[OpenInvoice]:
        """What is open of these contracts now, whoever pays it."""
        return [_invoice(one) for one in await self._database.rows(_OPEN, list(contracts))] if contracts else []

    async def is_known(self, customer: str) -> bool:
        """Whether it ever owed or paid anything."""
        return bool(await self._database.value("SELECT EXISTS (SELECT FROM follow_ups WHERE customer = $1)", customer))

    async def followed(self, customer: str, changes: int, *, look_again_at: datetime | None) -> None:
        """It was looked at, up to that many changes."""
        await self._database.execute(_FOLLOWED, customer, changes, look_again_at)

    async def announce(self, about: str, content: BaseModel, *, same_if: BaseModel) -> None:
        """Something is to be told, unless ``same_if`` is what was decided last."""
        await self._database.execute(_ANNOUNCE, about, content.model_dump(mode="json"), fingerprint(same_if))

    async def untold(self, about: str) -> Announcement | None:
        """What is to be told next."""
        row = await self._database.row(_UNTOLD, about)
        return Announcement(about=row["about"], number=row["number"], content=row["content"]) if row else None

    async def told(self, about: str, number: int) -> None:
        """It was told, or a person decided that it need not be."""
        await self._database.execute(
            "UPDATE announcements SET told_at = business_now() WHERE about = $1 AND number = $2 AND told_at IS NULL",
            about,
            number,
        )

    async def announcement(self, about: str, number: int) -> Announcement | None:
        """One of them."""
        row = await self._database.row(
            "SELECT about, number, content FROM announcements WHERE about = $1 AND number = $2", about, number
        )
        return Announcement(about=row["about"], number=row["number"], content=row["content"]) if row else None


def _invoice(row: asyncpg.Record) -> OpenInvoice:
    names = ("reference", "number", "contract", "entity", "customer", "state", "system", "target_id", "url")
    return OpenInvoice(
        **{name: row[name] for name in names},
        due=row["due_date"],
        total=money(row, "total"),
        open=money(row, "open_amount"),
        paid=money(row, "paid"),
        disputed=money(row, "disputed"),
    )


def _held(row: asyncpg.Record) -> HeldPayment:
    unknown: Money = money(row, "unknown")
    return HeldPayment(
        payment=payment_of(row),
        first_seen_at=row["first_seen_at"],
        contract=row["contract"] or "",
        entity=row["of_entity"] or "",
        unknown=unknown,
    )
