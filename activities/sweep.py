"""What should have happened and did not: polled, healed, raised, escalated; each is safe to run twice (DESIGN 6, R132)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel
from temporalio import activity
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from activities.books import Cases, Clock, Expectations, Inbox, Upkeep, Watermarks
from activities.ended import Ended, ended_by_defect
from activities.late_work import LateWork
from activities.looking_again import look_again
from activities.ports import ActivationPolicy, ChangeFeed
from activities.systems import Systems
from canonical.defect import defect_of
from canonical.errors import Defect, Failure
from canonical.event import FactKind, InboundEvent
from canonical.exception import Case, settlement_of
from canonical.expectation import Expectation
from canonical.provenance import Origin

OVERLAP = timedelta(minutes=10)
FIRST_WINDOW = timedelta(days=2)
PARKED_SECONDS = 300
_BATCH = 500
_LOOKS_BACK = timedelta(days=1)


class Polled(BaseModel):
    """What polling one source came to; ``failure`` says why it could not be asked, which the next sweep makes up for."""

    source: str
    new: int = 0
    known: int = 0
    failure: str = ""


class Swept(BaseModel):
    """What one sweep found."""

    polled: list[Polled] = []
    healed: list[str] = []
    raised: list[str] = []
    escalated: list[int] = []
    unparked: int = 0
    stuck: list[str] = []


@dataclass(frozen=True)
class SweepActivities:
    """The watchman."""

    systems: Systems
    policy: ActivationPolicy
    inbox: Inbox
    expectations: Expectations
    watermarks: Watermarks
    cases: Cases
    upkeep: Upkeep
    late: LateWork
    clock: Clock

    @activity.defn
    async def poll_sources(self) -> list[Polled]:
        """Ask every system that can say what changed; a system that is down is asked again from the same mark."""
        feeds = [system for system in self.systems.connected.values() if isinstance(system, ChangeFeed)]
        return [await self._polled(feed) for feed in feeds]

    @activity.defn
    async def heal_and_raise(self) -> Swept:
        """Start what was missed, raise what is overdue, pass on what nobody settled."""
        now = await self.clock.now()
        healed = await self.expectations.to_heal()
        await self.inbox.receive([_healing(expectation, now) for expectation in healed])
        late = await self.expectations.to_raise()
        if late:
            await self.cases.open([self._case(expectation, now) for expectation in late])
            await self.expectations.raised([expectation.key for expectation in late])
        await self._late_work(now)
        unparked = await self.upkeep.unpark(older_than_seconds=PARKED_SECONDS)
        escalated = await self.upkeep.escalate()
        await self.upkeep.anchor()
        return Swept(healed=[e.key for e in healed], raised=[e.key for e in late], escalated=list(escalated), unparked=unparked)

    @activity.defn
    async def raise_stuck(self) -> list[str]:
        """Workflows that fail at a programming error show as running, or ended by it; they are an engineer's exception (R142)."""
        now, client = await self.clock.now(), activity.client()
        found = [w.id async for w in client.list_workflows("TemporalReportedProblems IS NOT NULL")]
        ended = [one async for one in ended_by_defect(client, activity.info().started_time - _LOOKS_BACK)]
        known = {case.key for case in await self.cases.of_keys([one.key for one in ended])}
        news = [one for one in ended if one.key not in known]
        await self.cases.open([*(self._stuck(one, now) for one in found), *(self._ended(one, now) for one in news)])
        return [*found, *(one.workflow_id for one in news)]

    @activity.defn
    async def tell_decisions_again(self) -> int:
        """A decision whose workflow could not be told is told again; one that was heard is not taken twice."""
        heard = 0
        for case in await self.cases.settled_within(24):
            if not case.workflow_id:
                heard += await look_again(activity.client(), case)
                continue
            handle = activity.client().get_workflow_handle(case.workflow_id)
            try:
                await handle.execute_update("settle", settlement_of(case), id=f"settle/{case.number}")
                heard += 1
            except (WorkflowUpdateFailedError, RPCError):
                continue  # it went on already, or it is over
        return heard

    async def _late_work(self, now: datetime) -> None:
        """What waited for a period goes on once it is open; entries that wait at the door are read and judged again (S27)."""
        origin = Origin(correlation="late_work", engagement="", actor="handoff", step="sweep")
        await self.late.look(now, origin)
        for case in await self.late.reopened(now):
            await look_again(activity.client(), case)

    async def _polled(self, feed: ChangeFeed) -> Polled:
        polled = Polled(source=feed.name)
        now = await self.clock.now()
        mark = await self.watermarks.read(feed.name) or now - FIRST_WINDOW
        newest, batch = mark, list[InboundEvent]()
        try:
            async for event in feed.changes(mark - OVERLAP, now):
                newest = max(newest, event.occurred_at or newest)
                batch.append(event)
                if len(batch) == _BATCH:
                    await self._keep(batch, polled)
            await self._keep(batch, polled)
        except Exception as error:
            failure = error if isinstance(error, Failure) else defect_of(error)
            if failure is None:
                raise
            if isinstance(failure, Defect):  # else the sweep would end here, round after round, and nobody would hear of it
                await self.cases.open([self._defect(f"{Defect.code}/poll/{feed.name}", failure.message, now)])
            return polled.model_copy(update={"failure": failure.message})
        await self.watermarks.advance(feed.name, min(newest, now))
        return polled

    async def _keep(self, batch: list[InboundEvent], polled: Polled) -> None:
        if batch:
            received = await self.inbox.receive(batch)
            polled.new += len(received.new)
            polled.known += received.duplicates
            activity.heartbeat()
            batch.clear()

    def _case(self, late: Expectation, now: datetime) -> Case:
        code = "UNKNOWN_CONTRACT" if late.key.startswith("execution/") else "ACTIVATION_OVERDUE"
        terms = self.policy.case_terms(code, late.entity, now)
        return Case(
            key=f"{code}/{late.key}",
            code=code,
            sentence=f"{late.what} Expected by {late.raise_at:%d %B %Y %H:%M} {late.raise_at.tzname()}; it has not happened.",
            remedy="Look at `handoff trace` of the contract; settle what waits; settle this with retry once it is done.",
            money_amount=late.money.amount if late.money else None,
            money_currency=late.money.currency if late.money else None,
            engagement=late.engagement,
            entity=late.entity,
            correlation=late.engagement,
            control_point="contract_activation",
            step="sweep",
            owner_role=terms.owner_role,
            opened_at=now,
            due_at=terms.due_at,
        )

    def _ended(self, run: Ended, now: datetime) -> Case:
        told = self._defect(run.key, f"The workflow {run.workflow_id} ended by a defect. {run.message}", now)
        return told.model_copy(update={"workflow_id": run.workflow_id, "evidence": run.evidence})

    def _defect(self, key: str, sentence: str, now: datetime) -> Case:
        terms = self.policy.case_terms(Defect.code, "", now)
        return Case(
            key=key,
            code=Defect.code,
            sentence=sentence,
            remedy="Have an engineer mend it and deploy that; start what ended again (schedules do so by themselves).",
            step="sweep",
            owner_role=terms.owner_role,
            opened_at=now,
            due_at=terms.due_at,
        )

    def _stuck(self, workflow_id: str, now: datetime) -> Case:
        terms = self.policy.case_terms("STUCK_WORKFLOW", "", now)
        return Case(
            key=f"STUCK_WORKFLOW/{workflow_id}",
            code="STUCK_WORKFLOW",
            sentence=f"The workflow {workflow_id} fails at an error of the program and stands still.",
            remedy="Read the failure in the Temporal Web UI, deploy the correction; the workflow goes on by itself.",
            workflow_id=workflow_id,
            step="sweep",
            owner_role=terms.owner_role,
            opened_at=now,
            due_at=terms.due_at,
        )


def _healing(missing: Expectation, now: datetime) -> InboundEvent:
    """The hint by which a missed handoff is started again; the record is re-read, as with any other hint."""
    return InboundEvent(
        source="handoff",
        event_id=f"heal/{missing.key}",
        kind=FactKind.CONTRACT_EXECUTED,
        object_kind="contract",
        object_id=missing.reference,
        contract=missing.reference,
        occurred_at=now,
    )
