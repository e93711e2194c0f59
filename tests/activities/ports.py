"""The firm's systems as small remembering classes: CRM with CPQ, e-signature, PSA, ERP and documents."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from activities.ports import Billing, ChangeFeed, Contracts, Crm, CrmUpdate, Customers, Documents, ProjectAccounting, Psa, Quotes
from canonical.acceptance import Acceptance
from canonical.billing_schedule import BillingSchedule
from canonical.document import DocumentReference, SignedContract, SigningState
from canonical.errors import NotFound, Rejected, Unavailable
from canonical.event import InboundEvent
from canonical.money import Money
from canonical.party import Customer, CustomerRecord
from canonical.project import Phase, Project, ProjectRecord, ProjectState, StaffingNeed
from canonical.quote import Deal, Quote
from canonical.receivable import AccountStanding, InvoiceNote
from canonical.written import Written
from tests.activities.billing_ports import RememberingReceivables, RememberingTime
from tests.activities.memory import Record, Remembering

PDF = b"%PDF-1.7 signed by both"


class RememberingCrm(Remembering):
    """Deals, accounts and quotes, and what the deals were told."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.deals: dict[str, Deal] = {}
        self.accounts: dict[str, Customer] = {}
        self.quotes: dict[str, Quote] = {}
        self.told: list[CrmUpdate] = []
        self.exposures: list[AccountStanding] = []
        self.changed: list[InboundEvent] = []
        self.windows: list[tuple[datetime, datetime]] = []
        self.is_down = False

    async def find_deal(self, contract: str) -> Deal | None:
        return self.deals.get(contract)

    async def read_deal(self, deal_id: str) -> Deal:
        for deal in self.deals.values():
            if deal.target_id == deal_id:
                return deal
        raise NotFound(f"There is no deal {deal_id}")

    async def read_account(self, account_id: str) -> Customer:
        return self.accounts[account_id]

    async def read_quote(self, quote_id: str) -> Quote:
        return self.quotes[quote_id]

    async def write_back(self, update: CrmUpdate, *, key: str) -> Written:
        def told() -> Written:
            self.records[key] = Record(f"note/{key}", "deal_note", update.contract)
            self.told.append(update)
            return self.records[key].written()

        return await self.do("write_back", f"{update.contract} {update.status}", told)

    async def find_write_back(self, update: CrmUpdate, *, key: str) -> Written | None:
        return self.find(key)

    async def knows_account(self, customer: str) -> bool:
        return customer in {one.reference for one in self.accounts.values()}

    async def tell_account(self, standing: AccountStanding, *, key: str) -> Written:
        def told() -> Written:
            self.records[key] = Record(f"note/{key}", "exposure", standing.customer)
            self.exposures.append(standing)
            return self.records[key].written()

        return await self.do("tell_account", standing.customer, told)

    async def find_account_note(self, standing: AccountStanding, *, key: str) -> Written | None:
        return self.find(key)

    async def changes(self, since: datetime, until: datetime) -> AsyncIterator[InboundEvent]:
        self.windows.append((since, until))
        for event in self.changed:
            if event.occurred_at and since <= event.occurred_at < until:
                yield event
        if self.is_down:
            raise Unavailable("503")

    def words(self, contract: str) -> list[str]:
        """The statuses that a deal was told, in order."""
        return [update.status for update in self.told if update.contract == contract]

    def last_note(self, contract: str) -> str:
        """The newest word on a deal."""
        return [update.note for update in self.told if update.contract == contract][-1]


