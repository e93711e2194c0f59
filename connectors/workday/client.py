"""Workday as the source of people; satisfies ``People``.

The SOAP operation Get_Workers is asked and not REST, whose workers are those of today, without pay and by the hundred, nor a
custom report, which each customer would have to build and which has no pages.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta

from canonical.errors import AnswerLost, RuleBroken
from canonical.person import Person
from canonical.written import Declaration
from connectors.workday.get_workers import Changed
from connectors.workday.history import Trail, Window
from connectors.workday.mapping import person
from connectors.workday.schemas import Page, Worker
from connectors.workday.service import HumanResources
from connectors.workday.settings import Settings

_EVER = datetime(1900, 1, 1, tzinfo=UTC)


class Workday:
    """One tenant."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.name, self._settings = system, settings
        self._service = HumanResources(system, settings)

    def declares(self, kind: str) -> Declaration:
        """Nothing is ever written to HR."""
        raise RuleBroken(f"{self.name} writes no {kind}", remedy="Name another system for it in policies/landscape.")

    async def check(self) -> str:
        """The first active employee, with pay: it needs the credentials, and tells whether costs can be seen."""
        page = await self._service.first(("Reference", "Employment_Information", "Compensation"))
        seen = f"{self._settings.base_url} answers for {self._settings.tenant}; {page.total} active employees"
        if not page.workers:
            return f"{seen}, so check what the integration system user may see"
        job = page.workers[0].job
        return seen if job and job.pay else f"{seen}; the pay of the first cannot be seen, so costs may be missing"

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._service.aclose()

    async def people(self, changed_since: datetime | None, as_of: date) -> AsyncIterator[Sequence[Person]]:
        """Workers with all postings of the window around ``as_of``, a page at a time, as known at one moment of Workday's clock.

        Leavers and hires up to the horizon are among them. Since a date: those with a transaction entered since then, rescinds
        and corrections too, and those for whom something has come within the horizon since.
        """
        moment = await self._moment()
        if changed_since is not None and changed_since > moment:
            return
        window = Window(as_of - self._settings.history, as_of + self._settings.horizon)
        relevant = Changed(effective=(window.start, window.end), types=self._settings.transaction_types)
        days = await self._service.log(relevant, window.end, moment)
        changes = () if changed_since is None else self._changes(changed_since, window, moment)
        async for page in self._service.workers(changes, window.end, moment):
            yield await self._people(page, days, window, moment)

    async def _moment(self) -> datetime:
        page = await self._service.first(("Reference",))
        if page.moment is None:
            raise AnswerLost(f"{self.name} does not say for which moment it answers", evidence={"tenant": self._settings.tenant})
        return page.moment

    def _changes(self, since: datetime, window: Window, moment: datetime) -> Sequence[Changed]:
        """Of any type: a rescind has one of its own."""
        entered = Changed(entered=(since, moment))
        horizon_then = since.date() - timedelta(days=1) + self._settings.horizon
        if horizon_then > window.end:
            return (entered,)
        come_near = Changed(entered=(_EVER, moment), effective=(horizon_then, window.end), types=self._settings.transaction_types)
        return (entered, come_near)

    async def _people(self, page: Page, days: dict[str, frozenset[date]], window: Window, moment: datetime) -> Sequence[Person]:
        trails = [Trail(worker, days.get(worker.wid, ()), window) for worker in page.workers]
        while asking := [trail for trail in trails if trail.ask is not None]:
            await self._go_back(asking, moment)
        return [person(self.name, trail, moment, self._settings) for trail in trails]

    async def _go_back(self, trails: Sequence[Trail], moment: datetime) -> None:
        """One step back for each trail, those that ask for the same day in one call."""
        by_day: dict[date, list[Trail]] = {}
        for trail in trails:
            if trail.ask is not None:
                by_day.setdefault(trail.ask, []).append(trail)
        states = await self._states({day: [trail.latest.wid for trail in those] for day, those in by_day.items()}, moment)
        for day, those in by_day.items():
            for trail in those:
                trail.take(day, states[day].get(trail.latest.wid))

    async def _states(self, wanted: dict[date, list[str]], moment: datetime) -> dict[date, dict[str, Worker]]:
        try:
            async with asyncio.TaskGroup() as calls:
                tasks = {day: calls.create_task(self._service.on(day, wids, moment)) for day, wids in wanted.items()}
        except ExceptionGroup as failed:  # the others were cancelled with the first; it says what happened
            raise failed.exceptions[0] from None
        return {day: task.result() for day, task in tasks.items()}


def connect(system: str, settings: Settings) -> Workday:
    """The connector for one tenant."""
    return Workday(system, settings)
