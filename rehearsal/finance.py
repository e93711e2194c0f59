"""What delivery and finance do: record time, accept milestones, import rates, bill."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from decimal import Decimal
from typing import Any

from canonical.acceptance import Acceptance
from canonical.errors import Failure
from canonical.rate_card import Rate, RateCard
from rehearsal import step
from rehearsal.estate import Record, estate
from rehearsal.scene import Scene, StepFailed
from rehearsal.world import Json

_ROLE, _USER = 5_000, 7_000
_TOLD = 1.1  # Kantata tells changes by the second: what was entered in this one is told in the next


class Finance:
    """The people of delivery and finance, in Kantata and at Handoff."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._desk = scene, scene.office.billing
        self._roles: dict[str, str] = {}
        self._people: dict[str, str] = {}

    async def accept(self, given: step.Accept) -> None:
        """Submit the acceptance as a governance tool would."""
        acceptance = Acceptance(
            contract=given.contract,
            milestone=given.milestone,
            version=given.on.isoformat(),
            accepted_on=given.on,
            accepted_by=given.by,
            evidence_url=given.evidence,
        )
        await _asked(self._desk.accept(acceptance, actor=given.by))

    async def rates(self, given: step.Rates) -> None:
        """Import a rate card."""
        rates = tuple(Rate(role=one.role, line=one.line, rate=one.rate, since=one.since) for one in given.rates)
        card = RateCard(reference=f"{given.contract}.agreed", contract=given.contract, version=given.version, rates=rates)
        await _asked(self._desk.import_rates(card, actor=given.by))

    async def take_in_time(self, _: step.Nothing) -> None:
        """Ask Kantata what changed."""
        await _asked(self._desk.take_in_time(actor="handoff"))

    async def bill(self, given: step.Bill) -> None:
        """Run it; what waits for people waits."""
        await _asked(self._desk.bill(given.contract, through=given.through, run=given.run, kinds=given.kinds, actor=given.by))

    async def record_time(self, given: step.RecordTime) -> None:
        """Time on timesheets, each with its decision."""
        kantata = self._scene.stage.vendors["kantata"]
        records = [one for one in await estate(self._scene.stage.vendors) if one.contract == given.contract]
        seed: dict[str, Json] = {"roles": {}, "users": {}, "timesheet_submissions": {}, "time_entries": {}}
        for entry in given.entries:
            self._add(entry, records, seed)
        await kantata.seed(seed)
        await asyncio.sleep(_TOLD)

    def _add(self, entry: step.Hours, records: list[Record], seed: dict[str, Json]) -> None:
        [project] = [one for one in records if (one.system, one.kind) == ("kantata", "project")]
        task = _task(records, project, entry.line)
        role, user = self._role(entry.role, seed), self._user(entry.person, seed)
        numbers = self._scene.numbers
        number, sheet = str(next(numbers)), str(next(numbers))
        at = datetime.now().astimezone() + self._scene.stage.ahead
        seed["timesheet_submissions"][sheet] = _submission(entry, project.id, user, at)
        seed["time_entries"][number] = {
            "workspace_id": project.id,
            "story_id": task.id,
            "user_id": user,
            "role_id": role,
            "date_performed": entry.on.isoformat(),
            "time_in_minutes": _minutes(entry.hours),
            "billable": True,
            "recent_submission_id": sheet,
        }

    def _role(self, name: str, seed: dict[str, Json]) -> str:
        return _numbered(self._roles, name, _ROLE, seed["roles"], {"name": name})

    def _user(self, address: str, seed: dict[str, Json]) -> str:
        return _numbered(self._people, address, _USER, seed["users"], {"full_name": address, "email_address": address})


def _numbered(known: dict[str, str], name: str, first: int, seed: Json, record: Json) -> str:
    if name not in known:
        known[name] = str(first + len(known))
        seed[known[name]] = record
    return known[name]


def _submission(entry: step.Hours, workspace: str, user: str, at: datetime) -> dict[str, Any]:
    decided = {"current_resolution_creator_id": "1", "current_resolution_created_at_date": at.isoformat()}
    return {
        "workspace_id": workspace,
        "user_id": user,
        "status": entry.state,
        "date": entry.on.isoformat(),
        "title": f"Week of {entry.on}",
        **({} if entry.state == "pending" else decided),
    }


def _task(records: list[Record], project: Record, line: str) -> Record:
    tasks = [
        one for one in records if (one.system, one.kind) == ("kantata", "task") and f"{project.contract}.{line}." in one.reference
    ]
    if not tasks:
        raise StepFailed(f"the project of {project.contract} has no task of line {line} in Kantata")
    return min(tasks, key=lambda one: one.reference)


def _minutes(hours: Decimal) -> int:
    minutes = hours * 60
    if minutes != minutes.to_integral_value():
        raise StepFailed(f"{hours} hours are no whole minutes, which is all that Kantata holds")
    return int(minutes)


async def _asked(asking: Awaitable[object]) -> None:
    try:
        await asking
    except Failure as failure:
        raise StepFailed(f"it was refused: {failure.message} {failure.remedy}") from failure
