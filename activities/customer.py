"""Side effects on the ERP's customer master. Each one is safe to run twice."""

from dataclasses import dataclass
from functools import partial

from temporalio import activity

from activities.books import CrossReferences, Engagements
from activities.ports import Customers
from activities.step import Asked, Bookkeeping, Reversal, Step, Undo, Undone
from activities.systems import Systems
from canonical.contract import Contract
from canonical.written import Written


@dataclass(frozen=True)
class CustomerActivities:
    """The legal billing account (R39, R40)."""

    systems: Systems
    books: Bookkeeping
    references: CrossReferences
    engagements: Engagements

    @activity.defn
    async def create_customer(self, step: Step) -> Written:
        """The customer under the contract's legal entity; one that another engagement has created meanwhile serves as well."""
        customers, contract = self.systems.get(step.system, Customers), (await self.books.dossier(step.dossier)).contract
        asked = _customer(step, customers, contract)
        known = await self.references.to_theirs(customers.name, asked.write.kind, asked.write.reference)
        if known is not None:
            return Written(target_id=known)
        customer = contract.payer.model_copy(update={"entity": contract.entity})
        return await self.books.once(
            asked,
            request=customer,
            call=partial(customers.create_customer, customer, key=asked.key),
            look_up=partial(customers.find_customer, customer.reference, key=asked.key),
        )

    @activity.defn
    async def withdraw_customer(self, undo: Undo) -> Undone:
        """Undo create_customer, unless another engagement lives on that customer."""
        customers, contract = (
            self.systems.get(undo.step.system, Customers),
            (await self.books.dossier(undo.step.dossier)).contract,
        )
        if await self.engagements.using_customer(contract.payer.reference, besides=contract.reference):
            return Undone()
        asked = _customer(undo.step, customers, contract)
        find = partial(customers.find_customer, contract.payer.reference, key=asked.key)
        withdraw = Reversal("withdraw", lambda target, reason, key: customers.withdraw_customer(target, reason, key=key))
        return await self.books.undo(asked, undo.reason, find=find, reversal=withdraw)


def _customer(step: Step, customers: Customers, contract: Contract) -> Asked:
    reference = f"{contract.payer.reference}.{contract.entity}"
    return Asked.of(step, customers, verb="create", kind="customer", reference=reference, declared_as="customer")
