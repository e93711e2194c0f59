"""What customers owe: in our ledger, on the account and the deal, beside the project, and in the ERP's books."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from canonical.receivable import CustomerStanding
from policies.shape import Shape
from rehearsal.checks.judge import Judge, differs, lacks
from rehearsal.erps.registry import erp_of
from rehearsal.record import Json
from rehearsal.scene import Scene
from rehearsal.words import Amount

_ACCOUNT = {
    "open": "Open_Receivables__c",
    "overdue": "Overdue_Receivables__c",
    "disputed": "Disputed_Receivables__c",
    "credit": "Customer_Credit__c",
}
_DEAL = {"open": "Open_Receivables__c", "overdue": "Overdue_Receivables__c", "disputed": "Disputed_Receivables__c"}


class ExposureCheck(Shape):
    """What a customer (that pays for this contract) owes: the account in the CRM and our ledger must both say it.

    ``currency`` is the contract's own unless given; ``parked`` is what it paid for documents that we do not know, which stands in
    our ledger only.
    """

    contract: str
    currency: str | None = None
    open: Amount | None = None
    overdue: Amount | None = None
    disputed: Amount | None = None
    credit: Amount | None = None
    parked: Amount | None = None


class DealExposureCheck(Shape):
    """What the deal of a contract says of its invoices."""

    contract: str
    open: Amount | None = None
    overdue: Amount | None = None
    disputed: Amount | None = None
    says: str | None = None


class InvoiceNotesCheck(Shape):
    """What the project of a contract says of its invoices in the PSA: how many, and of each where it stands."""

    contract: str
    count: int = 1
    status: str | None = None


class BooksCheck(Shape):
    """What accounts of an entity come to in the ERP's books (debits positive), in the entity's own currency."""

    entity: str
    balances: dict[str, Amount]


class ReceivablesChecks(Shape):
    """The checks of this topic."""

    exposure: ExposureCheck | None = None
    deal_exposure: DealExposureCheck | None = None
    invoice_notes: InvoiceNotesCheck | None = None
    books: BooksCheck | None = None


@dataclass(frozen=True)
class ReceivablesJudge(Judge):
    """Knows what CRM, PSA, ERP and our ledger say of receivables."""

    customers: dict[str, str]
    currencies: dict[str, str]
    standings: dict[str, CustomerStanding]
    salesforce: Json
    kantata: Json
    balances: dict[str, Mapping[str, Decimal]]

    @classmethod
    async def informed(cls, scene: Scene, wanted: Sequence[Any]) -> Self:
        vendors, follow_ups = scene.stage.vendors, scene.office.books.billing.follow_ups
        rows = await scene.view.engagements()
        customers = {row["reference"]: row["customer"] or "" for row in rows}
        named = sorted({customers.get(one.contract, "") for one in wanted if isinstance(one, ExposureCheck)} - {""})
        entities = sorted({one.entity for one in wanted if isinstance(one, BooksCheck)})
        return cls(
            customers=customers,
            currencies={name: deal.currency for name, deal in scene.world.deals.items()},
            standings={name: (await follow_ups.look(name))[1] for name in named},
            salesforce=await vendors["salesforce"].state(),
            kantata=await vendors["kantata"].state(),
            balances={entity: await erp_of(scene, entity).balances(entity) for entity in entities},
        )

    def exposure(self, wanted: ExposureCheck) -> Iterator[str]:
        customer = self.customers.get(wanted.contract, "")
        standing = self.standings.get(customer)
        currency = wanted.currency or self.currencies.get(wanted.contract)
        own = next((one for one in standing.exposures if one.open.currency == currency), None) if standing else None
        accounts = [one for one in self.salesforce["Account"].values() if f"CUST-{one.get('AccountNumber')}" == customer]
        if not accounts:
            yield f"expected an account of the customer of {wanted.contract} ({customer or 'unknown'}), found none"
        for name in ("open", "overdue", "disputed", "credit", "parked"):
            amount = getattr(wanted, name)
            ours = getattr(own, name).amount if own else Decimal(0)
            yield from differs(f"what our ledger holds {name} of {customer}", amount, ours)
            for account in accounts if name in _ACCOUNT else ():
                yield from differs(f"what the account of {customer} shows {name}", amount, _amount(account.get(_ACCOUNT[name])))

    def deal_exposure(self, wanted: DealExposureCheck) -> Iterator[str]:
        deals = [one for one in self.salesforce["Opportunity"].values() if one.get("Contract_Reference__c") == wanted.contract]
        if not deals:
            yield f"expected a deal for {wanted.contract}, found none"
        for deal in deals:
            for name, field in _DEAL.items():
                what = f"what the deal of {wanted.contract} shows {name}"
                yield from differs(what, getattr(wanted, name), _amount(deal.get(field)))
            yield from lacks(f"what the deal of {wanted.contract} says of invoices", wanted.says, deal.get("Invoices__c"))

    def invoice_notes(self, wanted: InvoiceNotesCheck) -> Iterator[str]:
        notes = [
            one
            for one in self.kantata["external_references"].values()
            if one["service_model"] == "Invoice" and one["service_model_ref"].startswith(f"{wanted.contract}.")
        ]
        yield from differs(f"the number of invoices that the project of {wanted.contract} names", wanted.count, len(notes))
        for note in notes:
            what = f"the state of {note['service_name']} beside its project"
            yield from differs(what, wanted.status, note.get("external_status"))

    def books(self, wanted: BooksCheck) -> Iterator[str]:
        held = self.balances[wanted.entity]
        for account, amount in wanted.balances.items():
            yield from differs(f"account {account} of {wanted.entity}", amount, held.get(account, Decimal(0)))


def _amount(value: Any) -> Decimal:
    return Decimal(str(value or 0))