class RememberingContracts(Remembering):
    """Envelopes by contract, the newest executed one first."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.envelopes: dict[str, list[SignedContract]] = {}
        self.unreadable: set[str] = set()

    async def find_signed(self, contract: str) -> SignedContract | None:
        held = sorted(self.envelopes.get(contract, []), key=lambda one: one.version)
        executed = [one for one in held if one.state is SigningState.EXECUTED]
        return (executed or held or [None])[-1]  # type: ignore[list-item]

    async def read_signed(self, target_id: str) -> SignedContract:
        for envelope in (one for held in self.envelopes.values() for one in held):
            if envelope.target_id == target_id:
                return envelope
        if target_id in self.unreadable:
            raise Rejected(f"The envelope {target_id} has no usable contract", remedy="Correct the field ContractReference.")
        raise NotFound(f"There is no envelope {target_id}")

    async def download(self, document: DocumentReference) -> bytes:
        return PDF


class RememberingPsa(RememberingTime):
    """Projects with their phases and staffing requests, and what they were told of invoices."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.notes: dict[str, InvoiceNote] = {}
        self.acceptances: dict[str, Acceptance] = {}
        self.values: dict[str, Money] = {}

    async def read_acceptance(self, target_id: str) -> Acceptance | None:
        return self.acceptances.get(target_id)

    async def create_project(self, project: Project, *, key: str) -> Written:
        return await self.make("create_project", "project", project.reference, key)

    async def find_project(self, reference: str, *, key: str) -> Written | None:
        return self.find(key)

    async def add_phases(self, project_id: str, phases: Sequence[Phase], *, key: str) -> Written:
        return await self.make("add_phases", "phases", f"{project_id}.{_names(phases)}", key)

    async def find_phases(self, project_id: str, phases: Sequence[Phase], *, key: str) -> Written | None:
        return self.find(key)

    async def request_staffing(self, project_id: str, needs: Sequence[StaffingNeed], *, key: str) -> Written:
        return await self.make("request_staffing", "staffing", project_id, key)

    async def find_staffing(self, project_id: str, needs: Sequence[StaffingNeed], *, key: str) -> Written | None:
        return self.find(key)

    async def activate_project(self, project_id: str, *, key: str) -> Written:
        return await self.end("activate_project", project_id, "", state="active")

    async def change_value(self, project_id: str, value: Money, *, key: str) -> Written:
        def told() -> Written:
            self.values[project_id] = value
            return self.of(project_id).written()

        return await self.do("change_value", self.of(project_id).reference, told)

    async def archive_project(self, project_id: str, reason: str, *, key: str) -> Written:
        self.take_along(project_id)
        return await self.end("archive_project", project_id, reason, state="archived")

    async def archive_unfinished(self, reference: str, reason: str, *, key: str) -> Written | None:
        half = self.records.get(key)
        return await self.archive_project(half.target_id, reason, key=key) if half else None

    async def read_project(self, project_id: str) -> ProjectRecord:
        record = self.of(project_id)
        state = {"live": ProjectState.PLANNED, "active": ProjectState.ACTIVE}.get(record.state, ProjectState.ARCHIVED)
        return ProjectRecord(target_id=project_id, reference=record.reference, state=state, value=self.values.get(project_id))

    async def note_invoice(self, project_id: str, note: InvoiceNote, *, key: str) -> Written:
        written = await self.make("note_invoice", "invoice_note", note.reference, key)
        self.notes[note.reference] = note
        return written

    async def find_invoice_note(self, project_id: str, note: InvoiceNote, *, key: str) -> Written | None:
        return self.find(key)


