"""Reconciliation through the process API: run it, read what it found (R105, R134)."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, Field

from canonical.reconciliation import Discrepancy, DiscrepancyType, Reconciliation, ReconciliationRun
from canonical.reference import Reference
from gateway.permissions import Gate
from gateway.texts import Limit, Number, Wanted
from operations.office import Office
from operations.reconciliation import Backfilled
from policies.access import Permission
from workflows.reconcile import Reconciled


class RunReconciliation(BaseModel):
    """Reconcile an entity; its last days unless others are given (both included). What changed after ``as_of`` is LATE."""

    entity: Reference
    since: date | None = None
    through: date | None = None
    as_of: AwareDatetime | None = None
    is_report_only: bool = Field(default=False, description="heal nothing, propose nothing")


class MakeUp(BaseModel):
    """Days that an entity's evening run missed, both included."""

    entity: Reference
    since: date
    through: date


def reconciliation_routes(routes: APIRouter, office: Office, gate: Gate) -> None:
    """Under ``/v1/reconciliations``."""

    @routes.post("/reconciliations", tags=["reconciliation"])
    async def reconcile(asked: RunReconciliation, request: Request) -> Reconciled:
        """Compare both sides of everything now; MISSING and LATE heal, the rest becomes exceptions. Answers when it is done."""
        actor = await gate.require(request, Permission.RECONCILE)
        return await office.reconciliation.run(
            asked.entity,
            since=asked.since,
            through=asked.through,
            as_of=asked.as_of,
            is_report_only=asked.is_report_only,
            actor=actor,
        )

    @routes.post("/reconciliations/backfills", status_code=202, tags=["reconciliation"])
    async def backfill(asked: MakeUp, request: Request) -> Backfilled:
        """Run what the schedule of an entity would have run on these days; each run reconciles its own day."""
        actor = await gate.require(request, Permission.RECONCILE)
        return await office.reconciliation.backfill(asked.entity, since=asked.since, through=asked.through, actor=actor)

    @routes.get("/reconciliations", tags=["reconciliation"], response_model=list[ReconciliationRun])
    async def runs(request: Request, entity: Wanted = None, limit: Limit = 100) -> Any:
        """Past runs, the newest first."""
        subject = await gate.require(request, Permission.READ)
        return await gate.shown(subject, list(await office.reconciliation.runs(entity=entity or "", limit=limit)))

    @routes.get("/reconciliations/{number}", tags=["reconciliation"], response_model=Reconciliation)
    async def run(number: Number, request: Request) -> Any:
        """One run: what was compared, net and gross drift, findings, and contracts' money side by side."""
        subject = await gate.require(request, Permission.READ)
        return await gate.shown(subject, await office.reconciliation.read(number))

    @routes.get("/discrepancies", tags=["reconciliation"], response_model=list[Discrepancy])
    async def standing(request: Request, entity: Wanted = None, type: DiscrepancyType | None = None, limit: Limit = 100) -> Any:
        """Findings that stand open, the most money first."""
        subject = await gate.require(request, Permission.READ)
        found = await office.reconciliation.standing(entity=entity or "", type=type, limit=limit)
        return await gate.shown(subject, list(found))
