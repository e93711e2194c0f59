"""Whose a payment is, by our own name: whose documents it pays, else whose record there it is (R101)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from activities.billing_books import BillingBooks
from activities.books import CrossReferences, Engagements
from canonical.payment import Payment


@dataclass(frozen=True)
class Payers:
    """An ERP tells payments by its own ids; wherever they come in, they are kept by our names."""

    references: CrossReferences
    engagements: Engagements
    billing: BillingBooks

    async def named(self, system: str, payments: Sequence[Payment]) -> list[Payment]:
        """The same payments, each with our customer; one that is nobody's here has the ERP's own id, and says so."""
        targets = [line.target_id for payment in payments for line in payment.applications]
        owners = await self.billing.receivables.customers_of(system, targets)
        return [payment.model_copy(update={"customer": await self._payer(system, payment, owners)}) for payment in payments]

    async def _payer(self, system: str, payment: Payment, owners: Mapping[str, str]) -> str:
        known = [owners[one.target_id] for one in payment.applications if one.target_id in owners]
        if known:
            return known[0]
        bound = await self.references.to_ours(system, "customer", payment.customer)
        if bound:
            return bound.rpartition(".")[0] or bound
        return await self.engagements.customer_with(payment.customer) or f"{system}:{payment.customer}"
