"""What people ask of customers' money: an advance is entered in the ERP, what a customer has with us settles an invoice."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from temporalio.service import RPCError, RPCStatusCode

from activities.cash import Applied, DepositTaken
from activities.contract_of_record import ContractsOfRecord
from canonical.billing_document import BillingDocument
from canonical.errors import Malformed, NotFound, NotReady
from canonical.money import Money
from canonical.payment import Payment
from ledger.books import Books
from operations.engine import Engine, within
from operations.permission import needs
from policies.access import Permission
from policies.firm import Policies
from workflows import options
from workflows.apply_credit import ApplyCreditTo, ApplyCreditWorkflow
from workflows.search_attributes import of_engagement
from workflows.take_deposit import TakeDepositOf, TakeDepositWorkflow

_PATIENCE = timedelta(seconds=60)


@dataclass(frozen=True)
class CashDesk:
    """Customers' money, for any surface."""

    engine: Engine
    books: Books
    policies: Policies
    patience: timedelta = _PATIENCE

    @needs(Permission.RECEIVABLES)
    async def deposit(self, contract: str, amount: Money, *, on: date, reference: str, actor: str) -> DepositTaken:
        """An advance of the contract's customer is entered in the ERP; under the same reference it is taken once."""
        _require_positive(amount)
        await ContractsOfRecord(self.books.dossiers, self.books.engagements).read(contract)  # refused here, before anything runs
        request = TakeDepositOf(
            contract=contract, reference=reference, amount=amount, on=on, policy_version=self.policies.version, actor=actor
        )
        taken: DepositTaken = await self._done(TakeDepositWorkflow.run, request, f"take_deposit/{contract}/{reference}", contract)
        return taken

    @needs(Permission.RECEIVABLES)
    async def apply(self, source: str, invoice: str, amount: Money, *, name: str = "", actor: str) -> Applied:
        """A deposit or payment (by its reference, or its id in the ERP) settles so much of an invoice."""
        _require_positive(amount)
        document = await self._invoice(invoice)
        held = await self.books.billing.receivables.payment_named(document.system, source)
        if held is None:
            raise NotFound(
                f"{document.system or 'The ERP'} has told of no payment or deposit {source}.",
                remedy="Take payments in first: `handoff receivables poll`.",
            )
        workflow_id = "/".join(filter(None, ("apply_credit", held.reference, document.reference, name)))
        if not await self._is_known(workflow_id):
            _require_same_customer(held, document)
            _require_room(amount, held, document)
        request = ApplyCreditTo(
            system=document.system,
            source_id=held.source_id,
            invoice=document.reference,
            contract=document.contract,
            amount=amount,
            name=name,
            policy_version=self.policies.version,
            actor=actor,
        )
        applied: Applied = await self._done(ApplyCreditWorkflow.run, request, workflow_id, document.contract)
        return applied

    async def _done(self, run: Any, request: Any, workflow_id: str, contract: str) -> Any:
        """Its result; what waits for people says so."""
        attributes = of_engagement(contract, workflow_id.partition("/")[2])
        handle = await self.engine.started(run, request, workflow_id, attributes=attributes, lane=options.fair(contract))
        done = await within(handle, self.patience)
        if done is None:
            raise NotReady(
                f"{workflow_id} is not done yet",
                remedy="It goes on by itself; see `handoff exceptions list` for what may wait for you.",
            )
        return done

    async def _is_known(self, workflow_id: str) -> bool:
        try:
            await self.engine.client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True

    async def _invoice(self, name: str) -> BillingDocument:
        found = await self.books.billing.documents.named(name)
        if found is None:
            raise NotFound(f"There is no invoice {name}.", remedy="Take its number from `handoff billing show CONTRACT`.")
        return found


def _require_positive(amount: Money) -> None:
    if amount.amount <= 0 or not amount.is_exact:
        raise Malformed(
            f"amount: {amount} cannot be booked.", remedy="Give an amount above zero, in the decimals of its currency."
        )


def _require_same_customer(held: Payment, document: BillingDocument) -> None:
    if held.customer != document.customer:
        raise Malformed(
            f"invoice: {held.reference} is money of {held.customer}, and {document.reference} is owed by {document.customer}.",
            remedy="Correct whose payment it is in the ERP, and take payments in again; across customers it takes a credit.",
        )


def _require_room(amount: Money, held: Payment, document: BillingDocument) -> None:
    if amount.currency != held.amount.currency or amount.currency != document.open.currency:
        raise Malformed(
            f"amount: {held.reference} is in {held.amount.currency} and {document.reference} in {document.open.currency}.",
            remedy="Apply an amount in the currency of both; money in another currency is exchanged first.",
        )
    if amount > held.unapplied or amount > document.open:
        raise Malformed(
            f"amount: {amount} is more than the {held.unapplied} left of {held.reference}, or the {document.open} open of"
            f" {document.reference}.",
            remedy="Apply at most the lesser of both.",
        )
