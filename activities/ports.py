"""What activities need from outside, by capability, and from the firm's rules; satisfied by shape, joined in worker.py."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from pydantic import BaseModel

from canonical.acceptance import Acceptance
from canonical.billable import BillableKind
from canonical.billing_schedule import BillingSchedule
from canonical.contract import Contract
from canonical.document import DocumentReference, SignedContract
from canonical.event import InboundEvent
from canonical.exception import CaseTerms, Finding
from canonical.landscape import Capability, Scope
from canonical.money import Money
from canonical.party import Address, Customer, CustomerRecord
from canonical.project import Phase, Project, ProjectRecord, StaffingNeed
from canonical.quote import Deal, Quote
from canonical.receivable import AccountStanding, InvoiceNote
from canonical.rules.activation import ActivationRules
from canonical.rules.recurring import RecurringPolicy
from canonical.service_template import ServiceTemplate
from canonical.written import Declaration, Written

# Business systems. Every `create_*` is sent once by the write protocol (Writes.once) and takes `key`, our business key, which the
# connector puts where `find_*` finds it again. `find_*` answers None only when the record is not there, as far as they show it.
# All of them raise the named failures of canonical.errors and nothing else.


@runtime_checkable
class Connected(Protocol):
    """What every connector has."""

    name: str

    def declares(self, kind: str) -> Declaration:
        """What it says of a kind of write: customer, project, phase, staffing, schedule, workspace, document, write_back ..."""
        ...

    async def check(self) -> str:
        """Prove that address, credentials and rights work, with one cheap read; says what was seen, raises a named failure."""
        ...


@runtime_checkable
class ChangeFeed(Connected, Protocol):
    """A system whose changes are asked for, since it has no events or they may be lost (R107)."""

    def changes(self, since: datetime, until: datetime) -> AsyncIterator[InboundEvent]:
        """Records changed in the half-open window, by the source's own clock; may repeat, never skips. `event_id` is built from
        object and version, so that the same change polled twice is one event."""
        ...


class CrmUpdate(BaseModel):
    """What a deal is told about its handoff; empty fields are left alone."""

    contract: str
    deal_id: str
    status: str
    note: str = ""
    project_id: str = ""
    erp_project_id: str = ""
    customer_id: str = ""
    workspace_url: str = ""


@runtime_checkable
class Crm(Connected, Protocol):
    """Customer relationship management."""

    async def find_deal(self, contract: str) -> Deal | None: ...
    async def read_deal(self, deal_id: str) -> Deal: ...
    async def read_account(self, account_id: str) -> Customer: ...
    async def write_back(self, update: CrmUpdate, *, key: str) -> Written: ...
    async def find_write_back(self, update: CrmUpdate, *, key: str) -> Written | None: ...
    async def knows_account(self, customer: str) -> bool:
        """Whether an account there stands for the customer."""
        ...

    async def tell_account(self, standing: AccountStanding, *, key: str) -> Written:
        """What the customer owes and contests, onto its account and its deals (R101); the kind is ``exposure``."""
        ...

    async def find_account_note(self, standing: AccountStanding, *, key: str) -> Written | None: ...


@runtime_checkable
class Quotes(Connected, Protocol):
    """Configure, price, quote."""

    async def read_quote(self, quote_id: str) -> Quote: ...


@runtime_checkable
class Contracts(Connected, Protocol):
    """Contract lifecycle management and e-signature."""

    async def find_signed(self, contract: str) -> SignedContract | None:
        """The newest executed version for our contract reference, else the newest of any state."""
        ...

    async def read_signed(self, target_id: str) -> SignedContract: ...
    async def download(self, document: DocumentReference) -> bytes: ...


@runtime_checkable
class Psa(Connected, Protocol):
    """Professional services automation."""

    async def create_project(self, project: Project, *, key: str) -> Written:
        """The project with its phases, tasks and milestones, not yet open for time. Completes a half-made one of the same key."""
        ...

    async def find_project(self, reference: str, *, key: str) -> Written | None:
        """The project of that key, only if it is whole; a half-made one counts as absent (and is completed by create_project)."""
        ...

    async def add_phases(self, project_id: str, phases: Sequence[Phase], *, key: str) -> Written: ...
    async def find_phases(self, project_id: str, phases: Sequence[Phase], *, key: str) -> Written | None: ...
    async def request_staffing(self, project_id: str, needs: Sequence[StaffingNeed], *, key: str) -> Written: ...
    async def find_staffing(self, project_id: str, needs: Sequence[StaffingNeed], *, key: str) -> Written | None: ...
    async def activate_project(self, project_id: str, *, key: str) -> Written:
        """Open it for time; an active one stays so."""
        ...

    async def archive_project(self, project_id: str, reason: str, *, key: str) -> Written:
        """The reverse of create_project; an archived one stays so."""
        ...

    async def archive_unfinished(self, reference: str, reason: str, *, key: str) -> Written | None:
        """The reverse of a create_project that was refused halfway: archive what bears the reference, whole or not."""
        ...

    async def read_project(self, project_id: str) -> ProjectRecord: ...
    async def note_invoice(self, project_id: str, note: InvoiceNote, *, key: str) -> Written:
        """An invoice's number and where it stands, beside the project; a later note of the same invoice replaces it (R100)."""
        ...

    async def find_invoice_note(self, project_id: str, note: InvoiceNote, *, key: str) -> Written | None: ...


