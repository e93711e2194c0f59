"""What delivery's people do: record time in Kantata, and decide on it."""

import asyncio
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from policies.shape import Shape
from rehearsal.estate import estate
from rehearsal.record import Json, Record
from rehearsal.scene import Scene, StepFailed
from rehearsal.stage import SUBJECT
from rehearsal.steps.verb import Nothing, asked
from rehearsal.words import Amount

_ROLE, _USER = 5_000, 7_000
TOLD = 1.1  # Kantata tells changes by the second: what was entered in this one is told in the next


Decision = Literal["approved", "rejected", "pending", "cancelled"]


class Hours(Shape):
    """Hours of a person on one day, on a task of a contract line; an entry that is changed later has a name."""

    entry: str = ""
    line: str
    role: str
    hours: Amount
    on: date
    person: str = "rhea@firm.example"
    days: int = Field(default=1, ge=1, description="the same on each of so many days")
    people: int = Field(default=1, ge=1, description="by so many people; ``person`` is the first of them")
    state: Decision = "approved"


class RecordTime(Shape):
    """People record time in Kantata, and somebody decides on it."""

    contract: str
    entries: tuple[Hours, ...] = Field(min_length=1)


class ChangeTime(Shape):
    """A recorded entry is corrected, or decided on anew; ``cancelled`` takes an approval back."""

    entry: str
    hours: Amount | None = None
    state: Decision | None = None


class DeliveryVerbs(Shape):
    """The verbs of this topic."""

    record_time: RecordTime | None = None
    change_time: ChangeTime | None = None
    take_in_time: Nothing | None = Field(default=None, description="time and expenses are polled now")


class Delivery:
    """The people of delivery, in Kantata and at Handoff."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._desk = scene, scene.office.billing
        self._roles: dict[str, str] = {}
        self._people: dict[str, str] = {}
        self._entries: dict[str, tuple[str, str, Json]] = {}

    async def take_in_time(self, _: Nothing) -> None:
        """Ask Kantata what changed."""
        await asked(self._desk.take_in_time(actor=SUBJECT))

    async def record_time(self, given: RecordTime, *, number: str = "") -> None:
        """Time on timesheets, each with its decision; an entry with a number is that one, changed."""
        kantata = self._scene.stage.vendors["kantata"]
        records = [one for one in await estate(self._scene.stage.vendors) if one.contract == given.contract]
        seed: dict[str, Json] = {"roles": {}, "users": {}, "timesheet_submissions": {}, "time_entries": {}}
        for entry in [each for one in given.entries for each in _spread(one)]:
            told = number or str(next(self._scene.numbers))
            self._add(entry, records, seed, number=told)
            if entry.entry:
                self._entries[entry.entry] = (given.contract, told, entry.model_dump())
        await kantata.seed(seed)
        await asyncio.sleep(TOLD)

    async def change_time(self, given: ChangeTime) -> None:
        """The same entry, with other hours or on a timesheet that was decided on otherwise."""
        if given.entry not in self._entries:
            raise StepFailed(f"no entry was recorded under the name {given.entry}; name it with `entry` in record_time")
        contract, number, entry = self._entries[given.entry]
        hours = Hours.model_validate(entry | given.model_dump(include={"hours", "state"}, exclude_none=True))
        await self.record_time(RecordTime(contract=contract, entries=(hours,)), number=number)

    def _add(self, entry: Hours, records: list[Record], seed: dict[str, Json], *, number: str) -> None:
        [project] = [one for one in records if (one.system, one.kind) == ("kantata", "project")]
        task = _task(records, project, entry.line)
        role, user = self._role(entry.role, seed), self._user(entry.person, seed)
        sheet = str(next(self._scene.numbers))
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


def _spread(entry: Hours) -> Iterator[Hours]:
    """One for each person and day."""
    for number in range(entry.people):
        person = entry.person if number == 0 else f"{number}.{entry.person}"
        for day in range(entry.days):
            yield entry.model_copy(update={"person": person, "on": entry.on + timedelta(days=day)})


def _numbered(known: dict[str, str], name: str, first: int, seed: Json, record: Json) -> str:
    if name not in known:
        known[name] = str(first + len(known))
        seed[known[name]] = record
    return known[name]


def _submission(entry: Hours, workspace: str, user: str, at: datetime) -> dict[str, Any]:
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
