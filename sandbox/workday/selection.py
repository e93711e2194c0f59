"""Which workers an answer is about, always in the order of their ids."""

from typing import Any

from sandbox.workday.envelope import invalid
from sandbox.workday.history import LogEntry, log, standing
from sandbox.workday.question import Question, Range

Worker = dict[str, Any]
ID_TYPES = {"employee": "Employee_ID", "contingent": "Contingent_Worker_ID"}


def selected(workers: dict[str, Worker], question: Question) -> list[tuple[str, Worker]]:
    """The workers that are named, or that meet the criteria."""
    if question.references:
        return _named(workers, question)
    return [(number, worker) for number, worker in sorted(workers.items()) if _meets(worker, question)]


def entries(worker: Worker, question: Question) -> list[LogEntry]:
    """The lines of the transaction log that a worker is found by."""
    return [line for line in log(worker, question.moment) if any(_covers(given, line) for given in question.ranges)]


def _named(workers: dict[str, Worker], question: Question) -> list[tuple[str, Worker]]:
    found = []
    for kind, value in question.references:
        match = [
            (n, w)
            for n, w in workers.items()
            if value == (w["wid"] if kind == "WID" else n) and kind in {"WID", ID_TYPES[w["kind"]]}
        ]
        if not match and not question.skips_missing:
            message = f"Validation error occurred. Invalid ID value.  '{value}' is not a valid ID value for type = '{kind}'"
            raise invalid(message, "/wd:Request_References/wd:Worker_Reference/wd:ID")
        found += match
    return found


def _meets(worker: Worker, question: Question) -> bool:
    if "Exclude_Employees" in question.excludes and worker["kind"] == "employee":
        return False
    if "Exclude_Contingent_Workers" in question.excludes and worker["kind"] == "contingent":
        return False
    now = standing(worker, question.day, question.moment)
    if "Exclude_Inactive_Workers" in question.excludes and now.hired and not now.is_active:
        return False
    return bool(entries(worker, question)) if question.ranges else now.hired is not None


def _covers(given: Range, line: LogEntry) -> bool:
    if given.kinds and line.kind not in given.kinds:
        return False
    if given.updated and not given.updated[0] <= line.entered <= given.updated[1]:
        return False
    return given.effective is None or given.effective[0] <= line.effective <= given.effective[1]
