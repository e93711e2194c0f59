"""Schedules on the server, reconciled to those in workflows/schedules."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from pydantic import BaseModel
from temporalio.client import (
    Client,
    ScheduleAlreadyRunningError,
    ScheduleBackfill,
    ScheduleOverlapPolicy,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from canonical.errors import NotFound
from policies.firm import Policies
from workflows.schedules import SCHEDULES, Nightly, Planned


class Scheduled(BaseModel):
    """A schedule as planned, and as the server has it."""

    id: str
    note: str
    every_seconds: int
    is_applied: bool
    is_paused: bool = False
    next_at: datetime | None = None


def planned(policies: Policies, on: date) -> tuple[Planned | Nightly, ...]:
    """What runs by the clock: the same for every firm, and an evening's reconciliation for each of its entities."""
    entities = policies.entities.on(on).entities
    return (*SCHEDULES, *(Nightly(code, one.reconciliation.at, one.time_zone) for code, one in sorted(entities.items())))


@dataclass(frozen=True)
class Schedules:
    """Listing, applying, triggering."""

    client: Client
    planned: tuple[Planned | Nightly, ...] = SCHEDULES

    async def listed(self) -> list[Scheduled]:
        """Every planned schedule with its state on the server."""
        return [await self._described(planned) for planned in self.planned]

    async def apply(self) -> list[Scheduled]:
        """Create what is missing, update what differs; what a person paused stays paused."""
        for planned in self.planned:
            try:
                await self.client.create_schedule(planned.id, planned.schedule())
            except ScheduleAlreadyRunningError:
                await self.client.get_schedule_handle(planned.id).update(partial(_updated, planned))
        return await self.listed()

    async def trigger(self, schedule_id: str) -> None:
        """Run one now."""
        await self._known(schedule_id)
        await self.client.get_schedule_handle(schedule_id).trigger()

    async def _known(self, schedule_id: str) -> None:
        try:
            await self.client.get_schedule_handle(schedule_id).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            known = ", ".join(planned.id for planned in self.planned)
            raise NotFound(
                f"There is no schedule {schedule_id}", remedy=f"Run `handoff schedules apply`; known are: {known}."
            ) from error

    async def backfill(self, schedule_id: str, since: datetime, until: datetime) -> None:
        """Run what was due between the two times and was not run; each run takes its scheduled time for its own."""
        await self._known(schedule_id)
        # A second earlier: whether a time that falls on the edge belongs to the window is the server's to say.
        span = ScheduleBackfill(since - timedelta(seconds=1), until, overlap=ScheduleOverlapPolicy.BUFFER_ALL)
        await self.client.get_schedule_handle(schedule_id).backfill(span)

    async def _described(self, planned: Planned | Nightly) -> Scheduled:
        found = Scheduled(id=planned.id, note=planned.note, every_seconds=int(planned.every.total_seconds()), is_applied=False)
        try:
            now = await self.client.get_schedule_handle(planned.id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return found
            raise
        following = now.info.next_action_times
        return found.model_copy(
            update={"is_applied": True, "is_paused": now.schedule.state.paused, "next_at": following[0] if following else None}
        )


def _updated(planned: Planned | Nightly, now: ScheduleUpdateInput) -> ScheduleUpdate:
    schedule = planned.schedule()
    if now.description.schedule.state.paused:
        schedule.state = now.description.schedule.state  # with the note that says why
    return ScheduleUpdate(schedule=schedule)
