"""An HTTP proxy in front of a real Tryton, with the control paths of a simulated vendor: it passes calls on, and has the faults.

Every call of JSON-RPC goes to one path by POST, and its body names the method. Here the call bears that name in its path
(``/erp/rpc/model.account.invoice.post``), and is a GET where it only reads: faults, holds and the log of calls speak of it as
they do of any other vendor's. What Tryton holds is read straight from it.
"""

import json
from contextlib import suppress

import httpx2 as httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rehearsal.tryton.accounting import Accounting
from rehearsal.tryton.books import Books, BooksRefused, Json
from runtime.embedded.tryton.firm import COMPANY
from runtime.embedded.tryton.server import Tryton
from sandbox.vendor import SimulatedVendor

_PATIENCE_SECONDS = 120.0
_CONTROL = "/_sandbox"
_READS = {"get_id", "login", "read", "search", "search_count", "search_read", "version"}


class Relay(SimulatedVendor):
    """Passes on; only its faults are ours."""

    name = "tryton"

    def __init__(self, tryton: Tryton, entity: str = COMPANY.entity) -> None:
        super().__init__()
        self.books = Books(tryton, entity)
        self._http = httpx.AsyncClient(base_url=tryton.url, timeout=_PATIENCE_SECONDS, trust_env=False)

    async def aclose(self) -> None:
        """Give the connections back."""
        await self.books.aclose()
        await self._http.aclose()

    def app(self) -> ASGIApp:
        """The faults see calls by their names; state and seed are Tryton's own records."""
        return _Named(super().app(), self.books)

    def routes(self) -> list[BaseRoute]:
        return [Route("/{path:path}", self._passed_on, methods=["GET", "POST"])]

    async def _passed_on(self, request: Request) -> Response:
        headers = {name: value for name, value in request.headers.items() if name in {"authorization", "content-type"}}
        answer = await self._http.post(request.state.asked, content=await request.body(), headers=headers)
        return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))


class _Named:
    """Gives each call the name of its method before anybody else sees it."""

    def __init__(self, app: ASGIApp, books: Books) -> None:
        self._app, self._books, self._accounting = app, books, Accounting(books)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path == f"{_CONTROL}/state":
            await JSONResponse(await self._books.state())(scope, receive, send)
        elif path.startswith((f"{_CONTROL}/tryton/", f"{_CONTROL}/seed")):
            await (await self._done(path.rpartition("/")[2], await _whole(receive)))(scope, receive, send)
        elif scope["type"] != "http" or path.startswith(_CONTROL):
            await self._app(scope, receive, send)
        else:
            body = await _whole(receive)
            await self._app(_named(scope, _method(body)), _again(body), send)

    async def _done(self, what: str, body: bytes) -> JSONResponse:
        """What accounting does in Tryton; what that refuses is told."""
        try:
            await self._do(what, json.loads(body or b"{}"))
        except BooksRefused as refused:
            return JSONResponse({"refused": str(refused)}, status_code=409)
        return JSONResponse({"done": what}, status_code=201)

    async def _do(self, what: str, given: Json) -> None:
        match what:
            case "seed":  # of a world only money can be told: everything else is there from the beginning, or made by handoffs
                for payment in given.get("payments", {}).values():
                    await self._accounting.receive(payment)
            case "payments":
                await self._accounting.receive(given)
            case "bounces":
                await self._accounting.bounce(given["payment"])
            case "periods":
                await self._accounting.set_period(given["period"], given["state"])
            case "copies":
                await self._accounting.copy(int(given["invoice"]))
            case "credits":
                await self._accounting.credit(int(given["invoice"]))
            case _:
                raise BooksRefused(f"nobody does '{what}' in Tryton here")


def _named(scope: Scope, method: str) -> Scope:
    verb = "GET" if method.rpartition(".")[2] in _READS else "POST"
    path = scope["path"].rstrip("/")
    return {**scope, "method": verb, "path": f"{path}/{method}", "state": {"asked": scope["path"]}}


def _method(body: bytes) -> str:
    with suppress(ValueError, AttributeError):
        return str(json.loads(body).get("method") or "unknown")
    return "unknown"


async def _whole(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
