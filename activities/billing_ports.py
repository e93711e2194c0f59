"""What billing needs from outside, by capability; connectors satisfy these by shape, as with activities/ports.py."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

from activities.ports import Connected
from canonical.charge import ChargeLine
from canonical.invoice import CreditMemo, DocumentRecord, Invoice
from canonical.journal import AccountingPeriod, Journal, JournalRecord
from canonical.money import Money
from canonical.payment import Payment
from canonical.person import Person
from canonical.tax import TaxAnswer, TaxQuestion
from canonical.time_entry import ExpenseItem, TimeEntry
from canonical.written import Written


@runtime_checkable
class Time(Connected, Protocol):
    """Time and expenses, where people record them."""

    def time_entries(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[TimeEntry]]:
        """Every entry whose record changed in the half-open window (by the source's clock), whatever its state, deleted ones too
        where the source can tell; a page at a time, in the source's page size. May repeat an entry, never skips one."""
        ...

    def expenses(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[ExpenseItem]]:
        """The same for expenses."""
        ...

    async def entries_of(self, source_ids: Sequence[str]) -> Sequence[TimeEntry]:
        """These entries as they are now; one that is gone is told as deleted where the source can tell, else left out."""
        ...

    async def expenses_of(self, source_ids: Sequence[str]) -> Sequence[ExpenseItem]:
        """The same for expenses."""
        ...


@runtime_checkable
class People(Connected, Protocol):
    """Who delivers, from HR."""

    def people(self, changed_since: datetime | None, as_of: date) -> AsyncIterator[Sequence[Person]]:
        """Workers (contingent ones, future hires and those who left too), a page at a time; all of them when no date is given."""
        ...


@runtime_checkable
class Tax(Connected, Protocol):
    """A tax engine."""

    async def probe(self, question: TaxQuestion) -> TaxAnswer:
        """What the tax would be; records nothing (S17)."""
        ...

    async def record(self, question: TaxQuestion, *, key: str) -> Written:
        """Create or adjust the document of that code and commit it; ``details`` hold ``tax`` and ``certificate``."""
        ...

    async def find_recorded(self, reference: str, *, key: str) -> Written | None:
        """By document code, committed only."""
        ...

    async def read_answer(self, reference: str) -> TaxAnswer:
        """The recorded document's tax by line."""
        ...

    async def void(self, reference: str, reason: str, *, key: str) -> Written:
        """The reverse of record; a void or unknown one stays so."""
        ...


@runtime_checkable
class Receivables(Connected, Protocol):
    """Invoices, credit memos and payments of the ERP.

    Connectors declare the kinds ``charges``, ``invoice``, ``credit_memo``, ``deposit``, ``application``,
    ``transfer``, with line limit, rounding level and closed-period behaviour.
    """

    async def post_charges(self, lines: Sequence[ChargeLine], *, key: str) -> Written:
        """Time and expenses as charges of their projects, in bulk; a batch that was committed in part posts only the rest (S20).

        They post to no account: what is owed is said by invoices. ``target_id`` names the batch, ``details`` map references to
        ids where the answer tells them. What is refused is named in the evidence (``refused``) while the others go on. A system
        without charges raises NotServed, and declares no kind ``charges``.
        """
        ...

    async def find_charges(self, references: Sequence[str], *, key: str) -> dict[str, str]:
        """Which of these billables are charges there, with their ids."""
        ...

    async def reverse_charges(self, references: Sequence[str], reason: str, *, key: str) -> Written:
        """The reverse of post_charges."""
        ...

    async def revise_charges(self, lines: Sequence[ChargeLine], *, key: str) -> Written:
        """Charges that stand say these amounts from now on; said again, it changes nothing. One that is gone stays gone."""
        ...

    async def post_invoice(self, invoice: Invoice, *, customer_id: str, project_id: str, key: str) -> Written:
        """Created and posted; the answer's ``number`` is the ERP's. The ERP must come to our tax, or it is refused."""
        ...

    async def find_invoice(self, reference: str, *, key: str) -> Written | None: ...
    async def read_invoice(self, target_id: str) -> DocumentRecord: ...
    async def withdraw_invoice(self, target_id: str, reason: str, *, key: str) -> Written:
        """Take a draft back; one that is posted is refused (credit it)."""
        ...

    async def post_credit_memo(self, memo: CreditMemo, *, invoice_id: str, key: str) -> Written:
        """Created, posted, and applied to its invoice as far as that is open; the rest stays as the customer's credit."""
        ...

    async def find_credit_memo(self, reference: str, *, key: str) -> Written | None: ...
    async def read_credit_memo(self, target_id: str) -> DocumentRecord: ...

    async def post_deposit(
        self, reference: str, customer_id: str, amount: Money, on: date, *, exchange_rate: Decimal | None = None, key: str
    ) -> Written:
        """A customer deposit: a liability (2350) until it is applied, carried at the rate that is given (S13)."""
        ...

    async def find_deposit(self, reference: str, *, key: str) -> Written | None: ...

    async def apply_credit(self, source_id: str, invoice_id: str, amount: Money, *, key: str) -> Written:
        """Apply a deposit, an unapplied payment or an open credit memo to an invoice of the same customer and currency."""
        ...

    async def find_application(self, source_id: str, invoice_id: str, *, key: str) -> Written | None: ...

    async def transfer_credit(
        self, reference: str, source_id: str, invoice_id: str, amount: Money, on: date, *, key: str
    ) -> Written:
        """So much of a credit memo settles an invoice of another customer of the same entity and currency (S07).

        The answer's ``target_id`` is the document that settles the invoice; ``details['journal']`` another one that it took.
        """
        ...

    async def find_transfer(self, reference: str, source_id: str, invoice_id: str, *, key: str) -> Written | None: ...

    def documents(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[DocumentRecord]]:
        """Invoices and credit memos that changed in the window: their status is polled where there are no events."""
        ...

    def payments(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[Payment]]:
        """Customer payments that changed in the window, with what they are applied to."""
        ...


@runtime_checkable
class Approving(Protocol):
    """An ERP whose invoices are drafts until we approve them."""

    async def approve_invoice(self, target_id: str) -> None:
        """Post a draft of ours, as when a person adopted it; one that is posted, or others must approve, stays as it is."""
        ...


@runtime_checkable
class GeneralLedger(Connected, Protocol):
    """Journals and accounting periods of the ERP; the kind declared is ``journal``."""

    async def post_journal(self, journal: Journal, *, key: str) -> Written: ...
    async def find_journal(self, reference: str, *, key: str) -> Written | None: ...
    async def reverse_journal(self, target_id: str, on: date, reason: str, *, key: str) -> Written: ...
    async def read_journals(self, document_id: str) -> Sequence[JournalRecord]:
        """What a document posted."""
        ...

    async def periods(self, entity: str) -> Sequence[AccountingPeriod]:
        """All periods of the entity, the oldest first."""
        ...
