"""One NetSuite account as the ports see it: Customers, ProjectAccounting, Billing, Receivables, GeneralLedger, Listing."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from canonical.billing_schedule import BillingSchedule
from canonical.charge import ChargeLine
from canonical.errors import Misconfigured
from canonical.invoice import CreditMemo, DocumentRecord, Invoice
from canonical.journal import AccountingPeriod, Journal, JournalRecord
from canonical.money import Money
from canonical.party import Customer, CustomerRecord
from canonical.payment import Payment
from canonical.period import Period
from canonical.project import Phase, Project, ProjectRecord
from canonical.reconciliation import Listed, Sought, Thing
from canonical.written import Declaration, Written
from connectors.netsuite.account import RECORDS, Account
from connectors.netsuite.applications import Applications
from connectors.netsuite.billing import BillingSchedules
from connectors.netsuite.charges import Charges
from connectors.netsuite.credit_memos import CreditMemos
from connectors.netsuite.customers import CustomerMaster
from connectors.netsuite.declarations import declared
from connectors.netsuite.deposits import Deposits
from connectors.netsuite.directory import Directory
from connectors.netsuite.feeds import Feeds
from connectors.netsuite.invoices import Invoices
from connectors.netsuite.journals import Journals
from connectors.netsuite.listing import Listings
from connectors.netsuite.periods import Periods
from connectors.netsuite.posting import Posting
from connectors.netsuite.projects import ProjectLedger
from connectors.netsuite.settings import Settings
from connectors.netsuite.transfers import Transfers
from connectors.netsuite.wire import decoded


def connect(system: str, settings: Settings) -> "NetSuite":
    """The connector for one account."""
    return NetSuite(system, settings)


class NetSuite:
    """What each capability does is in its own file; this joins them over one pool of connections and one budget."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.name = system
        self._settings = settings
        self._account = Account(system, settings)
        directory = Directory(self._account)
        self._customers = CustomerMaster(self._account, directory)
        self._projects = ProjectLedger(self._account, directory)
        self._schedules = BillingSchedules(self._account)
        posting = Posting(self._account, directory, Periods(self._account, directory))
        self._charges = Charges(self._account, directory)
        self._invoices, self._credit_memos = Invoices(posting), CreditMemos(posting)
        self._deposits, self._applications = Deposits(posting), Applications(posting)
        self._transfers = Transfers(posting, self._applications)
        self._feeds, self._journals = Feeds(posting), Journals(posting)
        self._listings = Listings(self._account, directory)
        self.listings, self.lists_lag = self._listings.listings, self._listings.lists_lag

    def declares(self, kind: str) -> Declaration:
        """As NetSuite is, with what the landscape knows better of this account."""
        return self._settings.timing.applied(declared(kind, self.name))

    async def check(self) -> str:
        """One read that needs address, login and rights, and tells whether the account has the fields that the settings name."""
        headers = {"Accept": "application/schema+json"}
        answer = await self._account.call("GET", f"{RECORDS}/metadata-catalog/job", headers=headers)
        fields = decoded(answer.content).get("properties", {})
        missing = sorted(where.field for where in self._settings.dimensions.values() if where.field not in fields)
        if missing:
            raise Misconfigured(
                f"{self.name} has no project field {', '.join(missing)}",
                remedy="Create these custom fields for projects in NetSuite, or correct 'dimensions' in policies/landscape.",
                evidence={"missing": ", ".join(missing)},
            )
        entities = ", ".join(self._settings.subsidiaries)
        return f"account {self._settings.account}: projects have {len(fields)} fields; legal entities {entities}"

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._account.aclose()

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

    async def change_value(self, project_id: str, value: Money, *, key: str) -> Written:
        return await self._projects.change_value(project_id, value, key=key)

    async def withdraw_project(self, project_id: str, reason: str, *, key: str) -> Written:
        return await self._projects.withdraw_project(project_id, reason, key=key)

    async def withdraw_unfinished(self, reference: str, reason: str, *, key: str) -> Written | None:
        """The reverse of a create_project that stopped halfway."""
        return await self._projects.withdraw_unfinished(reference, reason, key=key)

    async def read_project(self, project_id: str) -> ProjectRecord:
        return await self._projects.read_project(project_id)

    # Billing.

    async def create_schedule(self, schedule: BillingSchedule, project_id: str, *, key: str) -> Written:
        return await self._schedules.create_schedule(schedule, project_id, key=key)

    async def find_schedule(self, reference: str, *, key: str) -> Written | None:
        return await self._schedules.find_schedule(reference, key=key)

    async def cancel_schedule(self, target_id: str, reason: str, *, key: str) -> Written:
        return await self._schedules.cancel_schedule(target_id, reason, key=key)

    async def cancel_unfinished(self, schedule: BillingSchedule, reason: str, *, key: str) -> Written | None:
        """The reverse of a create_schedule that stopped halfway."""
        return await self._schedules.cancel_unfinished(schedule, reason, key=key)

    # Receivables.

    async def post_charges(self, lines: Sequence[ChargeLine], *, key: str) -> Written:
        return await self._charges.post_charges(lines, key=key)

    async def find_charges(self, references: Sequence[str], *, key: str) -> dict[str, str]:
        return await self._charges.find_charges(references, key=key)

    async def reverse_charges(self, references: Sequence[str], reason: str, *, key: str) -> Written:
        return await self._charges.reverse_charges(references, reason, key=key)

    async def revise_charges(self, lines: Sequence[ChargeLine], *, key: str) -> Written:
        return await self._charges.revise_charges(lines, key=key)

    async def post_invoice(self, invoice: Invoice, *, customer_id: str, project_id: str, key: str) -> Written:
        return await self._invoices.post_invoice(invoice, customer_id=customer_id, project_id=project_id, key=key)

    async def find_invoice(self, reference: str, *, key: str) -> Written | None:
        return await self._invoices.find_invoice(reference, key=key)

    async def read_invoice(self, target_id: str) -> DocumentRecord:
        return await self._invoices.read_invoice(target_id)

    async def approve_invoice(self, target_id: str) -> None:
        """Post what waits as our own draft."""
        await self._invoices.approve_invoice(target_id)

    async def withdraw_invoice(self, target_id: str, reason: str, *, key: str) -> Written:
        return await self._invoices.withdraw_invoice(target_id, reason, key=key)

    async def post_credit_memo(self, memo: CreditMemo, *, invoice_id: str, key: str) -> Written:
        return await self._credit_memos.post_credit_memo(memo, invoice_id=invoice_id, key=key)

    async def find_credit_memo(self, reference: str, *, key: str) -> Written | None:
        return await self._credit_memos.find_credit_memo(reference, key=key)

    async def read_credit_memo(self, target_id: str) -> DocumentRecord:
        return await self._credit_memos.read_credit_memo(target_id)

    async def post_deposit(
        self, reference: str, customer_id: str, amount: Money, on: date, *, exchange_rate: Decimal | None = None, key: str
    ) -> Written:
        return await self._deposits.post_deposit(reference, customer_id, amount, on, exchange_rate=exchange_rate, key=key)

    async def find_deposit(self, reference: str, *, key: str) -> Written | None:
        return await self._deposits.find_deposit(reference, key=key)

    async def apply_credit(self, source_id: str, invoice_id: str, amount: Money, *, key: str) -> Written:
        return await self._applications.apply_credit(source_id, invoice_id, amount, key=key)

    async def find_application(self, source_id: str, invoice_id: str, *, key: str) -> Written | None:
        return await self._applications.find_application(source_id, invoice_id, key=key)

    async def transfer_credit(
        self, reference: str, source_id: str, invoice_id: str, amount: Money, on: date, *, key: str
    ) -> Written:
        return await self._transfers.transfer_credit(reference, source_id, invoice_id, amount, on, key=key)

    async def find_transfer(self, reference: str, source_id: str, invoice_id: str, *, key: str) -> Written | None:
        return await self._transfers.find_transfer(reference, key=key)

    def documents(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[DocumentRecord]]:
        return self._feeds.documents(since, until)

    def payments(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[Payment]]:
        return self._feeds.payments(since, until)

    # Listing.

    def listed(self, thing: Thing, *, entity: str, days: Period) -> AsyncIterator[Sequence[Listed]]:
        return self._listings.listed(thing, entity=entity, days=days)

    def listed_again(self, thing: Thing, sought: Sequence[Sought], *, entity: str) -> AsyncIterator[Sequence[Listed]]:
        return self._listings.listed_again(thing, sought, entity=entity)

    # GeneralLedger.

    async def post_journal(self, journal: Journal, *, key: str) -> Written:
        return await self._journals.post_journal(journal, key=key)

    async def find_journal(self, reference: str, *, key: str) -> Written | None:
        return await self._journals.find_journal(reference, key=key)

    async def reverse_journal(self, target_id: str, on: date, reason: str, *, key: str) -> Written:
        return await self._journals.reverse_journal(target_id, on, reason, key=key)

    async def read_journals(self, document_id: str) -> Sequence[JournalRecord]:
        return await self._journals.read_journals(document_id)

    async def periods(self, entity: str) -> Sequence[AccountingPeriod]:
        return await self._journals.periods(entity)
