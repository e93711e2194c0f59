"""Asynchronous jobs: queued by ``Prefer: respond-async``, run when they are due, asked for by job, task and result."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import Refusal, invalid_parameter
from sandbox.netsuite.operations import Operation, Outcome, attempted
from sandbox.netsuite.records import Records

UNEXPECTED = {
    "type": "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.5.1",
    "title": "Internal Server Error",
    "status": 500,
    "o:errorDetails": [{"detail": "An unexpected error occurred.", "o:errorCode": "UNEXPECTED_ERROR"}],
}


class Jobs:
    """The queue of an account. A task is one record; tasks of one job succeed or fail each for itself."""

    def __init__(self, state: Callable[[], Json], now: Callable[[], datetime], records: Records) -> None:
        self._state, self._now, self._records = state, now, records

    def submit(self, operations: list[Operation], *, idempotency_key: str | None, only_first: int | None) -> str:
        """Queue operations as one job; the same key again is told of the job it already has."""
        if idempotency_key is not None:
            self._refuse_repeated(idempotency_key)
        state = self._state()
        state["next_job"] += 1
        number = str(state["next_job"])
        due = self._now() + timedelta(seconds=state["account"]["job_seconds"])
        tasks = [{"id": str(n), "operation": operation.as_json(), "outcome": None} for n, operation in enumerate(operations, 1)]
        stamp = self._now().isoformat()
        state["jobs"][number] = {"id": number, "due": due.isoformat(), "start": stamp, "tasks": tasks, "only_first": only_first}
        state["under_way"].append(number)
        if idempotency_key is not None:
            state["idempotency"][idempotency_key] = number
        return number

    def run_due(self) -> None:
        """Run every job whose time has come."""
        now, state = self._now().isoformat(), self._state()
        due = [number for number in state["under_way"] if state["jobs"][number]["due"] <= now]
        for number in due:
            self._run(state["jobs"][number])
            state["under_way"].remove(number)

    def job(self, number: str) -> Json:
        """A job by its number."""
        jobs: dict[str, Json] = self._state()["jobs"]
        if number not in jobs:
            raise Refusal(404, "NONEXISTENT_ID", f"The job with ID '{number}' does not exist. Provide a valid job ID.")
        return jobs[number]

    def task(self, number: str, task: str) -> Json:
        """A task of a job."""
        found: Json | None = next((t for t in self.job(number)["tasks"] if t["id"] == task), None)
        if found is None:
            raise Refusal(404, "NONEXISTENT_ID", f"The task with ID '{task}' does not exist. Provide a valid task ID.")
        return found

    def _refuse_repeated(self, key: str) -> None:
        try:
            uuid.UUID(key)
        except ValueError as wrong:
            detail = "The idempotency key must be a universally unique identifier (RFC 4122)."
            raise Refusal(400, "INVALID_HEADER", detail, header="X-NetSuite-Idempotency-Key") from wrong
        if key in self._state()["idempotency"]:
            raise Refusal(
                400,
                "IDEMPOTENCY_ERROR",
                'A request with the same idempotency key is already submitted. See the "Location" header for a link to the '
                "previously submitted job",
                headers={"Location": f"/services/rest/async/v1/job/{self._state()['idempotency'][key]}"},
            )

    def _run(self, job: Json) -> None:
        for position, task in enumerate(job["tasks"]):
            if job["only_first"] is not None and position >= job["only_first"]:
                outcome = Outcome(500, body=UNEXPECTED)
            else:
                given = {**task["operation"], "replace": tuple(task["operation"]["replace"])}
                outcome = attempted(self._records, Operation(**given))
            task["outcome"] = {"status": outcome.status, "record": outcome.record, "body": outcome.body}
        job["end"] = self._now().isoformat()


def progress(tasks: list[Json]) -> str:
    """The state of a job, or of a task alone."""
    if any(task["outcome"] is None for task in tasks):
        return "pending"
    return "succeeded" if all(task["outcome"]["status"] < 400 for task in tasks) else "failed"


def batch(verb: str, items: object, *, most: int = 100) -> list[tuple[str | None, Json]]:
    """The key and the body of each record of a collection request, as Oracle documents them for 2026.1."""
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise invalid_parameter("items", "A collection request needs items: a list of 1 to 100 records.")
    if len(items) > most:
        raise invalid_parameter("items", f"A collection request can have at most {most} records; this one has {len(items)}.")
    return [(_key(verb, item), {k: v for k, v in item.items() if k != "id"}) for item in items]


def _key(verb: str, item: Json) -> str | None:
    if verb == "POST":
        return None
    if verb == "PATCH" and item.get("id") is not None:
        return str(item["id"])
    if item.get("externalId"):
        return f"eid:{item['externalId']}"
    raise invalid_parameter("items", "Each record of this collection request needs an external ID (PATCH: or an internal ID).")
