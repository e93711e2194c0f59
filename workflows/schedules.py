"""Every schedule as data; `handoff schedules apply` reconciles the server to it."""

from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
)
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from workflows import options
from workflows.poll_receivables import PollReceivablesWorkflow
from workflows.reconcile import Reconcile, ReconcileWorkflow
from workflows.search_attributes import ENTITY
from workflows.start_closes import StartClosesWorkflow
from workflows.sweep import SweepWorkflow


@dataclass(frozen=True)
class Planned:
    """A schedule: what runs how often, and what is made up for after an outage."""

    id: str
    run: Any
    every: timedelta
    note: str
    catch_up: timedelta = timedelta(hours=12)

    def schedule(self) -> Schedule:
        """As Temporal takes it; runs never overlap, since a late round makes the next one cheap."""
        return Schedule(
            action=ScheduleActionStartWorkflow(
                self.run, id=self.id, task_queue=options.WORKFLOWS, static_summary=self.note, priority=options.NORMAL
            ),
            spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=self.every)]),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=self.catch_up),
            state=ScheduleState(note=self.note),
        )


@dataclass(frozen=True)
class Nightly:
    """The reconciliation of an entity, every evening on its own clock. A run that was missed is made up for, one after another;
    a backfilled one reconciles the day of its scheduled time."""

    entity: str
    at: time
    time_zone: str
    every: timedelta = timedelta(days=1)

    @property
    def id(self) -> str:
        """Readable in the Web UI; the server adds the scheduled time to the workflow's."""
        return f"reconcile/{self.entity}"

    @property
    def note(self) -> str:
        """What people read beside it."""
        return f"Reconciles {self.entity} with CRM, PSA and ERP every day at {self.at:%H:%M} in {self.time_zone}."

    def schedule(self) -> Schedule:
        """As Temporal takes it; it pauses where a run fails, so that nobody takes silence for agreement."""
        action = ScheduleActionStartWorkflow(
            ReconcileWorkflow.run,
            Reconcile(entity=self.entity),
            id=self.id,
            task_queue=options.WORKFLOWS,
            static_summary=f"Reconcile {self.entity}",
            typed_search_attributes=TypedSearchAttributes([SearchAttributePair(ENTITY, self.entity)]),
            priority=options.NORMAL,
        )
        calendar = ScheduleCalendarSpec(hour=[ScheduleRange(self.at.hour)], minute=[ScheduleRange(self.at.minute)])
        return Schedule(
            action=action,
            spec=ScheduleSpec(calendars=[calendar], time_zone_name=self.time_zone),
            policy=SchedulePolicy(
                overlap=ScheduleOverlapPolicy.BUFFER_ALL, catchup_window=timedelta(days=7), pause_on_failure=True
            ),
            state=ScheduleState(note=self.note),
        )


SCHEDULES: tuple[Planned, ...] = (
    Planned(
        id="sweep",
        run=SweepWorkflow.run,
        every=timedelta(minutes=15),
        note="Polls sources, heals and raises what did not happen, escalates what nobody settled.",
    ),
    Planned(
        id="start-closes",
        run=StartClosesWorkflow.run,
        every=timedelta(days=1),
        note="Begins the close of each entity's month once its closing day has come.",
        catch_up=timedelta(days=7),
    ),
    Planned(
        id="poll_receivables",
        run=PollReceivablesWorkflow.run,
        every=timedelta(minutes=15),
        note="Takes in payments and what is open of invoices; wakes a follower for each customer that is concerned.",
    ),
)
