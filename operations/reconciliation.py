"""What people ask of reconciliation: run it, look at what it found, and make up for days that were missed (R134)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from canonical.errors import Malformed
from canonical.reconciliation import Discrepancy, DiscrepancyType, Reconciliation, ReconciliationRun
from ledger.books import Books
from operations.engine import Engine, result_of
from operations.permission import needs
from operations.schedules import Schedules, planned
from policies.access import Permission
from policies.firm import Policies
from workflows.reconcile import Reconcile, Reconciled, ReconcileWorkflow
from workflows.search_attributes import ENTITY


class Backfilled(BaseModel):
    """A schedule was told to make up for these days; its runs are in the Web UI under its name."""

    schedule: str
    since: date
    through: date


@dataclass(frozen=True)
class ReconciliationDesk:
    """Reconciliation, for any surface; the engine is wanted only to run something."""

    engine: Engine
    books: Books
    policies: Policies

    @needs(Permission.RECONCILE)
    async def run(
        self,
        entity: str,
        *,
        since: date | None = None,
        through: date | None = None,
        as_of: datetime | None = None,
        is_report_only: bool = False,
        actor: str,
    ) -> Reconciled:
        """Reconcile an entity now; its last days unless others are asked for (both included)."""
        await self._require(entity, since, through, as_of)
        request = Reconcile(entity=entity, since=since, through=through, as_of=as_of, is_report_only=is_report_only, actor=actor)
        day = through or (as_of or await self.books.clock.now()).date()
        handle = await self.engine.started(
            ReconcileWorkflow.run,
            request,
            f"reconcile/{entity}/{day}/{uuid4().hex[:8]}",
            attributes=TypedSearchAttributes([SearchAttributePair(ENTITY, entity)]),
            summary=f"Reconcile {entity} through {day}",
        )
        reconciled: Reconciled = await result_of(handle)
        return reconciled

    async def runs(self, *, entity: str = "", limit: int = 20) -> Sequence[ReconciliationRun]:
        """Past runs, the newest first."""
        return await self.books.reconciliation.runs(entity=entity, most=limit)

    async def read(self, run: int) -> Reconciliation:
        """One run with all it found."""
        return await self.books.reconciliation.read(run)

    async def standing(self, *, entity: str = "", type: DiscrepancyType | None = None, limit: int = 200) -> Sequence[Discrepancy]:
        """What stands open, the most money first."""
        return await self.books.reconciliation.findings.standing(entity=entity, type=type.value if type else "", most=limit)

    @needs(Permission.RECONCILE)
    async def backfill(self, entity: str, *, since: date, through: date, actor: str) -> Backfilled:
        """Run what the schedule of an entity would have run on these days; each run reconciles its own day."""
        now = await self.books.clock.now()
        await self._require(entity, since, through, None)
        terms = self.policies.entities.on(now.date()).entity(entity)
        zone = ZoneInfo(terms.time_zone)
        begins = datetime.combine(since, time(), zone)
        ends = datetime.combine(through + timedelta(days=1), time(), zone) - timedelta(seconds=1)
        schedules = Schedules(self.engine.client, planned(self.policies, now.date()))
        await schedules.backfill(f"reconcile/{entity}", begins, ends)
        return Backfilled(schedule=f"reconcile/{entity}", since=since, through=through)

    async def _require(self, entity: str, since: date | None, through: date | None, as_of: datetime | None) -> None:
        """An entity of ours, days in order, a cut-off that has been."""
        now = await self.books.clock.now()
        self.policies.entities.on(now.date()).entity(entity)
        if since and through and through < since:
            raise Malformed(f"The days from {since} through {through} are none", remedy="Give the earlier day first.")
        if as_of and (as_of.tzinfo is None or as_of > now):
            raise Malformed(
                f"The cut-off {as_of} has not been yet, or has no time zone",
                remedy="Give a past time with its zone: 2026-07-31T20:00:00-04:00.",
            )
