"""What waits to be posted, and how fast it goes: read for boards, doctors and people who wait for an outage to end."""

from decimal import Decimal

from canonical.pressure import AtRisk, Pressure
from ledger.billing.amounts import money
from ledger.database import Database

_UNPOSTED = "('proposed', 'held', 'released', 'drafted')"
_AT_RISK = f"""
SELECT entity, currency, sum(items)::bigint AS items, sum(amount) AS amount FROM (
    SELECT entity, currency, count(*) AS items, sum(approved - billed + credited - closed) AS amount FROM billables
    WHERE state = 'open' AND frozen_by = '' AND billed - credited + closed < approved GROUP BY 1, 2
    UNION ALL
    SELECT d.entity, d.currency, sum((SELECT sum(l.items) FROM billing_document_lines l WHERE l.document = d.reference)),
           sum(d.net)
    FROM billing_documents d WHERE d.kind = 'invoice' AND d.state IN {_UNPOSTED} GROUP BY 1, 2) t
GROUP BY 1, 2 ORDER BY 1, 2
"""
_CHARGES = """
SELECT (SELECT count(*) FROM billables WHERE charge_batch = '' AND state = 'open' AND kind IN ('time', 'expense')
        AND frozen_by = '' AND approved > 0) + (SELECT coalesce(sum(items), 0) FROM charge_batches WHERE state = 'claimed')
"""
_INVOICES = f"SELECT count(*) FROM billing_documents WHERE kind = 'invoice' AND state IN {_UNPOSTED}"
_OF_AN_HOUR = """
SELECT (SELECT coalesce(sum(items), 0) FROM charge_batches WHERE posted_at > business_now() - interval '1 hour')
     + (SELECT count(*) FROM billing_documents WHERE posted_at > business_now() - interval '1 hour') AS posted,
       (SELECT extract(epoch FROM business_now() - min(t)) / 60 FROM (
            SELECT claimed_at AS t FROM charge_batches WHERE posted_at > business_now() - interval '1 hour'
            UNION ALL SELECT created_at FROM billing_documents
            WHERE posted_at > business_now() - interval '1 hour') began) AS minutes
"""


class Pressures:
    """The queue before the ERPs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self) -> Pressure:
        """As it is now."""
        rows = await self._database.rows(_AT_RISK)
        went = await self._database.row(_OF_AN_HOUR)
        posted, minutes = (Decimal(went["posted"]), went["minutes"]) if went else (Decimal(0), None)
        return Pressure(
            at_risk=tuple(AtRisk(entity=row["entity"], items=row["items"], amount=money(row, "amount")) for row in rows),
            charges_waiting=int(await self._database.value(_CHARGES)),
            invoices_waiting=int(await self._database.value(_INVOICES)),
            a_minute=posted / max(min(minutes, Decimal(60)), Decimal(1)) if posted and minutes is not None else Decimal(0),
        )
