"""The asynchronous service: ``/async/v1/job/{id}``, its tasks, and the result of each task."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import MEDIA_TYPE, Refusal
from sandbox.netsuite.jobs import progress
from sandbox.netsuite.operations import Outcome
from sandbox.netsuite.record_service import answered
from sandbox.netsuite.rendering import Rendering

if TYPE_CHECKING:
    from sandbox.netsuite.account import NetSuite

Path = tuple[str, list[str], Callable[[Request], Awaitable[Response]]]


class JobService:
    """Answers for jobs."""

    def __init__(self, account: NetSuite) -> None:
        self._jobs, self._records = account.jobs, account.records

    def paths(self) -> list[Path]:
        """Path, verbs and handler of each."""
        job = "/async/v1/job/{job}"
        return [
            (job, ["GET"], self._job),
            (f"{job}/task", ["GET"], self._tasks),
            (f"{job}/task/", ["GET"], self._tasks),
            (f"{job}/task/{{task}}", ["GET"], self._task),
            (f"{job}/task/{{task}}/result", ["GET"], self._result),
        ]

    async def _job(self, request: Request) -> Response:
        job = self._jobs.job(request.path_params["job"])
        path, links = f"/async/v1/job/{job['id']}", self._rendering(request)
        state = progress(job["tasks"])
        answer: Json = {"links": [links.link(path)], "completed": state != "pending", "id": job["id"], "progress": state}
        return JSONResponse({**answer, **_times(job), "task": {"links": [links.link(f"{path}/task")]}})

    async def _tasks(self, request: Request) -> Response:
        job = self._jobs.job(request.path_params["job"])
        path, links = f"/async/v1/job/{job['id']}/task", self._rendering(request)
        items: list[Json] = [{"links": [links.link(f"{path}/{task['id']}")]} for task in job["tasks"]]
        return JSONResponse(links.page(path, items, limit=1000, offset=0, total=len(items)))

    async def _task(self, request: Request) -> Response:
        job, task = self._both(request)
        path, links = (f"/async/v1/job/{job['id']}/task/{task['id']}", self._rendering(request))
        state = progress([task])
        pair = [links.link(f"{path}/result", "related"), links.link(path)]
        answer: Json = {"links": pair, "completed": state != "pending", "id": task["id"], "progress": state}
        return JSONResponse({**answer, **_times(job)})

    async def _result(self, request: Request) -> Response:
        """The answer that the same call would have had at once."""
        _, task = self._both(request)
        if task["outcome"] is None:
            raise Refusal(404, "NONEXISTENT_ID", "The result of this task is not available yet.")
        outcome, kind = Outcome(**task["outcome"]), task["operation"]["kind"]
        rendering = self._rendering(request)
        if outcome.body is not None:
            return JSONResponse(outcome.body, status_code=outcome.status, media_type=MEDIA_TYPE)
        if task["operation"]["verb"] == "GET":
            record = self._records.get(kind, outcome.record or "")
            return JSONResponse(rendering.record(self._records.kind(kind), record, expanded=True))
        return answered(rendering, kind, outcome)

    def _both(self, request: Request) -> tuple[Json, Json]:
        number = request.path_params["job"]
        return self._jobs.job(number), self._jobs.task(number, request.path_params["task"])

    def _rendering(self, request: Request) -> Rendering:
        return Rendering(self._records, str(request.base_url).rstrip("/"))


def _times(job: Json) -> Json:
    return {"startTime": job["start"], "endTime": job["end"]} if job.get("end") else {"startTime": job["start"]}
