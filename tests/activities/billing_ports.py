"""Receivables, a general ledger and recorded time that remember."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from canonical.charge import ChargeLine
from canonical.invoice import CreditMemo, DocumentRecord, DocumentState, Invoice
from canonical.journal import AccountingPeriod, Journal, JournalLine, JournalRecord, PeriodState
from canonical.money import Money
from canonical.payment import Payment
from canonical.period import Period
from canonical.reconciliation import Listed, Thing
from canonical.rules.reconciling import listed as compared
from canonical.time_entry import ExpenseItem, TimeEntry
from canonical.written import Written
from tests.activities.memory import Remembering


class RememberingReceivables(Remembering):
    """Invoices and credit memos as they were requested, and what people pay; journals are the connectors' own tests."""

    listings = frozenset({Thing.DOCUMENT})

    async def listed(self, thing: Thing, *, entity: str, days: Period) -> AsyncIterator[Sequence[Listed]]:
        """The invoices that are here, each a page; one that was forgotten is lost."""
        for target_id, invoice in self.invoices.items():
            yield [_listed_invoice(target_id, invoice)]

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.invoices: dict[str, Invoice] = {}
        self.charges: dict[str, ChargeLine] = {}
        self.memos: dict[str, CreditMemo] = {}
        self.settled: dict[str, Money] = {}
        self.transfers: list[str] = []
        self.applied: list[str] = []
        self.journals: dict[str, JournalRecord] = {}
        self.closed: set[tuple[str, date]] = set()
        self.statuses: list[DocumentRecord] = []
        self.paid: list[Payment] = []

    def lose(self, target_id: str) -> None:
        """Somebody deleted it."""
        del self.invoices[target_id]
        self.records = {key: record for key, record in self.records.items() if record.target_id != target_id}

    async def post_charges(self, lines: Sequence[ChargeLine], *, key: str) -> Written:
        try:
            return await self.make("post_charges", "charges", lines[0].billable.contract, key)
        finally:
            if self.find(key):  # also where its answer is lost
                self.charges |= {line.billable.reference: line for line in lines}

    async def find_charges(self, references: Sequence[str], *, key: str) -> dict[str, str]:
        return {reference: f"charge-{reference}" for reference in references if reference in self.charges}

    async def reverse_charges(self, references: Sequence[str], reason: str, *, key: str) -> Written:
        written = await self.make("reverse_charges", "reversal", references[0], key)
        for reference in references:
            self.charges.pop(reference, None)
        return written

    async def revise_charges(self, lines: Sequence[ChargeLine], *, key: str) -> Written:
        written = await self.make("revise_charges", "revision", lines[0].billable.reference, key)
        self.charges |= {line.billable.reference: line for line in lines if line.billable.reference in self.charges}
        return written

    async def post_invoice(self, invoice: Invoice, *, customer_id: str, project_id: str, key: str) -> Written:
        try:
            return await self.make("post_invoice", "invoice", invoice.reference, key)
        finally:
            if made := self.find(key):
                self.invoices[made.target_id] = invoice

    async def find_invoice(self, reference: str, *, key: str) -> Written | None:
        return self.find(key)

    async def read_invoice(self, target_id: str) -> DocumentRecord:
        return self._record("INV", self.invoices[target_id], target_id)

    def pay(self, target_id: str, amount: Money) -> None:
        """Money, or a credit, settles so much of a document."""
        self.settled[target_id] = self.settled.get(target_id, Money.zero(amount.currency)) + amount

    def _record(self, kind: str, document: Invoice | CreditMemo, target_id: str) -> DocumentRecord:
        left = document.total - self.settled.get(target_id, Money.zero(document.currency))
        return DocumentRecord(
            target_id=target_id,
            number=f"{kind}-{document.reference}",
            state=DocumentState.OPEN if left.amount else DocumentState.PAID,
            net=document.net,
            tax=document.tax,
            total=document.total,
            open=left,
            posted_on=document.accounting_date,
        )

    async def withdraw_invoice(self, target_id: str, reason: str, *, key: str) -> Written:
        return await self.end("withdraw_invoice", target_id, reason)

    async def post_credit_memo(self, memo: CreditMemo, *, invoice_id: str, key: str) -> Written:
        try:
            return await self.make("post_credit_memo", "credit_memo", memo.reference, key)
        finally:
            made = self.find(key)
            if made:
                self._keep(memo, made.target_id, invoice_id)

    def _keep(self, memo: CreditMemo, target_id: str, invoice_id: str) -> None:
        if target_id not in self.memos:
            self.memos[target_id] = memo
            applied = min(memo.total, self._record("INV", self.invoices[invoice_id], invoice_id).open)
            self.pay(target_id, applied)
            self.pay(invoice_id, applied)

    async def find_credit_memo(self, reference: str, *, key: str) -> Written | None:
        return self.find(key)

    async def read_credit_memo(self, target_id: str) -> DocumentRecord:
        return self._record("CM", self.memos[target_id], target_id)

    async def post_deposit(
        self, reference: str, customer_id: str, amount: Money, on: date, *, exchange_rate: Decimal | None = None, key: str
    ) -> Written:
        return await self.make("post_deposit", "deposit", reference, key)

    async def find_deposit(self, reference: str, *, key: str) -> Written | None:
        return self.find(key)

    async def apply_credit(self, source_id: str, invoice_id: str, amount: Money, *, key: str) -> Written:
        try:
            return await self.make("apply_credit", "application", source_id, key)
        finally:
            if self.find(key) and key not in self.applied:
                self.applied.append(key)
                self.pay(source_id, amount)
                self.pay(invoice_id, amount)

    async def find_application(self, source_id: str, invoice_id: str, *, key: str) -> Written | None:
        return self.find(key)

    async def transfer_credit(
        self, reference: str, source_id: str, invoice_id: str, amount: Money, on: date, *, key: str
    ) -> Written:
        written = await self.make("transfer_credit", "transfer", reference, key)
        if reference not in self.transfers:
            self.transfers.append(reference)
            self.pay(source_id, amount)
            self.pay(invoice_id, amount)
        return written

    async def find_transfer(self, reference: str, source_id: str, invoice_id: str, *, key: str) -> Written | None:
        return self.find(key)

    async def documents(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[DocumentRecord]]:
        yield list(self.statuses)

    async def payments(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[Payment]]:
        yield list(self.paid)

    def pays(self, payment: Payment, *, leaves: Money | None = None) -> None:
        """A payment came in; of the one invoice that it is applied to so much is open now."""
        self.paid = [one for one in self.paid if one.source_id != payment.source_id] + [payment]
        for line in payment.applications:
            self.opens(line.target_id, leaves or Money.zero(payment.amount.currency), payment.source_version)

    def opens(self, target_id: str, left: Money, version: str) -> None:
        """So much is open of an invoice now."""
        now = self._record("INV", self.invoices[target_id], target_id).changed(open=left, version=version)
        self.statuses = [one for one in self.statuses if one.target_id != target_id] + [now]

    # The general ledger.

    async def post_journal(self, journal: Journal, *, key: str) -> Written:
        written = await self.make("post_journal", "journal", journal.reference, key)
        self._book(written.target_id, journal.reference, journal.entity, journal.accounting_date, journal.lines)
        if journal.reverses_on:
            self._book(f"{written.target_id}-back", "", journal.entity, journal.reverses_on, _turned(journal.lines))
        return written

    async def find_journal(self, reference: str, *, key: str) -> Written | None:
        return self.find(key)

    async def reverse_journal(self, target_id: str, on: date, reason: str, *, key: str) -> Written:
        held = self.journals[target_id]
        self._book(f"{target_id}-back", "", held.entity, on, _turned(held.lines))
        await self.end("reverse_journal", target_id, reason)
        return Written(target_id=f"{target_id}-back")

    async def read_journals(self, document_id: str) -> Sequence[JournalRecord]:
        return [self.journals[one] for one in (document_id, f"{document_id}-back") if one in self.journals]

    async def periods(self, entity: str) -> Sequence[AccountingPeriod]:
        """Two years of months, open but for those that a test has closed."""
        months = [Period.month(year, month) for year in (2026, 2027) for month in range(1, 13)]
        states = {True: PeriodState.CLOSED, False: PeriodState.OPEN}
        return [AccountingPeriod(entity=entity, period=one, state=states[(entity, one.start) in self.closed]) for one in months]

    def booked(self, entity: str) -> list[tuple[str, str, dict[str, str]]]:
        """The journals of an entity: day, reference, and what they come to by account, debits positive."""
        found = [one for one in self.journals.values() if one.entity == entity]
        return [(str(one.posted_on), one.reference, {line.account: _signed(line) for line in one.lines}) for one in found]

    def _book(self, target_id: str, reference: str, entity: str, on: date, lines: tuple[JournalLine, ...]) -> None:
        self.journals[target_id] = JournalRecord(
            target_id=target_id, number=f"JE-{target_id}", reference=reference, entity=entity, posted_on=on, lines=lines
        )


