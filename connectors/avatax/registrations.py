"""Where a company is registered: what tells a zero that is right from one for want of nexus."""

from canonical.errors import NotFound, Rejected
from connectors.avatax import mapping
from connectors.avatax.account import Account
from connectors.avatax.mapping import in_address
from connectors.avatax.refusals import NO_CERTIFICATES
from connectors.avatax.schemas import ExemptionStatus, Nexus, Transaction


class Registrations:
    """Nexus by company and certificates by customer; asked only where an answer leaves it open."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def missing(self, transaction: Transaction) -> set[str]:
        """Where it bears no tax for want of nexus."""
        found = mapping.without_nexus(transaction)
        if mapping.is_unexplained(transaction) and not await self._is_registered(transaction):
            found.add(mapping.destination_of(transaction))
        return found

    async def certificate(self, transaction: Transaction) -> str:
        """A certificate of the customer that exempts it wholly where the document goes.

        AvaTax judges nexus first and then looks no further, so it may not name the certificate by itself there.
        """
        if not transaction.customer_code or not transaction.country:
            return ""
        customer, region = in_address(transaction.customer_code), transaction.region or transaction.country
        path = f"/companies/{transaction.company_id}/customers/{customer}/certificates/{transaction.country}/{region}"
        try:
            status = await self._account.get(path, ExemptionStatus)
        except Rejected as refused:
            if isinstance(refused, NotFound) or refused.evidence.get("vendor_code") == NO_CERTIFICATES:
                return ""  # a customer that never handed in any, or a company that keeps none
            raise
        certificate = status.certificate
        return str(certificate.id) if certificate and certificate.exempts_wholly else ""

    async def _is_registered(self, transaction: Transaction) -> bool:
        path = f"/companies/{transaction.company_id}/nexus"
        declared = [nexus async for nexus in self._account.every(path, Nexus, filter=f"country eq '{transaction.country}'")]
        return mapping.is_registered(declared, transaction)
