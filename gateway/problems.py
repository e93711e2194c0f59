"""Errors over HTTP: problem details (RFC 9457) that name what was refused, the field and the remedy."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from temporalio.service import RPCError

from canonical.errors import (
    Conflict,
    Failure,
    KeyReusedWithDifferentContent,
    Malformed,
    Misconfigured,
    MoveRefused,
    NotFound,
    SignatureRefused,
    Transient,
)
from gateway.identity import NotAuthenticated
from operations.permission import NotPermitted
from operations.settlement import NotAllowedToSettle

MEDIA_TYPE = "application/problem+json"
_AGAIN = timedelta(seconds=5)
_MOST_WRONG = 100
_log = logging.getLogger("handoff.gateway")

_STATUS: tuple[tuple[type[Failure], int], ...] = (
    (SignatureRefused, 401),
    (NotAllowedToSettle, 403),
    (Malformed, 400),
    (NotFound, 404),
    (KeyReusedWithDifferentContent, 409),
    (MoveRefused, 409),
    (Conflict, 409),
    (Transient, 503),
    (Misconfigured, 503),
)
DATABASE_IS_AWAY: tuple[type[Exception], ...] = (
    OSError,  # TimeoutError with it
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
)


class Wrong(BaseModel):
    """One thing that is wrong in a body: the field, and the row (from 1) where it stands in a list."""

    field: str
    row: int | None = None
    detail: str


class Problem(BaseModel):
    """What was refused and what to do about it; members that do not apply are left out."""

    status: int
    title: str
    detail: str = ""
    remedy: str = ""
    code: str = ""
    field: str = ""
    request_id: str = ""
    errors: list[Wrong] = []


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses for OpenAPI."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {status: {"description": _MEANING[status], "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses}


_MEANING = {
    400: "The request cannot be read; the field is named.",
    401: "Nobody knows who is calling.",
    403: "The caller may not do this.",
    404: "There is no such record.",
    409: "The request contradicts what is kept.",
    413: "The body is too large.",
    422: "Refused in business words, with the remedy.",
    503: "Try again later; Retry-After says when.",
}


class TooLarge(HTTPException):
    """A body above the limit; an HTTPException, since FastAPI takes any other for a body that cannot be parsed."""

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.limit = limit


def problem(
    request: Request,
    status: int,
    title: str,
    *,
    detail: str = "",
    remedy: str = "",
    code: str = "",
    field: str = "",
    errors: Sequence[Wrong] = (),
) -> JSONResponse:
    """One problem document; empty members are left out."""
    said = Problem(
        status=status,
        title=title,
        detail=detail,
        remedy=remedy,
        code=code,
        field=field,
        request_id=getattr(request.state, "request_id", ""),
        errors=list(errors),
    )
    return JSONResponse(
        {k: v for k, v in said.model_dump(exclude_none=True).items() if v}, status_code=status, media_type=MEDIA_TYPE
    )


def handle_problems(app: FastAPI) -> None:
    """Register every error's answer."""
    answers: tuple[tuple[type[Exception], Any], ...] = (
        (Failure, _failed),
        (NotAuthenticated, _unknown),
        (NotPermitted, _forbidden),
        (TooLarge, too_large),
        (HTTPException, _refused_by_http),
        (RequestValidationError, _unreadable),
        (asyncpg.DataError, _cannot_be_kept),
        (RPCError, _engine_is_away),
        *((kind, _database_is_away) for kind in DATABASE_IS_AWAY),
    )
    for kind, answer in answers:
        app.add_exception_handler(kind, _awaited(answer))


def _awaited(answer: Any) -> Any:
    """As a coroutine, for a plain function would be sent to a thread."""

    async def handler(request: Request, error: Exception) -> JSONResponse:
        response: JSONResponse = answer(request, error)
        return response

    return handler


def _failed(request: Request, failure: Failure) -> JSONResponse:
    status = next((status for kind, status in _STATUS if isinstance(failure, kind)), 422)
    answer = problem(
        request,
        status,
        failure.message,
        remedy=failure.remedy,
        code=failure.specific_code,
        field=failure.evidence.get("field") or failure.evidence.get("fields", ""),
    )
    if status == 503:
        _log.warning("%s: %s", type(failure).__name__, failure.message)
    return _later(answer, failure.retry_after or _AGAIN) if status == 503 else answer


def _unknown(request: Request, refused: NotAuthenticated) -> JSONResponse:
    _log.info("a caller was not believed: %s", refused)
    answer = problem(request, 401, "Say who you are", remedy="Send a bearer token of the identity provider, or an API key.")
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _forbidden(request: Request, refused: NotPermitted) -> JSONResponse:
    remedy = "Ask for a role that may; see policies/access."
    permission = refused.evidence["permission"]
    return problem(request, 403, "You may not do this", detail=permission, remedy=remedy, code=refused.specific_code)


def too_large(request: Request, refused: TooLarge) -> JSONResponse:
    """The answer to a body above the limit."""
    remedy = f"Send at most {refused.limit:,} bytes; bulk data goes by reference."
    return problem(request, 413, "The body is too large", remedy=remedy, field="body")


def _refused_by_http(request: Request, refused: HTTPException) -> JSONResponse:
    remedy = "See /openapi.json for what is served here."
    phrase = HTTPStatus(refused.status_code).phrase
    detail = refused.detail if refused.detail != phrase else ""
    answer = problem(request, refused.status_code, phrase, detail=detail, remedy=remedy)
    answer.headers.update(refused.headers or {})
    return answer


def _unreadable(request: Request, error: RequestValidationError) -> JSONResponse:
    wrong = [_wrong(one) for one in error.errors()[:_MOST_WRONG]]
    first = wrong[0]
    remedy = f"Correct '{first.field}'; see /openapi.json."
    errors = wrong if len(wrong) > 1 or first.row else ()
    return problem(
        request, 400, "The request cannot be read", detail=first.detail, field=first.field, remedy=remedy, errors=errors
    )


def _wrong(error: dict[str, Any]) -> Wrong:
    inside = error["loc"][1:]
    named = [str(part) for part in inside if not isinstance(part, int)] or [str(error["loc"][0])]
    row = next((part + 1 for part in inside if isinstance(part, int) and len(inside) > 1), None)
    return Wrong(field=".".join(named), row=row, detail=error["msg"])


def _cannot_be_kept(request: Request, error: asyncpg.DataError) -> JSONResponse:
    _log.info("refused by the database: %s", type(error).__name__)
    remedy = "Leave out characters and numbers that no business record has, such as U+0000."
    return problem(request, 400, "The request holds something that cannot be kept", remedy=remedy)


def _engine_is_away(request: Request, error: RPCError) -> JSONResponse:
    _log.warning("Temporal does not answer: %s", error.status.name)
    remedy = "Try again; deliveries are taken meanwhile. `handoff doctor` says what does not run."
    return _later(problem(request, 503, "The engine does not answer", remedy=remedy, code="NOT_REACHED"), _AGAIN)


def _database_is_away(request: Request, error: Exception) -> JSONResponse:
    _log.warning("the database does not answer: %s", type(error).__name__)
    remedy = "Try again: nothing was kept. `handoff doctor` says what does not run."
    return _later(problem(request, 503, "The database does not answer", remedy=remedy, code="NOT_REACHED"), _AGAIN)


def _later(answer: JSONResponse, wait: timedelta) -> JSONResponse:
    answer.headers["Retry-After"] = str(max(1, int(wait.total_seconds())))
    return answer
