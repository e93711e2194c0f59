"""The connector for one Tryton database: customers, project accounting, receivables, general ledger, tax as it is set up there.

Billing schedules are not served: Tryton's subscriptions repeat a product and hold neither milestones nor charge rules. Nor are
charges of projects: it knows hours of employees, not amounts that were rated elsewhere.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from canonical.charge import ChargeLine
from canonical.errors import NotServed, Rejected
from canonical.invoice import CreditMemo, DocumentRecord, Invoice
from canonical.journal import AccountingPeriod, Journal, JournalRecord
from canonical.money import Money
from canonical.party import Customer, CustomerRecord
from canonical.payment import Payment
from canonical.period import Period
from canonical.project import Phase, Project, ProjectRecord
from canonical.reconciliation import Listed, Thing
from canonical.tax import TaxAnswer, TaxQuestion
from canonical.written import Declaration, Written
from connectors.tryton.credits import Credits
from connectors.tryton.customers import CustomerMaster
from connectors.tryton.database import Database
from connectors.tryton.declarations import declared
from connectors.tryton.directory import Directory
from connectors.tryton.feeds import Feeds
from connectors.tryton.invoices import Invoices
from connectors.tryton.journals import Journals
from connectors.tryton.listing import Listings
from connectors.tryton.moves import Moves
from connectors.tryton.periods import Periods
from connectors.tryton.projects import ProjectLedger
from connectors.tryton.settings import Settings
from connectors.tryton.taxes import Taxes
from connectors.tryton.wire import identity


def connect(system: str, settings: Settings) -> "Tryton":
    """The connector for one database."""
    return Tryton(system, settings)


class Tryton:
    """What each capability does is in its own file; this joins them over one session and one budget."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.name = system
        self._settings = settings
        self._database = Database(system, settings)
        self._directory = Directory(self._database)
        self._periods = Periods(self._database, self._directory)
        self._customers = CustomerMaster(self._database, self._directory)
        self._projects = ProjectLedger(self._database, self._directory)
        self._invoices = Invoices(self._database, self._directory, self._customers, self._periods)
        moves = Moves(self._database, self._periods)
        self._credits = Credits(self._database, self._directory, self._customers, self._invoices, moves)
        self._journals = Journals(self._database, self._directory, self._customers, moves)
        self._feeds = Feeds(self._database, self._directory, self._invoices, moves)
        self._taxes = Taxes(self._database, self._directory, self._invoices)
        self._listings = Listings(self._database, self._directory, self._feeds, moves)
        self.listings = self._listings.listings

    def declares(self, kind: str) -> Declaration:
        """As Tryton is, with what the landscape knows better of this database."""
        return self._settings.timing.applied(declared(kind, self.name))

    async def check(self) -> str:
        """Signs in and reads every company that the settings name, with how many of its periods are open."""
        told = []
        for entity in self._settings.companies:
            company = await self._directory.company(entity)
            periods = await self._periods.of(entity)
            is_open = sum(1 for period in periods if period.state == "open")
            told.append(f"{entity} in {company.money.code}, {is_open} of {len(periods)} periods open")
        return f"database {self._settings.database}: {'; '.join(told)}"

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._database.aclose()

    # Customers.

    async def candidates(self, customer: Customer) -> Sequence[CustomerRecord]:
        return await self._customers.candidates(customer)

    async def create_customer(self, customer: Customer, *, key: str) -> Written:
        return await self._customers.create_customer(customer, key=key)

    async def find_customer(self, reference: str, *, key: str) -> Written | None:
        return await self._customers.find_customer(reference, key=key)

    async def withdraw_customer(self, target_id: str, reason: str, *, key: str) -> Written:
        return await self._customers.withdraw_customer(target_id, reason, key=key)

    # ProjectAccounting.

    async def create_project(self, project: Project, customer_id: str, *, key: str) -> Written:
        return await self._projects.create_project(project, customer_id, key=key)

    async def find_project(self, reference: str, *, key: str) -> Written | None:
        return await self._projects.find_project(reference, key=key)

    async def add_phases(self, project_id: str, phases: Sequence[Phase], *, key: str) -> Written:
        return await self._projects.add_phases(project_id, phases, key=key)

    async def find_phases(self, project_id: str, phases: Sequence[Phase], *, key: str) -> Written | None:
        return await self._projects.find_phases(project_id, phases, key=key)

    async def withdraw_project(self, project_id: str, reason: str, *, key: str) -> Written:
        return await self._projects.withdraw_project(project_id, reason, key=key)

    async def withdraw_unfinished(self, reference: str, reason: str, *, key: str) -> Written | None:
        """The reverse of a create_project that stopped halfway."""
        return await self._projects.withdraw_unfinished(reference, reason, key=key)

    async def read_project(self, project_id: str) -> ProjectRecord:
        return await self._projects.read_project(project_id)

    # Receivables.

    async def post_charges(self, lines: Sequence[ChargeLine], *, key: str) -> Written:
        raise self._no_charges()

    async def find_charges(self, references: Sequence[str], *, key: str) -> dict[str, str]:
        raise self._no_charges()

    async def reverse_charges(self, references: Sequence[str], reason: str, *, key: str) -> Written:
        raise self._no_charges()

    async def revise_charges(self, lines: Sequence[ChargeLine], *, key: str) -> Written:
        raise self._no_charges()

    async def post_invoice(self, invoice: Invoice, *, customer_id: str, project_id: str, key: str) -> Written:
        text = ", ".join(part for part in (invoice.contract, invoice.purchase_order and f"PO {invoice.purchase_order}") if part)
        return self._invoices.written(await self._invoices.post(invoice, identity(customer_id), text))

    async def find_invoice(self, reference: str, *, key: str) -> Written | None:
        found = await self._invoices.of_reference(reference)
        return self._invoices.written(found) if found and found.state in {"posted", "paid"} else None

    async def read_invoice(self, target_id: str) -> DocumentRecord:
        return self._invoices.record(await self._invoices.read(target_id))

    async def withdraw_invoice(self, target_id: str, reason: str, *, key: str) -> Written:
        return await self._invoices.withdraw(target_id, reason)

    async def post_credit_memo(self, memo: CreditMemo, *, invoice_id: str, key: str) -> Written:
        return await self._credits.post_memo(memo, invoice_id)

    async def find_credit_memo(self, reference: str, *, key: str) -> Written | None:
        return await self._credits.find_memo(reference)

    async def read_credit_memo(self, target_id: str) -> DocumentRecord:
        return self._invoices.record(await self._invoices.read(target_id))

    async def post_deposit(
        self, reference: str, customer_id: str, amount: Money, on: date, *, exchange_rate: Decimal | None = None, key: str
    ) -> Written:
        if exchange_rate is not None:
            raise Rejected(
                f"Deposit {reference} in {amount.currency}: Tryton books deposits at its own rates, not at {exchange_rate}",
                remedy="Keep the rate in Tryton, or take the deposit in the currency of the entity's books.",
            )
        return await self._credits.post_deposit(reference, customer_id, amount, on)

    async def find_deposit(self, reference: str, *, key: str) -> Written | None:
        return await self._credits.find_deposit(reference)

    async def apply_credit(self, source_id: str, invoice_id: str, amount: Money, *, key: str) -> Written:
        return await self._credits.apply(source_id, invoice_id, amount)

    async def find_application(self, source_id: str, invoice_id: str, *, key: str) -> Written | None:
        return await self._credits.find_application(source_id, invoice_id)

    async def transfer_credit(
        self, reference: str, source_id: str, invoice_id: str, amount: Money, on: date, *, key: str
    ) -> Written:
        """One entry with both parties, which is no more to Tryton than an application."""
        return await self._credits.apply(source_id, invoice_id, amount, across=True)

    async def find_transfer(self, reference: str, source_id: str, invoice_id: str, *, key: str) -> Written | None:
        return await self._credits.find_application(source_id, invoice_id)

    def documents(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[DocumentRecord]]:
        return self._feeds.documents(since, until)

    def payments(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[Payment]]:
        return self._feeds.payments(since, until)

    def _no_charges(self) -> NotServed:
        return NotServed(
            f"{self.name} holds no charges of projects",
            remedy="Invoice the items straight away: Tryton takes the lines of the invoice without charges before it.",
        )

    # Listing.

    def listed(self, thing: Thing, *, entity: str, days: Period) -> AsyncIterator[Sequence[Listed]]:
        return self._listings.listed(thing, entity=entity, days=days)

    # GeneralLedger.

    async def post_journal(self, journal: Journal, *, key: str) -> Written:
        return await self._journals.post(journal)

    async def find_journal(self, reference: str, *, key: str) -> Written | None:
        return await self._journals.find(reference)

    async def reverse_journal(self, target_id: str, on: date, reason: str, *, key: str) -> Written:
        return await self._journals.reverse(target_id, on)

    async def read_journals(self, document_id: str) -> Sequence[JournalRecord]:
        return await self._journals.of_document(document_id)

    async def periods(self, entity: str) -> Sequence[AccountingPeriod]:
        return await self._periods.of(entity)

    # Tax.

    async def probe(self, question: TaxQuestion) -> TaxAnswer:
        return await self._taxes.probe(question)

    async def record(self, question: TaxQuestion, *, key: str) -> Written:
        return await self._taxes.record(question)

    async def find_recorded(self, reference: str, *, key: str) -> Written | None:
        return await self._taxes.find_recorded(reference)

    async def read_answer(self, reference: str) -> TaxAnswer:
        return await self._taxes.read_answer(reference)

    async def void(self, reference: str, reason: str, *, key: str) -> Written:
        return await self._taxes.void(reference)