@runtime_checkable
class Accepting(Connected, Protocol):
    """Where it stands that a customer accepted a milestone, other than in what was submitted to us."""

    async def read_acceptance(self, target_id: str) -> Acceptance | None:
        """What the record says of it now; nothing where it is no milestone of ours, or nobody ever accepted it.

        The version grows with each acceptance and each taking back, not with other changes of the record.
        """
        ...


@runtime_checkable
class Valued(Connected, Protocol):
    """Where a project says what it was sold for, and may be told otherwise once it lives (S14)."""

    async def change_value(self, project_id: str, value: Money, *, key: str) -> Written:
        """The whole value from now on; one that is said already stays."""
        ...

    async def read_project(self, project_id: str) -> ProjectRecord: ...


@runtime_checkable
class Customers(Connected, Protocol):
    """Customer master of the ERP."""

    async def candidates(self, customer: Customer) -> Sequence[CustomerRecord]:
        """Records that might be this customer, in any legal entity: same tax number, our reference, or a similar name."""
        ...

    async def create_customer(self, customer: Customer, *, key: str) -> Written: ...
    async def find_customer(self, reference: str, *, key: str) -> Written | None: ...
    async def withdraw_customer(self, target_id: str, reason: str, *, key: str) -> Written:
        """Make inactive; the reverse of create_customer."""
        ...


@runtime_checkable
class ProjectAccounting(Connected, Protocol):
    """Financial project structure of the ERP."""

    async def create_project(self, project: Project, customer_id: str, *, key: str) -> Written: ...
    async def find_project(self, reference: str, *, key: str) -> Written | None: ...
    async def add_phases(self, project_id: str, phases: Sequence[Phase], *, key: str) -> Written: ...
    async def find_phases(self, project_id: str, phases: Sequence[Phase], *, key: str) -> Written | None: ...
    async def withdraw_project(self, project_id: str, reason: str, *, key: str) -> Written: ...
    async def withdraw_unfinished(self, reference: str, reason: str, *, key: str) -> Written | None:
        """The reverse of a create_project that stopped halfway: withdraw what bears the reference, whole or not."""
        ...

    async def read_project(self, project_id: str) -> ProjectRecord: ...


@runtime_checkable
class Billing(Connected, Protocol):
    """Billing schedules and rules, in the ERP or a billing engine."""

    async def create_schedule(self, schedule: BillingSchedule, project_id: str, *, key: str) -> Written:
        """All items and rules; a half-made schedule of the same key is completed."""
        ...

    async def find_schedule(self, reference: str, *, key: str) -> Written | None: ...
    async def cancel_schedule(self, target_id: str, reason: str, *, key: str) -> Written: ...
    async def cancel_unfinished(self, schedule: BillingSchedule, reason: str, *, key: str) -> Written | None:
        """The reverse of a create_schedule that stopped halfway: cancel whatever of it is there."""
        ...


@runtime_checkable
class Documents(Connected, Protocol):
    """Document workspaces."""

    async def create_workspace(self, contract: str, title: str, folders: Sequence[str], *, key: str) -> Written: ...
    async def find_workspace(self, contract: str, *, key: str) -> Written | None: ...
    async def upload(self, workspace_id: str, path: str, content: bytes, *, key: str) -> Written: ...
    async def find_document(self, workspace_id: str, path: str, *, key: str) -> Written | None: ...
    async def withdraw_workspace(self, workspace_id: str, reason: str, *, key: str) -> Written: ...


@runtime_checkable
class Tickets(Connected, Protocol):
    """IT service management, for the hand-off of exceptions (R133)."""

    async def open_ticket(self, title: str, text: str, *, key: str) -> Written: ...
    async def find_ticket(self, *, key: str) -> Written | None: ...
    async def close_ticket(self, target_id: str, note: str, *, key: str) -> Written: ...


class Routing(Protocol):
    """Which system serves a capability; decided by policy at the time of asking."""

    def system_for(self, capability: Capability, scope: Scope) -> str | None: ...
    def serving(self, capability: Capability, on: date) -> Mapping[str | None, Sequence[str]]:
        """By system the legal entities for which it serves the capability; None: those for which nobody does."""
        ...


class ActivationPolicy(Routing, Protocol):
    """The firm's own rules, as far as provisioning needs them; ``on`` is the business date they must be in force."""

    @property
    def version(self) -> str: ...

    def activation_rules(self, entity: str, on: date) -> ActivationRules: ...
    def own_findings(self, point: str, contract: Contract, on: date) -> Sequence[Finding]:
        """What the firm's own rules at a control point have against a contract."""
        ...

    def templates(self, on: date) -> Sequence[ServiceTemplate]: ...
    def recurring_policy(self, entity: str, on: date) -> RecurringPolicy: ...
    def signed_labels(self, on: date) -> Mapping[str, str]: ...
    def issuer_address(self, entity: str, on: date) -> Address: ...
    def tax_code(self, entity: str, kind: BillableKind, on: date) -> str: ...
    def quote_tolerance(self, entity: str, currency: str, on: date) -> Money: ...
    def require_owner(self, writer: str, owned: str, field: str, scope: Scope, *, held: object, offered: object) -> None:
        """Raise NotOwner, with both values, when the writer is not the field's system of record (R25)."""
        ...

    def case_terms(self, code: str, entity: str, at: datetime) -> CaseTerms: ...
    def deadlines(self, what: str, entity: str, since: datetime) -> tuple[datetime, datetime]:
        """When the absence of something is healed, and when it is raised, in the entity's business hours."""
        ...
