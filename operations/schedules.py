"""Schedules on the server, reconciled to those in workflows/schedules."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from pydantic import BaseModel
from temporalio.client import Client, ScheduleAlreadyRunningError, ScheduleUpdate, ScheduleUpdateInput
from temporalio.service import RPCError, RPCStatusCode

from canonical.errors import NotFound
from workflows.schedules import SCHEDULES, Planned


class Scheduled(BaseModel):
    """A schedule as planned, and as the server has it."""

    id: str
    note: str
    every_seconds: int
    is_applied: bool
    is_paused: bool = False
    next_at: datetime | None = None


@dataclass(frozen=True)
class Schedules:
    """Listing, applying, triggering."""

    client: Client
    planned: tuple[Planned, ...] = SCHEDULES

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
        try:
            await self.client.get_schedule_handle(schedule_id).trigger()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            known = ", ".join(planned.id for planned in self.planned)
            raise NotFound(
                f"There is no schedule {schedule_id}", remedy=f"Run `handoff schedules apply`; known are: {known}."
            ) from error

    async def _described(self, planned: Planned) -> Scheduled:
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


def _updated(planned: Planned, now: ScheduleUpdateInput) -> ScheduleUpdate:
    schedule = planned.schedule()
    if now.description.schedule.state.paused:
        schedule.state = now.description.schedule.state  # with the note that says why
    return ScheduleUpdate(schedule=schedule)
