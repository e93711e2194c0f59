"""Billing schedules of a project: made with the head last, so that a schedule that is found is whole.

A project may get several (a workstream that had to wait brings its own): it bills by the first, the others name it as their job.
"""

from collections.abc import Mapping

from canonical.billing_schedule import BillingSchedule
from canonical.errors import Rejected
from canonical.written import Written
from connectors.http import Json
from connectors.netsuite.account import Account, together
from connectors.netsuite.collection import upsert_all
from connectors.netsuite.mapping import records_in, schedule_bodies, schedule_id
from connectors.netsuite.schemas import JobShape, ScheduleShape
from connectors.netsuite.wire import external_id, reference_of

_PAGE = "/app/accounting/transactions/billingschedule.nl?id="


class BillingSchedules:
    """Satisfies ``Billing``."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def create_schedule(self, schedule: BillingSchedule, project_id: str, *, key: str) -> Written:
        """All records, the head after the others, then the project bills by the head unless it has a schedule already."""
        bodies = schedule_bodies(schedule, project_id, self._account.settings)
        if not bodies:
            raise Rejected(
                f"The billing schedule {schedule.reference} has neither items nor rules",
                remedy="Give the contract at least one line that is billed, then settle the exception with retry.",
            )
        there = await self._account.existing("billingSchedule", list(bodies))
        head, *others = bodies
        await self._make({external: bodies[external] for external in others if external not in there}, key)
        made = None if head in there else await self._account.upsert("billingSchedule", head, bodies[head])
        target_id = made or (await self._account.read("billingSchedule", f"eid:{head}", ScheduleShape)).id
        await self._link(project_id, target_id, bodies[head])
        return self._written(target_id, str(bodies[head]["name"]))

    async def find_schedule(self, reference: str, *, key: str) -> Written | None:
        """The head, if its project bills by a schedule; without that it is half made."""
        found = await self._account.find("billingSchedule", f"eid:{external_id(reference)}", ScheduleShape)
        if found is None or found.job is None:
            return None
        project = await self._account.find("job", found.job.id, JobShape)
        if project is None or project.billing_schedule is None:
            return None
        return self._written(found.id, found.name)

    async def cancel_schedule(self, target_id: str, reason: str, *, key: str) -> Written:
        """The project bills by it no longer, and all its records are inactive; one that is gone counts as cancelled."""
        found = await self._account.find("billingSchedule", target_id, ScheduleShape)
        if found is None:
            return Written(target_id=target_id, details={"cancelled": "it does not exist"})
        await self._unlink(found)
        reference = reference_of(found.external_id)
        ids = [external_id(reference), *(schedule_id(reference, n) for n in range(2, records_in(found.name) + 1))]
        records = await together(self._account.find("billingSchedule", f"eid:{external}", ScheduleShape) for external in ids)
        active = [record.id for record in records if record and not record.is_inactive]
        await together(self._account.change("billingSchedule", one, {"isInactive": True}) for one in active)
        return self._written(found.id, found.name)

    async def cancel_unfinished(self, schedule: BillingSchedule, reason: str, *, key: str) -> Written | None:
        """Whatever of its records is there becomes inactive; none where nothing lives of it."""
        ids = list(schedule_bodies(schedule, "", self._account.settings))
        found = await together(self._account.find("billingSchedule", f"eid:{external}", ScheduleShape) for external in ids)
        active = [record for record in found if record and not record.is_inactive]
        if not active:
            return None
        if found[0]:
            await self._unlink(found[0])
        await together(self._account.change("billingSchedule", record.id, {"isInactive": True}) for record in active)
        return self._written(active[0].id, active[0].name)

    async def _make(self, bodies: Mapping[str, Json], key: str) -> None:
        if bodies:
            await upsert_all(self._account, "billingSchedule", bodies, key=key)

    async def _link(self, project_id: str, schedule_id: str, head: Json) -> None:
        """A project takes only a schedule of its own billing type, so both are set together; one that it has stays."""
        if (await self._account.read("job", project_id, JobShape)).billing_schedule:
            return
        body = {"billingSchedule": {"id": schedule_id}, "jobBillingType": head["scheduleType"]}
        await self._account.change("job", project_id, body)

    async def _unlink(self, head: ScheduleShape) -> None:
        project = await self._account.find("job", head.job.id, JobShape) if head.job else None
        if project and project.billing_schedule and project.billing_schedule.id == head.id:
            await self._account.change("job", project.id, {"billingSchedule": None})

    def _written(self, target_id: str, name: str) -> Written:
        url = self._account.page(_PAGE, target_id)
        return Written(target_id=target_id, number=name, url=url, details={"records": str(records_in(name))})
