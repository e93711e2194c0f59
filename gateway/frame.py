"""What every answer carries: a request id, headers that keep browsers careful, a problem document where we failed ourselves."""

import logging
import re
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.problems import problem

CAREFUL = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_ID = "X-Request-Id"
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = logging.getLogger("handoff.gateway")


class Frame:
    """Middleware, the outermost: a page that may be cached says so itself, every other answer is not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, has_begun = _request_id(scope), False
        scope.setdefault("state", {})["request_id"] = request_id

        async def framed(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                _frame(message, request_id)
            await send(message)

        try:
            await self._app(scope, receive, framed)
        except Exception:
            _log.exception("request %s failed", request_id)
            if has_begun:
                raise
            await _our_fault(Request(scope))(scope, receive, framed)


def _request_id(scope: Scope) -> str:
    """The caller's own, where it brings a harmless one: so both logs can be laid side by side."""
    given = Headers(scope=scope).get(_ID, "")
    return given if _WELL_FORMED.fullmatch(given) else uuid4().hex


def _frame(message: Message, request_id: str) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in CAREFUL.items():
        headers.setdefault(name, value)
    headers[_ID] = request_id


def _our_fault(request: Request) -> ASGIApp:
    return problem(
        request,
        500,
        "Handoff failed at an error of its own",
        remedy="Give the request id to whoever runs Handoff: its log says what happened.",
    )
