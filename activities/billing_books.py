"""The billing ledger and the firm's billing policy, as activities see them; satisfied by shape (DESIGN 5, 8)."""

from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from activities.ports import ActivationPolicy
from canonical.billable import Billable, BillableKind
from canonical.billing_document import BillingDocument, FrozenRate, LineTerms
from canonical.billing_view import PendingApproval
from canonical.charge import ChargeBatch, TakenBack, ToCharge
from canonical.claim import Claim, Claimed, GroupBy
from canonical.exception import Finding
from canonical.intake import Intake
from canonical.invoice import DocumentRecord, Invoice, InvoiceState
from canonical.journal import JournalRecord
from canonical.money import Money
from canonical.party import Address
from canonical.provenance import Origin
from canonical.rate_card import RateCard
from canonical.rules.close import LatePolicy
from canonical.rules.expenses import ExpensePolicy
from canonical.rules.postings import Chart
from canonical.rules.rating import Placement, RateBook, RatingPolicy
from canonical.sub_ledger import Move, SubLedger, SubLedgerKind, Taken, Want
from canonical.time_entry import TimeEntry


class BillingPolicy(ActivationPolicy, Protocol):
    """The firm's own rules, as far as billing needs them; ``on`` is the business date they must be in force."""

    def chart(self, on: date) -> Chart: ...
    def line_grouping(self, entity: str, on: date) -> tuple[GroupBy, ...]: ...
    def payment_days(self, entity: str, on: date) -> int: ...
    def tax_code(self, entity: str, kind: BillableKind, on: date) -> str: ...
    def rating_policy(self, entity: str, on: date) -> RatingPolicy: ...
    def expense_policy(self, entity: str, category: str, currency: str, on: date) -> ExpensePolicy: ...
    def late_policy(self, entity: str, on: date) -> LatePolicy: ...
    def top_up_share(self, entity: str, on: date) -> Decimal: ...
    def order_tolerance(self, entity: str, customer: str, currency: str, on: date) -> Money: ...
    def needs_release(self, entity: str, total: Money, on: date) -> bool: ...
    def issuer_address(self, entity: str, on: date) -> Address: ...
    def functional_currency(self, entity: str, on: date) -> str: ...
    def billing_code(self, category: str, on: date) -> str: ...


class Entries(Protocol):
    """The door of the ledger."""

    async def accept(self, items: Sequence[Billable], *, batch: str, origin: Origin, anew: bool = False) -> Intake:
        """Take items in, judged against what is known; ``anew`` rates again what is not billed."""
        ...

    async def accept_time(
        self,
        pages: AsyncIterable[Sequence[TimeEntry]],
        book: RateBook,
        place: Callable[[TimeEntry], Placement | Finding],
        *,
        policy: RatingPolicy | None = None,
        batch: str,
        origin: Origin,
        anew: bool = False,
    ) -> tuple[Intake, Sequence[Finding]]:
        """Rate approved time in bulk and take it in; what has no price or place is named one by one, and the rest goes on."""
        ...

    async def accept_rows(
        self, pages: AsyncIterable[Sequence[tuple[object, ...]]], *, batch: str, origin: Origin, anew: bool = False
    ) -> Intake: ...


class Claims(Protocol):
    """What a run takes."""

    async def claim(self, claim: Claim, *, origin: Origin) -> Claimed:
        """Bill what is open in the scope; the same run again answers the same documents and takes nothing."""
        ...

    async def contracts(self, entity: str, through: date) -> Sequence[str]: ...


