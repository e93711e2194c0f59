"""An invoice rounded as a whole, where the entity's policy says so (S12)."""

from dataclasses import dataclass

from activities.billing_books import BillingBooks, BillingPolicy
from activities.contract_of_record import ContractOfRecord
from activities.tax_question import coded
from canonical.invoice import Invoice, LineKind
from canonical.provenance import Origin
from canonical.quote import BillingKind
from canonical.rules.document_rounding import rounding_lines


@dataclass(frozen=True)
class Rounder:
    """Adds to an invoice what its items, each rounded when rated, are off by."""

    billing: BillingBooks
    policy: BillingPolicy

    async def round(self, record: ContractOfRecord, draft: Invoice, origin: Origin) -> None:
        """Once; a retainer's own work stays as rated, since that is what the retainer pays for."""
        entity, on = draft.entity, draft.invoice_date
        if not self.policy.rounds_documents(entity, on) or any(one.kind is LineKind.ROUNDING for one in draft.lines):
            return
        made = rounding_lines(
            coded(draft, self.policy).lines,
            await self.billing.documents.exact(draft.reference),
            account=self.policy.chart(on).rounding,
            rounding=self.policy.rating_policy(entity, on).rounding,
            exempt={line.reference for line in record.contract.lines if line.kind is BillingKind.RETAINER},
        )
        if made:
            await self.billing.documents.round(draft.reference, made, origin=origin)