class RememberingErp(RememberingReceivables):
    """Customers, financial projects and billing schedules; invoices besides."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.known: list[CustomerRecord] = []
        self.values: dict[str, Money] = {}

    async def candidates(self, customer: Customer) -> Sequence[CustomerRecord]:
        gone = {record.target_id for record in self.records.values() if record.state == "gone"}
        return [record for record in self.known if record.reference == customer.reference and record.target_id not in gone]

    async def create_customer(self, customer: Customer, *, key: str) -> Written:
        try:
            return await self.make("create_customer", "customer", customer.reference, key)
        finally:
            if made := self.find(key):
                self._know(customer, made.target_id)

    def _know(self, customer: Customer, target_id: str) -> None:
        numbers = tuple(one.number for one in customer.tax_registrations)
        record = CustomerRecord(
            target_id=target_id,
            reference=customer.reference,
            legal_name=customer.legal_name,
            entity=customer.entity,
            tax_numbers=numbers,
        )
        self.known = [one for one in self.known if one.target_id != target_id] + [record]

    async def find_customer(self, reference: str, *, key: str) -> Written | None:
        return self.find(key)

    async def withdraw_customer(self, target_id: str, reason: str, *, key: str) -> Written:
        return await self.end("withdraw_customer", target_id, reason)

    async def create_project(self, project: Project, customer_id: str, *, key: str) -> Written:
        return await self.make("create_project", "project", project.reference, key)

    async def find_project(self, reference: str, *, key: str) -> Written | None:
        return self.find(key)

    async def add_phases(self, project_id: str, phases: Sequence[Phase], *, key: str) -> Written:
        return await self.make("add_phases", "phases", f"{project_id}.{_names(phases)}", key)

    async def find_phases(self, project_id: str, phases: Sequence[Phase], *, key: str) -> Written | None:
        return self.find(key)

    async def change_value(self, project_id: str, value: Money, *, key: str) -> Written:
        def told() -> Written:
            self.values[project_id] = value
            return self.of(project_id).written()

        return await self.do("change_value", self.of(project_id).reference, told)

    async def withdraw_project(self, project_id: str, reason: str, *, key: str) -> Written:
        return await self.end("withdraw_project", project_id, reason)

    async def read_project(self, project_id: str) -> ProjectRecord:
        record = self.of(project_id)
        state = ProjectState.ARCHIVED if record.state == "gone" else ProjectState.PLANNED
        return ProjectRecord(target_id=project_id, reference=record.reference, state=state, value=self.values.get(project_id))

    async def create_schedule(self, schedule: BillingSchedule, project_id: str, *, key: str) -> Written:
        return await self.make("create_schedule", "schedule", schedule.reference, key)

    async def find_schedule(self, reference: str, *, key: str) -> Written | None:
        return self.find(key)

    async def cancel_schedule(self, target_id: str, reason: str, *, key: str) -> Written:
        return await self.end("cancel_schedule", target_id, reason)

    async def cancel_unfinished(self, schedule: BillingSchedule, reason: str, *, key: str) -> Written | None:
        return await self.clear("cancel_unfinished", key, reason)

    async def withdraw_unfinished(self, reference: str, reason: str, *, key: str) -> Written | None:
        return await self.clear("withdraw_unfinished", key, reason)


class RememberingDocuments(Remembering):
    """Workspaces and the documents in them."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.contents: dict[str, bytes] = {}

    async def create_workspace(self, contract: str, title: str, folders: Sequence[str], *, key: str) -> Written:
        return await self.make("create_workspace", "workspace", contract, key)

    async def find_workspace(self, contract: str, *, key: str) -> Written | None:
        return self.find(key)

    async def upload(self, workspace_id: str, path: str, content: bytes, *, key: str) -> Written:
        self.contents[f"{workspace_id}/{path}"] = content
        return await self.make("upload", "document", workspace_id, key)

    async def find_document(self, workspace_id: str, path: str, *, key: str) -> Written | None:
        return self.find(key)

    async def withdraw_workspace(self, workspace_id: str, reason: str, *, key: str) -> Written:
        self.take_along(workspace_id)
        return await self.end("withdraw_workspace", workspace_id, reason)


def _names(phases: Sequence[Phase]) -> str:
    return "+".join(phase.reference for phase in phases)


# The type checker holds them to the ports.
_CRM: type[Crm] = RememberingCrm
_QUOTES: type[Quotes] = RememberingCrm
_FEED: type[ChangeFeed] = RememberingCrm
_CONTRACTS: type[Contracts] = RememberingContracts
_PSA: type[Psa] = RememberingPsa
_CUSTOMERS: type[Customers] = RememberingErp
_ACCOUNTING: type[ProjectAccounting] = RememberingErp
_BILLING: type[Billing] = RememberingErp
_DOCUMENTS: type[Documents] = RememberingDocuments
