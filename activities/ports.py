"""What activities need from outside, by capability; connectors and the ledger satisfy these by shape, worker.py joins them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

from canonical.billable import BillableKind
from canonical.billing_schedule import BillingSchedule, RevenuePlan
from canonical.contract import Contract
from canonical.document import DocumentReference, SignedContract
from canonical.engagement import EngagementRow
from canonical.event import InboundEvent, InboxRow
from canonical.exception import Case, CaseTerms, Finding
from canonical.expectation import Expectation
from canonical.fact import Verdict
from canonical.landscape import Capability, Scope
from canonical.money import Money
from canonical.party import Address, Customer, CustomerRecord
from canonical.project import Phase, Project, ProjectRecord, StaffingNeed
from canonical.provenance import Entry, Origin, Write
from canonical.quote import Deal, Quote
from canonical.receivable import AccountStanding, InvoiceNote
from canonical.rules.activation import ActivationRules
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


Port = TypeVar("Port", bound=Connected)


class Routing(Protocol):
    """Which system serves a capability; decided by policy at the time of asking."""

    def system_for(self, capability: Capability, scope: Scope) -> str | None: ...


class ActivationPolicy(Routing, Protocol):
    """The firm's own rules, as far as provisioning needs them; ``on`` is the business date they must be in force."""

    @property
    def version(self) -> str: ...

    def activation_rules(self, entity: str, on: date) -> ActivationRules: ...
    def own_findings(self, point: str, contract: Contract, on: date) -> Sequence[Finding]:
        """What the firm's own rules at a control point have against a contract."""
        ...

    def templates(self, on: date) -> Sequence[ServiceTemplate]: ...
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


# The ledger, as activities see it.


class Clock(Protocol):
    """Business time: the one clock, which tests and rehearsals move."""

    async def now(self) -> datetime: ...


Call = Callable[[], Awaitable[Written]]
LookUp = Callable[[], Awaitable[Written | None]]


class Writes(Protocol):
    """The write protocol of DESIGN 4: reserve, call, record, look up, adopt."""

    async def once(
        self,
        write: Write,
        *,
        request: BaseModel | Mapping[str, object],
        call: Call,
        look_up: LookUp | None,
        declared: Declaration,
    ) -> Written:
        """Carry the write out once, however often and from wherever this is asked.

        Answers what was written, now or before. Raises OutcomePending (with retry_after) while a look-up would be too early,
        OutcomeUnknown where no look-up exists, KeyReusedWithDifferentContent for the same key with another request, and whatever
        definite failure the call raised.
        """
        ...

    async def written(self, key: str) -> Written | None:
        """What this key has written, if it has."""
        ...

    async def outcome(self, key: str, *, look_up: LookUp | None, declared: Declaration) -> Written | None:
        """What became of a write that is about to be undone: its record, or None when there surely is none (never sent,
        refused, or looked up and absent twice). Raises OutcomePending while that cannot be known yet, OutcomeUnknown where
        no look-up exists.
        It never sends anything; a key that turns out absent is closed, so that a late caller cannot carry it out afterwards."""
        ...

    async def settle(self, key: str, *, adopt: str | None, actor: str, reason: str) -> None:
        """A person's word on an unknown outcome: adopt that target id, or (None) it is surely absent and may be sent again."""
        ...


class Audit(Protocol):
    """The append-only trail (R147, R148)."""

    async def note(self, entries: Sequence[Entry]) -> None: ...


class CrossReferences(Protocol):
    """The binder: our reference and a system's id, each for the other (R32)."""

    async def to_theirs(self, system: str, kind: str, reference: str) -> str | None: ...
    async def to_ours(self, system: str, kind: str, target_id: str) -> str | None: ...
    async def all_of(self, reference: str) -> Mapping[tuple[str, str], str]:
        """Every (system, kind) -> target id that is bound to the reference."""
        ...


class Dossiers(Protocol):
    """Payloads by reference: what is too big or too private for a workflow's history, by the hash of its content."""

    async def keep(self, kind: str, reference: str, content: BaseModel) -> str: ...
    async def read(self, dossier: str) -> dict[str, object]: ...
    async def all_of(self, kind: str, reference: str) -> Sequence[dict[str, object]]:
        """Everything of a kind that was kept for a reference, the oldest first."""
        ...


