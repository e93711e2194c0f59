"""Bodies within bounds: an oversized one is refused before it is read whole, whether or not it announced its length."""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.problems import TooLarge, too_large


class BoundedBodies:
    """Middleware: ``largest`` bytes for every path, more for those that ``larger`` names by how they begin."""

    def __init__(self, app: ASGIApp, *, largest: int, larger: Mapping[str, int]) -> None:
        self._app, self._largest, self._larger = app, largest, larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit, size = self._limit(scope["path"]), 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                raise TooLarge(limit)
            return message

        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            await too_large(Request(scope), TooLarge(limit))(scope, receive, send)
            return
        await self._app(scope, counted, send)

    def _limit(self, path: str) -> int:
        return max((limit for start, limit in self._larger.items() if path.startswith(start)), default=self._largest)
