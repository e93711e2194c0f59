"""A firm's month of time in one call: people, projects and days in a few words, entries by the hundred thousand."""

from datetime import date, datetime, timedelta
from typing import Any

from sandbox.kantata import changes
from sandbox.kantata.index import Record, State, enter
from sandbox.kantata.kinds import KINDS
from sandbox.kantata.line_items import LINE_ITEM_RULES
from sandbox.kantata.records import seeded

_FIRST = {"users": 200_000, "workspaces": 300_000, "stories": 400_000, "roles": 100_000}
_FIRST_REFERENCE = {"Workspace": 500_000, "Story": 600_000}
_FIRST_SHEET, _FIRST_ENTRY = 1_000_000, 3_000_000  # below the ids that the account gives itself
_SERVICE = "Handoff"


def generate(state: State, wanted: dict[str, Any]) -> None:
    """``{"people": 500, "projects": 40, "days": 20, "first_day": "2026-04-01", "changed_from": iso, "changed_until": iso}``.

    Everybody has ``a_day`` entries (1 unless given) a day, each on another project; one timesheet a person, project and week, of
    which all but every tenth (or ``undecided_every``; 0: none) are approved. ``on`` names projects and tasks that are there
    already, as ``[workspace, story]``, instead of ``projects``. The changes lie evenly between the two times. Nothing of it
    depends on chance.
    """
    began, ended = (datetime.fromisoformat(wanted[name]) for name in ("changed_from", "changed_until"))
    people, a_day = int(wanted["people"]), int(wanted.get("a_day", 1))
    places = [(str(one), str(other)) for one, other in wanted.get("on", ())] or _places(int(wanted["projects"]))
    undecided, projects = int(wanted.get("undecided_every", 10)), len(places)
    days = [date.fromisoformat(wanted["first_day"]) + timedelta(days=n) for n in range(int(wanted["days"]))]
    _people(state, people, began)
    if "on" not in wanted:
        _projects(state, projects, began)
    step = (ended - began) / max(people * len(days) * a_day, 1)
    entries: list[Record] = []
    sheets: dict[tuple[int, int, int], str] = {}
    for n, day in enumerate(days):
        for person in range(people):
            for nth in range(a_day):
                project = (person + nth) % projects
                which = (person, project, n // 7)
                if which not in sheets:
                    number, workspace = str(_FIRST_SHEET + len(sheets)), places[project][0]
                    sheets[which] = _sheet(state, which, number, workspace, day, began, undecided)
                at = began + step * len(entries)
                entries.append(_entry(len(entries), person, places[project], day, sheets[which], at))
    _store(state, entries)


def _places(projects: int) -> list[tuple[str, str]]:
    return [(str(_FIRST["workspaces"] + n), str(_FIRST["stories"] + n)) for n in range(projects)]


def _people(state: State, people: int, at: datetime) -> None:
    seeded(state, KINDS["roles"], str(_FIRST["roles"]), {"name": "Consultant"}, at)
    for n in range(people):
        who = {"full_name": f"Person {n}", "email_address": f"p{n}@firm.example"}
        seeded(state, KINDS["users"], str(_FIRST["users"] + n), who, at)


def _projects(state: State, projects: int, at: datetime) -> None:
    for n, (workspace, story) in enumerate(_places(projects)):
        seeded(state, KINDS["workspaces"], workspace, {"title": f"Project {n}", "price": 100_000, "currency": "EUR"}, at)
        seeded(state, KINDS["stories"], story, {"workspace_id": workspace, "title": "Work"}, at)
        _refer(state, "Workspace", "Project", n, workspace, f"G-{n}", at)
        _refer(state, "Story", "Task", n, story, f"G-{n}.L1.T1", at)


def _refer(state: State, subject: str, model: str, n: int, number: str, name: str, at: datetime) -> None:
    told = {"subject_type": subject, "subject_id": number, "service_name": _SERVICE}
    told |= {"service_model": model, "service_model_ref": name}
    seeded(state, KINDS["external_references"], str(_FIRST_REFERENCE[subject] + n), told, at)


def _sheet(
    state: State, which: tuple[int, int, int], number: str, workspace: str, day: date, at: datetime, undecided: int
) -> str:
    person, project, week = which
    record: Record = {"id": number, "created_at": at.isoformat(), "updated_at": at.isoformat()}
    record |= {"workspace_id": workspace, "user_id": str(_FIRST["users"] + person)}
    record |= {"date": day.isoformat(), "_subject_type": "TimesheetSubmission"}
    changes.normal("timesheet_submissions", record)
    LINE_ITEM_RULES["timesheet_submissions"](state, record, True)
    if not undecided or (person + project + week) % undecided:
        record |= {"status": "approved", "current_resolution_creator_id": "1"}
        record["current_resolution_created_at_date"] = record["updated_at"]
    enter(state, "timesheet_submissions", record)
    return number


def _entry(n: int, person: int, place: tuple[str, str], day: date, sheet: str, at: datetime) -> Record:
    moment = at.isoformat()
    return {
        "id": str(_FIRST_ENTRY + n),
        "workspace_id": place[0],
        "story_id": place[1],
        "user_id": str(_FIRST["users"] + person),
        "role_id": str(_FIRST["roles"]),
        "date_performed": day.isoformat(),
        "time_in_minutes": 480,
        "billable": True,
        "taxable": False,
        "rate_in_cents": 15_000,
        "notes": None,
        "recent_submission_id": sheet,
        "_subject_type": "TimeEntry",
        "created_at": moment,
        "updated_at": moment,
    }


def _store(state: State, entries: list[Record]) -> None:
    """Like entering each, but sorted once."""
    on = state["index"].setdefault("time_entries.recent_submission_id", {})
    for record in entries:
        state["time_entries"][record["id"]] = record
        on.setdefault(record["recent_submission_id"], []).append(record["id"])
    changes.keep_all(state, "time_entries", entries)
