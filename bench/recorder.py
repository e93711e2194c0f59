"""A recording proxy in front of a simulated vendor: passes calls on unchanged and keeps each with its answer and its times."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Mapping

import httpx2 as httpx
import uvicorn
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rehearsal.systems.registry import SystemName

LOOPBACK = "127.0.0.1"
_HOP = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding", "content-encoding", "date", "server"}


class Call(BaseModel):
    """One call as it went over the wire. Bodies are bytes read as Latin-1, which loses none of them."""

    system: str
    method: str
    target: str
    headers: dict[str, str]
    body: str
    status: int
    answer_headers: dict[str, str]
    answer: str
    began: float
    ended: float


class Recorder:
    """Everything that passes, oldest first."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    @contextlib.asynccontextmanager
    async def before(self, addresses: Mapping[SystemName, str]) -> AsyncIterator[dict[SystemName, str]]:
        """A proxy before each of these vendors; yields where the proxies listen."""
        async with contextlib.AsyncExitStack() as stack:
            http = await stack.enter_async_context(httpx.AsyncClient(timeout=60, trust_env=False))
            proxies = {name: _Proxy(name, url, http, self.calls) for name, url in addresses.items()}
            yield {name: await stack.enter_async_context(_served(proxy)) for name, proxy in proxies.items()}


class _Proxy:
    """An ASGI application; the Host header goes along, so that signatures and links stay as the caller sees them."""

    def __init__(self, system: str, url: str, http: httpx.AsyncClient, calls: list[Call]) -> None:
        self._system, self._url, self._http, self._calls = system, httpx.URL(url), http, calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body, began = await request.body(), time.time()
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        headers = {name: value for name, value in request.headers.items() if name not in _HOP}
        passed = {**headers, "host": request.headers["host"], "accept-encoding": "identity"}
        url = self._url.copy_with(raw_path=target)
        answer = await self._http.request(request.method, url, headers=passed, content=body)
        self._calls.append(
            Call(
                system=self._system,
                method=request.method,
                target=target.decode("ascii"),
                headers=headers,
                body=body.decode("latin-1"),
                status=answer.status_code,
                answer_headers=dict(answer.headers),
                answer=answer.content.decode("latin-1"),
                began=began,
                ended=time.time(),
            )
        )
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP}
        await Response(answer.content, answer.status_code, kept)(scope, receive, send)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def _served(proxy: _Proxy) -> AsyncIterator[str]:
    config = uvicorn.Config(proxy, host=LOOPBACK, port=0, log_level="critical", lifespan="off", access_log=False)
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.01)
    try:
        yield f"http://{LOOPBACK}:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
