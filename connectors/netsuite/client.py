"""One NetSuite account as the ports see it: Customers, ProjectAccounting and Billing."""

from collections.abc import Sequence

from canonical.billing_schedule import BillingSchedule
from canonical.errors import Misconfigured
from canonical.party import Customer, CustomerRecord
from canonical.project import Phase, Project, ProjectRecord
from canonical.written import Declaration, Written
from connectors.netsuite.account import RECORDS, Account
from connectors.netsuite.billing import BillingSchedules
from connectors.netsuite.customers import CustomerMaster
from connectors.netsuite.declarations import declared
from connectors.netsuite.directory import Directory
from connectors.netsuite.projects import ProjectLedger
from connectors.netsuite.settings import Settings
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

    async def withdraw_project(self, project_id: str, reason: str, *, key: str) -> Written:
        return await self._projects.withdraw_project(project_id, reason, key=key)

    async def read_project(self, project_id: str) -> ProjectRecord:
        return await self._projects.read_project(project_id)

    # Billing.

    async def create_schedule(self, schedule: BillingSchedule, project_id: str, *, key: str) -> Written:
        return await self._schedules.create_schedule(schedule, project_id, key=key)

    async def find_schedule(self, reference: str, *, key: str) -> Written | None:
        return await self._schedules.find_schedule(reference, key=key)

    async def cancel_schedule(self, target_id: str, reason: str, *, key: str) -> Written:
        return await self._schedules.cancel_schedule(target_id, reason, key=key)