class Cases(Protocol):
    """The exception queue, as activities use it; people use ledger.exceptions through operations."""

    async def open(self, cases: Sequence[Case]) -> list[int]:
        """Open them and answer the numbers, in order; one whose key is open already stays that case, its words renewed."""
        ...

    async def resolve(self, keys: Sequence[str], *, actor: str, reason: str) -> int:
        """Close cases that no longer hold, whatever their state; answers how many."""
        ...

    async def settled_of(self, numbers: Sequence[int]) -> Sequence[Case]:
        """Those of these cases that a person has settled."""
        ...

    async def waiting_under(self, code: str) -> Sequence[Case]:
        """Those of a code that wait for people."""
        ...

    async def of_keys(self, keys: Sequence[str]) -> Sequence[Case]:
        """The newest case of each business key, whatever its state."""
        ...

    async def open_of(self, customer: str, control_point: str) -> Sequence[Case]:
        """Those of a customer that wait at a control point, snoozed ones too."""
        ...

    async def settled_within(self, hours: int) -> Sequence[Case]:
        """Decisions of the last hours that a workflow was to hear, or that have an entry looked at again."""
        ...

    async def standing(self, subjects: Sequence[str], *, step: str) -> Sequence[Case]:
        """The open cases of these subjects that a step opened and no workflow waits for."""
        ...


class Facts(Protocol):
    """What is known of each canonical object's versions, kept for years; the door behind the inbox (DESIGN 4)."""

    async def judge(self, kind: str, reference: str, version: str, fingerprint: str) -> Verdict:
        """Record the version if it is new. ``stale``: older than the newest known (versions sort as text)."""
        ...

    async def versions(self, kind: str, reference: str) -> Sequence[str]: ...


class Received(Protocol):
    """What storing deliveries came to."""

    @property
    def new(self) -> Sequence[int]: ...
    @property
    def duplicates(self) -> int: ...


class Inbox(Protocol):
    """Deliveries, kept first and acted on second."""

    async def receive(self, events: Sequence[InboundEvent]) -> Received: ...
    async def rows(self, numbers: Sequence[int]) -> Sequence[InboxRow]: ...
    async def assign(self, number: int, contract: str) -> None:
        """Now it is known which contract the delivery is about; it is handed on."""
        ...

    async def conclude(self, numbers: Sequence[int], outcome: str) -> None:
        """``taken``, ``duplicate``, ``stale``, ``early``, ``conflicting``, ``foreign``; or ``parked``: handed on again later."""
        ...

    async def unpark_of(self, contract: str) -> int:
        """Hand a contract's parked deliveries on again at once."""
        ...


class Expectations(Protocol):
    """What should have happened and did not is found here by age (DESIGN 6)."""

    async def expect(self, expectation: Expectation) -> None:
        """Set it; one that exists stays as it is."""
        ...

    async def meet(self, keys: Sequence[str]) -> None: ...
    async def to_heal(self) -> Sequence[Expectation]:
        """Those whose heal time has come by business time and that are neither met nor healed; each is given out once."""
        ...

    async def to_raise(self) -> Sequence[Expectation]:
        """Those whose raise time has come and that are neither met nor raised; each is given out until `raised` is told."""
        ...

    async def raised(self, keys: Sequence[str]) -> None: ...


class Watermarks(Protocol):
    """How far each source has been polled (R107)."""

    async def read(self, source: str) -> datetime | None: ...
    async def advance(self, source: str, until: datetime) -> None:
        """Never backwards."""
        ...


class Upkeep(Protocol):
    """What the ledger does for itself at each sweep."""

    async def unpark(self, *, older_than_seconds: int) -> int:
        """Hand parked deliveries on again; answers how many."""
        ...

    async def escalate(self) -> Sequence[int]:
        """Pass overdue exceptions on to the next in their chain; answers their numbers."""
        ...

    async def anchor(self) -> None:
        """Bind the heads of all audit streams together."""
        ...


class Engagements(Protocol):
    """The projection that boards and commands read."""

    async def update(self, row: EngagementRow) -> None: ...
    async def read(self, reference: str) -> EngagementRow | None: ...
    async def customer_with(self, target_id: str) -> str | None:
        """The customer whose record in the ERP has that id."""
        ...

    async def using_customer(self, customer: str, *, besides: str) -> int:
        """How many other engagements, not withdrawn, are of this customer."""
        ...


class Plans(Protocol):
    """Planned revenue, by contract version, for the revenue process and forecasts (R49)."""

    async def plan_revenue(self, plan: RevenuePlan, *, version: int, origin: Origin) -> None: ...
    async def withdraw(self, reference: str, *, version: int, origin: Origin) -> None: ...
