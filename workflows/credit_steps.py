"""The steps of a credit, each an activity; workflows/credit_and_rebill.py says in which order and what follows from them."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.credit_posting import (
        ApplyCredit,
        ConcludeCredit,
        Credited,
        CreditPostingActivities,
        FindBillTo,
        PostCredit,
        TransferCredit,
    )
    from activities.crediting import CreditingActivities, DecideCredit, MakeCredit, ProposeCredit, Proposed
    from canonical.credit import CreditRequest, ProposalState
    from canonical.money import Money
    from canonical.provenance import Origin
    from workflows import options
    from workflows.insistent import Insistent
    from workflows.review import Subject


class CreditSteps(Insistent):
    """Base of the credit: what it asks of our ledger, the ERP and the tax engine."""

    def __init__(self, request: CreditRequest, actor: str) -> None:
        super().__init__(actor)
        self._request = request
        self._proposed: Proposed | None = None

    async def propose(self) -> Proposed:
        """Not insisted on: what cannot be credited is told to whoever asks for it."""
        return await workflow.execute_activity_method(
            CreditingActivities.propose_credit,
            ProposeCredit(origin=self.origin("propose_credit"), request=self._request),
            task_queue=options.LEDGER,
            summary=f"propose to credit {self._request.invoice}",
            **options.READ,
        )

    async def decide(self, state: ProposalState, by: str, note: str) -> None:
        """Approved, rejected or withdrawn."""
        decided = DecideCredit(
            origin=self.origin("decide_credit", by), reference=self._request.reference, state=state, by=by, note=note[:250]
        )
        await workflow.execute_activity_method(
            CreditingActivities.decide_credit,
            decided,
            task_queue=options.LEDGER,
            summary=f"credit {self._request.reference} is {state.value}",
            **options.BOOKS,
        )

    async def make(self) -> None:
        """In our ledger."""
        await workflow.execute_activity_method(
            CreditingActivities.make_credit,
            MakeCredit(origin=self.origin("make_credit"), reference=self._request.reference),
            task_queue=options.LEDGER,
            summary=f"credit {self._request.reference} in our ledger",
            **options.BOOKS,
        )

    async def free(self) -> None:
        """What was kept for its own run is open to any."""
        await workflow.execute_activity_method(
            CreditingActivities.free_rebill,
            MakeCredit(origin=self.origin("free_rebill"), reference=self._request.reference),
            task_queue=options.LEDGER,
            summary=f"what {self._request.reference} kept is open to any run",
            **options.BOOKS,
        )

    async def post(self) -> Credited:
        """At the ERP that holds the invoice."""
        return await workflow.execute_activity_method(
            CreditPostingActivities.post_credit_memo,
            self._posting("post_credit_memo", self.at.system),
            task_queue=options.account(self.at.system),
            summary=f"credit memo {self._request.reference} in {self.at.system}",
            priority=options.fair(self.at.contract, urgent=True),
            **options.VENDOR_WRITE,
        )

    async def record_tax(self) -> object:
        """At the tax engine."""
        return await workflow.execute_activity_method(
            CreditPostingActivities.record_credit_tax,
            self._posting("record_credit_tax", self.at.tax_system),
            task_queue=options.account(self.at.tax_system),
            summary=f"tax of {self._request.reference} in {self.at.tax_system}",
            priority=options.fair(self.at.contract, urgent=True),
            **options.VENDOR_WRITE,
        )

    async def concluded(self, why: str) -> Credited:
        """Finish what the ERP has, take back what it has not."""
        request = ConcludeCredit(
            origin=self.origin("conclude_credit"), reference=self._request.reference, system=self.at.system, reason=why
        )
        return await workflow.execute_activity_method(
            CreditPostingActivities.conclude_credit,
            request,
            task_queue=options.account(self.at.system),
            summary=f"credit {self._request.reference} stands everywhere or nowhere",
            **options.VENDOR_UNDO,
        )

    async def bill_to(self) -> str:
        """The other customer's id in the ERP."""
        request = FindBillTo(
            origin=self.origin("find_bill_to"), reference=self._request.reference, system=self.at.customers_system
        )
        written = await workflow.execute_activity_method(
            CreditPostingActivities.find_bill_to,
            request,
            task_queue=options.account(self.at.customers_system),
            summary=f"the other bill-to of {self._request.reference}",
            **options.VENDOR_WRITE,
        )
        return written.target_id

    async def apply(self, invoice: str) -> Credited:
        """What is left, to an invoice of the same customer."""
        request = ApplyCredit(
            origin=self.origin("apply_credit"), reference=self._request.reference, system=self.at.system, invoice=invoice
        )
        return await workflow.execute_activity_method(
            CreditPostingActivities.apply_credit,
            request,
            task_queue=options.account(self.at.system),
            summary=f"apply credit {self._request.reference} to {invoice}",
            **options.VENDOR_WRITE,
        )

    async def transfer(self, invoice: str, amount: Money) -> Credited:
        """So much of what is left, to an invoice of another customer."""
        request = TransferCredit(
            origin=self.origin("transfer_credit"),
            reference=self._request.reference,
            system=self.at.system,
            invoice=invoice,
            amount=amount,
        )
        return await workflow.execute_activity_method(
            CreditPostingActivities.transfer_credit,
            request,
            task_queue=options.account(self.at.system),
            summary=f"transfer of credit {self._request.reference} to {invoice}",
            **options.VENDOR_WRITE,
        )

    def _posting(self, step: str, system: str) -> PostCredit:
        return PostCredit(origin=self.origin(step), reference=self._request.reference, system=system)

    @property
    def at(self) -> Proposed:
        """What the proposal came to."""
        assert self._proposed is not None  # nothing but the proposal happens before it
        return self._proposed

    @property
    def run_name(self) -> str:
        """The run that bills again, named for the credit."""
        return f"{self._request.reference.removeprefix(f'{self.at.contract}.')}.rebill"

    def origin(self, step: str, actor: str = "") -> Origin:
        """Every step of a credit has the credit's correlation."""
        proposed = self._proposed
        return Origin(
            correlation=self._request.reference,
            engagement=proposed.contract if proposed else "",
            actor=actor or self._actor,
            workflow=workflow.info().workflow_id,
            step=step,
            mapping_version=proposed.policy_version if proposed else "",
        )

    def trouble(self) -> Subject:
        """The credit is what waits; the engagement goes on."""
        return Subject("credit", self.at.entity, self.at.customer, self.at.contract, money=self.at.total)