def _turned(lines: tuple[JournalLine, ...]) -> tuple[JournalLine, ...]:
    return tuple(line.changed(debit=line.credit, credit=line.debit) for line in lines)


def _signed(line: JournalLine) -> str:
    return str(line.debit.amount if line.debit else -line.credit.amount if line.credit else 0)


class RememberingTime(Remembering):
    """Entries as people left them; every poll tells all of them."""

    listings = frozenset({Thing.TIME, Thing.EXPENSE})

    async def listed(self, thing: Thing, *, entity: str, days: Period) -> AsyncIterator[Sequence[Listed]]:
        """Every entry, each a page."""
        for entry in self.entries.values() if thing is Thing.TIME else ():
            yield [compared(entry)]

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.entries: dict[str, TimeEntry] = {}
        self.spent: dict[str, ExpenseItem] = {}

    async def time_entries(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[TimeEntry]]:
        yield list(self.entries.values())

    async def expenses(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[ExpenseItem]]:
        """They come after the entries, and may be held back."""
        await self.do("expenses", self.name, lambda: Written(target_id=self.name))
        yield list(self.spent.values())

    async def expenses_of(self, source_ids: Sequence[str]) -> Sequence[ExpenseItem]:
        return [self.spent[number] for number in source_ids if number in self.spent]

    async def entries_of(self, source_ids: Sequence[str]) -> Sequence[TimeEntry]:
        return [self.entries[number] for number in source_ids if number in self.entries]

    def spend(self, expense: ExpenseItem) -> None:
        """Somebody records or changes an expense."""
        self.spent[expense.source_id] = expense

    def record(self, entry: TimeEntry) -> None:
        """Somebody records or changes time."""
        self.entries[entry.source_id] = entry


def _listed_invoice(target_id: str, invoice: Invoice) -> Listed:
    return Listed(
        target_id=target_id,
        reference=invoice.reference,
        kind="invoice",
        day=invoice.accounting_date,
        amount=invoice.total.amount,
        currency=invoice.currency,
    )
