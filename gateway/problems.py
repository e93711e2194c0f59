"""Errors over HTTP: problem details (RFC 9457) that name what was refused, the field and the remedy."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from canonical.errors import (
    Conflict,
    Failure,
    KeyReusedWithDifferentContent,
    Malformed,
    NotFound,
    SignatureRefused,
    Transient,
)
from gateway.identity import NotAuthenticated

_STATUS: tuple[tuple[type[Failure], int], ...] = (
    (SignatureRefused, 401),
    (Malformed, 400),
    (NotFound, 404),
    (KeyReusedWithDifferentContent, 409),
    (Conflict, 409),
    (Transient, 503),
)


class NotAllowed(Exception):
    """The caller is known and may not do this."""

    def __init__(self, permission: str) -> None:
        super().__init__(permission)
        self.permission = permission


class TooLarge(Exception):
    """A body above the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(str(limit))
        self.limit = limit


def problem(status: int, title: str, *, detail: str = "", remedy: str = "", code: str = "", field: str = "") -> JSONResponse:
    """One problem document; empty members are left out."""
    body = {"status": status, "title": title, "detail": detail, "remedy": remedy, "code": code, "field": field}
    return JSONResponse({k: v for k, v in body.items() if v}, status_code=status, media_type="application/problem+json")


def handle_problems(app: FastAPI) -> None:
    """Register every error's answer."""

    @app.exception_handler(Failure)
    async def failed(_: Request, failure: Failure) -> JSONResponse:
        status = next((status for kind, status in _STATUS if isinstance(failure, kind)), 422)
        answer = problem(
            status, failure.message, remedy=failure.remedy, code=failure.specific_code, field=failure.evidence.get("field", "")
        )
        if failure.retry_after is not None:
            answer.headers["Retry-After"] = str(max(1, int(failure.retry_after.total_seconds())))
        return answer

    @app.exception_handler(NotAuthenticated)
    async def unknown(_: Request, __: NotAuthenticated) -> JSONResponse:
        answer = problem(401, "Say who you are", remedy="Send a bearer token of the identity provider, or an API key.")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    @app.exception_handler(NotAllowed)
    async def forbidden(_: Request, refused: NotAllowed) -> JSONResponse:
        return problem(
            403, "You may not do this", detail=refused.permission, remedy="Ask for a role that may; see policies/access."
        )

    @app.exception_handler(TooLarge)
    async def too_large(_: Request, refused: TooLarge) -> JSONResponse:
        return problem(413, "The body is too large", remedy=f"Send at most {refused.limit:,} bytes; bulk data goes by reference.")

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
        return problem(
            400, "The request cannot be read", detail=first["msg"], field=where, remedy=f"Correct '{where}'; see /openapi.json."
        )
