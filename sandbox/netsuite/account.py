"""The simulated NetSuite account: its state, who may call it and how many at once, and its paths."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.netsuite import standing
from sandbox.netsuite.authentication import TOKEN_PATH, Authentication
from sandbox.netsuite.bodies import Json
from sandbox.netsuite.catalog import RECORD_TYPES
from sandbox.netsuite.controls import Controls
from sandbox.netsuite.errors import Refusal, invalid_login, too_many_requests
from sandbox.netsuite.job_service import JobService
from sandbox.netsuite.jobs import Jobs
from sandbox.netsuite.query_service import QueryService
from sandbox.netsuite.record_service import RecordService
from sandbox.netsuite.records import Records
from sandbox.netsuite.suiteql import SuiteQl
from sandbox.netsuite.transactions import POSTING
from sandbox.vendor import SimulatedVendor

Answer = Callable[[Request], Awaitable[Response]]
_LOOKS_EVERY = 0.05
_SETTINGS: dict[str, Any] = {
    "id": "TSTDRV0000001_SB1",
    "tba": [],
    "m2m": [],
    "concurrency_limit": 15,
    "used_by_others": 0,
    "overload_answer": "429",
    "call_seconds": 0,
    "job_seconds": 0,
    "search_delay_seconds": 0,
    "suiteql_row_limit": 100_000,
    "time_zone": "UTC",  # of the integration user: SuiteQL speaks its time
    # How this account posts; see standing.py for the records and the custom fields it begins with.
    "accounts": {
        "receivable": "1100",
        "cash": "1000",
        "deposits": "2350",
        "tax": "2200",
        "exchange": "7000",
        "rounding": "7010",
    },
    "invoice_approval": False,
    "tax_rounding": "line",
    "date_outside_period": "allow",
    "line_limit": 10_000,
}
_CODES = {401: "INVALID_LOGIN", 404: "NONEXISTENT_ID", 429: "CONCURRENCY_LIMIT_EXCEEDED"}


class NetSuite(SimulatedVendor):
    """Oracle NetSuite, SuiteTalk REST web services 2026.1."""

    name: ClassVar[str] = "netsuite"

    def __init__(self, *, state_dir: Path | None = None) -> None:
        super().__init__(state_dir=state_dir)
        self._grow()
        self.records = Records(lambda: self.state, self.now)
        self.jobs = Jobs(lambda: self.state, self.now, self.records)
        self.authentication = Authentication(lambda: self.state, self.now)
        self._running = self.taking_time = 0

    def empty(self) -> dict[str, Any]:
        """A new account: no records, nobody who may call."""
        counters = {"next_id": 1000, "next_job": 0, "numbers": {}}
        return {
            "account": {**deepcopy(_SETTINGS), "custom_fields": standing.custom_fields()},
            "records": self._standing(),
            "deleted": [],
            "jobs": {},
            "under_way": [],  # of them: an account has a few jobs under way and very many that ended
            "idempotency": {},
            "tokens": {},
            **counters,
        }

    def _standing(self) -> Json:
        """The records that every account has from its first day."""
        stamp = self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        stamps = {"dateCreated": stamp, "lastModifiedDate": stamp, "_version": 1}
        return {
            name: {key: {**RECORD_TYPES[name].defaults, **stamps, **record, "id": key} for key, record in held.items()}
            for name, held in standing.records().items()
        }

    def _grow(self) -> None:
        """A state that was kept by an earlier version gets what accounts have had since."""
        fresh = self.empty()
        for part in ("account", "records"):
            self.state[part] = {**fresh[part], **self.state[part]}
        self.state = {**fresh, **self.state}

    def seed(self, world: dict[str, Any]) -> None:
        """Settings of the account, and records by type and internal id."""
        given = world.get("account", {})
        held = self.state["account"]
        held.update({**given, **{part: {**held[part], **given.get(part, {})} for part in ("custom_fields", "accounts")}})
        for kind in sorted(world.keys() - {"account"}, key=lambda kind: (kind in POSTING, list(world).index(kind))):
            for key, record in world[kind].items():
                self.records.put_in("account" if kind == "chart" else kind, key, record)

    def error(self, status: int, headers: dict[str, str]) -> Response:
        """An error answer in NetSuite's form."""
        detail = "The request could not be completed." if status >= 500 else "The request was refused."
        return Refusal(status, _CODES.get(status, "UNEXPECTED_ERROR"), detail, headers=headers).response()

    def routes(self) -> list[BaseRoute]:
        """The services of the account."""
        records, queries, jobs = (RecordService(self), QueryService(self), JobService(self))
        services = [*records.paths(), *queries.paths(), *jobs.paths(), ("/system/v1/serverTime", ["GET"], self._server_time)]
        routes: list[BaseRoute] = [Route(TOKEN_PATH, self.authentication.token, methods=["POST"])]
        routes += [Route(f"/services/rest{path}", self._governed(answer), methods=verbs) for path, verbs, answer in services]
        return [*routes, *Controls(self).routes()]

    def suiteql(self) -> SuiteQl:
        """A query engine over the records."""
        return SuiteQl(self.records)

    async def _server_time(self, request: Request) -> Response:
        return JSONResponse({"serverTime": self.now().strftime("%Y-%m-%dT%H:%M:%SZ")})

    def _governed(self, answer: Answer) -> Answer:
        async def governed(request: Request) -> Response:
            try:
                async with self._slot():
                    await self.authentication.check(request)
                    self.jobs.run_due()
                    return await answer(request)
            except Refusal as refusal:
                return refusal.response()

        return governed

    @contextlib.asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """One of the account's concurrent requests; SOAP, RESTlets and other people's integrations use the same ones."""
        settings = self.state["account"]
        if self._running + settings["used_by_others"] >= settings["concurrency_limit"]:
            # Seen at overloaded accounts with token-based authentication: a good signature is called an invalid login.
            raise (invalid_login() if settings["overload_answer"] == "401" else too_many_requests())
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    async def occupied(self) -> None:
        """The time that a call takes, while others can come between; less, once the account is told to be quicker."""
        began = time.monotonic()
        self.taking_time += 1
        try:
            while (rest := began + self.state["account"]["call_seconds"] - time.monotonic()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(min(rest, _LOOKS_EVERY))
        finally:
            self.taking_time -= 1
