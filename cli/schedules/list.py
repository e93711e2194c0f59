"""`handoff schedules list`: what should run by the clock, beside what the server runs."""

from datetime import timedelta

from rich.table import Table

from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import table
from operations.schedules import Scheduled


def list_schedules(actor: ActorOption = None, json: JsonOption = False) -> None:
    """The schedules: what should run, and what the server runs."""
    with output(json) as out:
        out.show(ask(out, lambda s: s.office.schedules(), actor=actor), shown)


def shown(found: list[Scheduled]) -> list[object]:
    """A line a schedule, and what to do where the server differs."""
    headers = ("Schedule", "State", "Every", "Next", "What it does")
    rows = [(s.id, _state(s), timedelta(seconds=s.every_seconds), s.next_at, s.note) for s in found]
    listed: Table | str = table(headers, rows)
    missing = any(not schedule.is_applied for schedule in found)
    return [listed, *(["Next: `handoff schedules apply` makes what is missing."] if missing else [])]


def _state(schedule: Scheduled) -> str:
    if not schedule.is_applied:
        return "MISSING"
    return "paused" if schedule.is_paused else "runs"
