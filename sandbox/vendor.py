"""What every simulated vendor has: state, faults, outgoing webhooks, a clock, a call log and the control paths over HTTP.

A vendor is a subclass of ``SimulatedVendor`` in a module of its own. Control paths (never the vendor's own) are under
``/_sandbox``: ``faults``, ``holds/{name}/release``, ``deliveries``, ``state``, ``seed``,
``reset``, ``clock``, ``calls``, ``health``.
"""

import asyncio
import json
from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.deliveries import Deliveries, Manners
from sandbox.faults import Fault, FaultPlan


class SimulatedVendor:
    """One vendor's system: its records live in ``state``, which is JSON so that it survives a restart."""

    name: ClassVar[str]

    def __init__(self, *, state_dir: Path | None = None) -> None:
        self.faults = FaultPlan()
        self.deliveries = Deliveries()
        self.calls: deque[dict[str, Any]] = deque(maxlen=200_000)
        self.clock_offset = timedelta()
        self._file = state_dir / f"{self.name}.json" if state_dir else None
        self.state: dict[str, Any] = self.empty()
        if self._file and self._file.exists():
            self.state = json.loads(self._file.read_text())

    # What a vendor says of itself.

    def routes(self) -> list[BaseRoute]:
        """The vendor's own paths."""
        raise NotImplementedError

    def empty(self) -> dict[str, Any]:
        """The state of a new account."""
        return {}

    def seed(self, world: dict[str, Any]) -> None:
        """Add records of this world to the state (the vendor's own shapes, by record type)."""
        for kind, records in world.items():
            self.state.setdefault(kind, {}).update(records)

    def error(self, status: int, headers: dict[str, str]) -> Response:
        """An error answer in the vendor's own form."""
        return JSONResponse({"error": status}, status_code=status, headers=headers)

    # What every vendor can use.

    def now(self) -> datetime:
        """The vendor's time, which rehearsals move (aware, UTC)."""
        return datetime.now(UTC) + self.clock_offset

    def reset(self) -> None:
        """Forget everything: records, faults, deliveries, calls, clock."""
        self.state = self.empty()
        self.faults.clear()
        self.deliveries = Deliveries()
        self.calls.clear()
        self.clock_offset = timedelta()

    def save(self) -> None:
        """Write the state where it survives a restart, if there is such a place."""
        if self._file:
            scratch = self._file.with_suffix(".tmp")
            scratch.write_text(json.dumps(self.state))
            scratch.replace(self._file)

    def app(self) -> ASGIApp:
        """The whole server."""
        app = Starlette(routes=[*_control_routes(self), *self.routes()])
        return _Faulty(app, self)


class _Faulty:
    """Reads the body, meets the plan, logs the call; the vendor's own code behind it knows nothing of faults.

    A handler finds ``request.state.invisible_seconds`` and ``request.state.partial`` (``None`` unless such a fault is met).
    """

    def __init__(self, app: ASGIApp, vendor: SimulatedVendor) -> None:
        self._app, self._vendor = app, vendor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        send = _dated(send, self._vendor)
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox"):
            await self._app(scope, receive, send)
            return
        body = await _whole(receive)
        target = scope["path"] + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
        call = {"method": scope["method"], "path": target, "at": self._vendor.now().isoformat(), "status": None, "fault": None}
        self._vendor.calls.append(call)
        fault = self._vendor.faults.take(scope["method"], target, body)
        call["fault"] = fault.kind if fault else None
        scope.setdefault("state", {}).update(
            invisible_seconds=fault.seconds if fault and fault.hides else None,
            partial=fault.quantity if fault and fault.kind == "partial" else None,
        )
        await self._answered(fault, scope, body, send, call)

    async def _answered(self, fault: Fault | None, scope: Scope, body: bytes, send: Send, call: dict[str, Any]) -> None:
        kind = fault.kind if fault else None
        if fault and kind in {"answer", "outage"}:
            await self._refusal(fault)(scope, _once(body), _noting(send, call))
            return
        if fault and kind == "slow":
            await asyncio.sleep(fault.seconds)
        if fault is None or kind in {"slow", "invisible"} or (kind == "partial" and fault.status is None):
            await self._app(scope, _once(body), _noting(send, call))
            return
        inside: dict[str, Any] = {}
        messages: list[Message] = []

        async def kept(message: Message) -> None:
            messages.append(message)

        await self._app(scope, _once(body), _noting(kept, inside))
        call["committed_status"] = inside.get("status")
        if kind == "hold":
            await self._vendor.faults.held(fault.name)
        if kind == "drop_connection":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
            await send({"type": "http.response.body", "body": b"", "more_body": True})
            return  # the announced body never comes: the server closes the connection
        if kind in {"lose_answer", "partial"}:
            await self._refusal(fault, default=504)(scope, _once(body), _noting(send, call))
            return
        for message in messages:
            await _noting(send, call)(message)

    def _refusal(self, fault: Fault, default: int = 503) -> Response:
        status = fault.status or default
        if fault.body is None:
            return self._vendor.error(status, dict(fault.headers))
        if isinstance(fault.body, str):
            return Response(fault.body, status_code=status, headers=dict(fault.headers))
        return JSONResponse(fault.body, status_code=status, headers=dict(fault.headers))


