"""Every schedule as data; `handoff schedules apply` reconciles the server to it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
)

from workflows import options
from workflows.poll_receivables import PollReceivablesWorkflow
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