class Charges(Protocol):
    """Posting batches of time and expenses."""

    async def waiting(self) -> Sequence[ToCharge]:
        """What no batch has claimed yet, by what decides where it goes."""
        ...

    async def systems(self) -> Sequence[str]:
        """The accounts that have batches to finish, or charges to take back."""
        ...

    async def claim(
        self, system: str, entity: str, scopes: Sequence[tuple[str, date]], *, size: int, most: int
    ) -> Sequence[ChargeBatch]:
        """The next batches of an entity, of these regions and days, the oldest first."""
        ...

    async def unposted(self, system: str, again: Sequence[str] = ()) -> Sequence[ChargeBatch]: ...
    async def posted(self, batch: str, ids: Mapping[str, str]) -> None: ...
    async def refused(self, batch: str) -> None: ...
    async def ask_back(self, wanted: Sequence[TakenBack]) -> int: ...
    async def to_take_back(self, system: str, *, most: int = 1_000) -> Sequence[TakenBack]: ...
    async def taken_back(self, one: TakenBack, *, origin: Origin) -> None: ...
    async def settled(self, one: TakenBack) -> None: ...


class Documents(Protocol):
    """The firm's invoices and credit memos."""

    async def read(self, reference: str) -> BillingDocument: ...
    async def of(self, contract: str) -> Sequence[BillingDocument]: ...
    async def invoice(self, reference: str) -> Invoice: ...
    async def complete(
        self, reference: str, tax: Money, lines: Sequence[LineTerms], *, rate: FrozenRate | None = None, origin: Origin
    ) -> BillingDocument: ...
    async def move(self, reference: str, state: InvoiceState, *, code: str = "", origin: Origin) -> BillingDocument: ...
    async def withdraw(self, reference: str, reason: str, *, origin: Origin) -> BillingDocument: ...
    async def posted(self, reference: str, record: DocumentRecord, *, system: str, origin: Origin) -> BillingDocument: ...


class Credits(Protocol):
    """Retainer draws and credits."""

    async def draw(self, document: str, contract: str, name: str, wanted: Money, *, words: str, account: str) -> Taken | None: ...


class SubLedgers(Protocol):
    """Retainers, purchase orders and caps."""

    async def open(self, account: SubLedger, *, origin: Origin) -> None: ...
    async def read(self, kind: SubLedgerKind, contract: str, name: str) -> SubLedger | None: ...
    async def of(self, contract: str) -> Sequence[SubLedger]: ...
    async def fund(self, want: Want, *, origin: Origin) -> Move: ...


class Item(Protocol):
    """An item as it stands."""

    @property
    def item(self) -> Billable: ...
    @property
    def hold_code(self) -> str: ...
    @property
    def hold_note(self) -> str: ...


class Billables(Protocol):
    """Items by name."""

    async def read(self, references: Sequence[str]) -> Sequence[Item]: ...
    async def release(self, references: Sequence[str], *, origin: Origin) -> int:
        """Let them be billed; answers how many were held."""
        ...

    async def withdraw(self, items: Sequence[tuple[str, str, str]], reason: str, *, origin: Origin) -> Intake:
        """Approval was taken back of these (reference, source, source version); what is billed or exported is named."""
        ...


class RateCards(Protocol):
    """Rate cards by engagement."""

    async def for_contracts(self, contracts: Sequence[str]) -> Sequence[RateCard]: ...


class Journals(Protocol):
    """The ERP's postings of our documents, mirrored; each balances (U3)."""

    async def keep(self, system: str, records: Sequence[JournalRecord]) -> int: ...


class ExchangeRates(Protocol):
    """Rates with source and time."""

    async def holding(self, currency: str, functional: str, at: datetime, *, source: str = "") -> FrozenRate | None: ...


class Pending(Protocol):
    """What waits for an approval."""

    async def keep(self, waiting: Sequence[PendingApproval], *, gone: Sequence[str] = ()) -> None: ...


class BillingBooks(Protocol):
    """All of it, over one pool."""

    @property
    def billables(self) -> Billables: ...

    @property
    def entries(self) -> Entries: ...
    @property
    def claims(self) -> Claims: ...
    @property
    def charges(self) -> Charges: ...
    @property
    def documents(self) -> Documents: ...
    @property
    def credits(self) -> Credits: ...
    @property
    def rate_cards(self) -> RateCards: ...
    @property
    def journals(self) -> Journals: ...
    @property
    def exchange_rates(self) -> ExchangeRates: ...
    @property
    def sub_ledgers(self) -> SubLedgers: ...
    @property
    def pending(self) -> Pending: ...