async def _whole(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _once(body: bytes) -> Receive:
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            await asyncio.Event().wait()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _dated(send: Send, vendor: SimulatedVendor) -> Send:
    """Every answer bears the vendor's time, which rehearsals move."""

    async def dated(message: Message) -> None:
        if message["type"] == "http.response.start":
            date = format_datetime(vendor.now(), usegmt=True).encode()
            message["headers"] = [*message.get("headers", ()), (b"date", date)]
        await send(message)

    return dated


def _noting(send: Send, call: dict[str, Any]) -> Send:
    async def noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            call["status"] = message["status"]
        await send(message)

    return noted


def _control_routes(vendor: SimulatedVendor) -> list[BaseRoute]:
    async def faults(request: Request) -> Response:
        if request.method == "POST":
            given = await request.json()
            numbers = [vendor.faults.add(Fault.model_validate(f)) for f in (given if isinstance(given, list) else [given])]
            return JSONResponse({"numbers": numbers}, status_code=201)
        if request.method == "DELETE":
            vendor.faults.lift()
        return JSONResponse(vendor.faults.listed())

    async def release(request: Request) -> Response:
        vendor.faults.release(request.path_params["name"])
        return JSONResponse({"released": request.path_params["name"]})

    async def deliveries(request: Request) -> Response:
        if request.method == "PUT":
            vendor.deliveries.manners = Manners.model_validate(await request.json())
        return JSONResponse({"manners": vendor.deliveries.manners.model_dump(), "sent": vendor.deliveries.listed()})

    async def again(request: Request) -> Response:
        return JSONResponse({"sent": await vendor.deliveries.again(**await request.json())})

    async def flush(request: Request) -> Response:
        sent = vendor.deliveries.flush()
        await vendor.deliveries.idle()
        return JSONResponse({"sent": sent})

    async def state(request: Request) -> Response:
        return JSONResponse(vendor.state)

    async def seed(request: Request) -> Response:
        vendor.seed(await request.json())
        return JSONResponse({"seeded": True}, status_code=201)

    async def reset(request: Request) -> Response:
        vendor.reset()
        return JSONResponse({"reset": True})

    async def clock(request: Request) -> Response:
        if request.method == "PUT":
            vendor.clock_offset = timedelta(seconds=float((await request.json())["offset_seconds"]))
        return JSONResponse({"now": vendor.now().isoformat()})

    async def calls(request: Request) -> Response:
        return JSONResponse(list(vendor.calls))

    async def health(request: Request) -> Response:
        return JSONResponse({"vendor": vendor.name, "ok": True})

    return [
        Route("/_sandbox/faults", faults, methods=["GET", "POST", "DELETE"]),
        Route("/_sandbox/holds/{name}/release", release, methods=["POST"]),
        Route("/_sandbox/deliveries", deliveries, methods=["GET", "PUT"]),
        Route("/_sandbox/deliveries/again", again, methods=["POST"]),
        Route("/_sandbox/deliveries/flush", flush, methods=["POST"]),
        Route("/_sandbox/state", state),
        Route("/_sandbox/seed", seed, methods=["POST"]),
        Route("/_sandbox/reset", reset, methods=["POST"]),
        Route("/_sandbox/clock", clock, methods=["GET", "PUT"]),
        Route("/_sandbox/calls", calls),
        Route("/_sandbox/health", health),
    ]
