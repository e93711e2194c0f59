"""Who works for the firm: a real connector on a simulated Workday, read whole once and then only what changed (R55)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.roster import Roster, Staff
from activities.systems import Systems
from canonical.errors import Failure
from canonical.landscape import Capability
from connectors.workday.client import connect
from policies.firm import Policies
from policies.landscape import Route
from sandbox.faults import Fault
from sandbox.serve import serving
from sandbox.workday.tenant import Workday
from tests.activities.firm import demo_policies
from tests.connectors.workday_world import HIRED, SERVICE, settings, worker

NOW = datetime.now(UTC)


def routed(*entities: str) -> Policies:
    """The demo policies, with Workday for these entities."""
    policies = demo_policies()
    route = Route(capabilities=(Capability.PEOPLE,), system="workday", entities=entities)
    landscape = policies.landscape.model_copy(update={"serves": (*policies.landscape.serves, route)})
    return policies.model_copy(update={"landscape": landscape})


@dataclass
class Hr:
    """A roster and the tenant that it reads."""

    roster: Roster
    tenant: Workday

    async def staff(self, now: datetime = NOW) -> Staff:
        """Asked as an activity asks."""
        found: Staff = await ActivityEnvironment().run(self.roster.staff, now)
        return found

    @property
    def calls(self) -> int:
        return sum(SERVICE in call["path"] for call in self.tenant.calls)


@asynccontextmanager
async def hr(*entities: str) -> AsyncIterator[Hr]:
    tenant = Workday()
    tenant.seed({"workers": {"21001": worker(HIRED, email="Priya@firm.example")}})
    async with serving(tenant) as server:
        connector = connect("workday", settings(server.url))
        yield Hr(Roster(Systems({"workday": connector}), routed(*entities)), tenant)
        await connector.aclose()


async def test_everybody_is_known_by_address_with_home_entity_and_category() -> None:
    async with hr() as firm:
        staff = await firm.staff()
        posting = staff.by_address["priya@firm.example"].posting(NOW.date())
        assert posting is not None and (posting.entity, posting.role) == ("UK01", "Senior Consultant")
        assert staff.by_address["priya@firm.example"].posting(date(2020, 1, 1)) is None
        assert staff.is_whole


async def test_a_second_poll_asks_only_for_what_changed() -> None:
    async with hr() as firm:
        await firm.staff()
        first = firm.calls
        firm.tenant.seed({"workers": {"21002": worker({**HIRED, "entered": NOW.isoformat()}, email="otto@firm.example")}})
        staff = await firm.staff(NOW + timedelta(minutes=15))
        assert set(staff.by_address) == {"priya@firm.example", "otto@firm.example"}
        assert firm.calls > first


async def test_while_hr_does_not_answer_the_roster_of_today_serves_and_that_of_last_week_does_not() -> None:
    async with hr() as firm:
        await firm.staff()
        firm.tenant.faults.add(Fault(kind="answer", status=503, times=None))
        assert set((await firm.staff(NOW + timedelta(hours=2))).by_address) == {"priya@firm.example"}
        with pytest.raises(Failure):
            await firm.staff(NOW + timedelta(days=7))


async def test_an_hr_system_of_one_entity_does_not_know_everybody() -> None:
    async with hr("UK01") as firm:
        assert not (await firm.staff()).is_whole


async def test_where_nobody_serves_people_nobody_is_asked() -> None:
    async with hr() as firm:
        roster = Roster(firm.roster.systems, demo_policies())
        assert await ActivityEnvironment().run(roster.staff, NOW) == Staff({}, False)
        assert firm.calls == 0
