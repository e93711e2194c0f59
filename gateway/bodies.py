"""Reading bodies within bounds: an oversized one is refused before it is read whole."""

from fastapi import Request

from gateway.problems import TooLarge


async def bounded(request: Request, *, limit: int) -> bytes:
    """The whole body, at most ``limit`` bytes. Raises TooLarge, by the announced length first."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise TooLarge(limit)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge(limit)
        parts.append(part)
    return b"".join(parts)
