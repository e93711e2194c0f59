"""What NetSuite's error codes mean for us; decided by ``o:errorCode`` alone, never by the text."""

from typing import Any

import httpx2 as httpx

from canonical.errors import Conflict, Failure, PeriodIsClosed, Rejected, Throttled
from connectors.http import Explained, raise_for

ALREADY_SUBMITTED = "IDEMPOTENCY_ERROR"
RECORD_CHANGED = "RCRD_HAS_BEEN_CHANGED"
LOGIN_REFUSED = "INVALID_LOGIN"
NO_SUCH_RECORD = "NONEXISTENT_ID"
RULES = "USER_ERROR"

_CLOSED = {"CLOSED_TRAN_PRD"}
_LIMITS = {"CONCURRENCY_LIMIT_EXCEEDED", "EXCEEDED_CONCURRENCY_LIMIT", "SSS_REQUEST_LIMIT_EXCEEDED"}
_HELD = {"DUP_RCRD", "DUP_ENTITY", "DUP_VENDOR_NAME", "DUPLICATE_KEY"}
_REMEDIES = {
    RULES: "Correct what NetSuite names, in its system of record or in NetSuite, then settle the exception with retry.",
    "INVALID_KEY_OR_REF": "Make the record that '{field}' refers to active in NetSuite and of the same subsidiary, then retry.",
    "INVALID_CONTENT": "The account does not take '{field}' as we send it: correct the settings (fields, ids), then retry.",
    "INSUFFICIENT_PERMISSION": "Give the integration role the permission that NetSuite names, then retry.",
}


def explained(answer: httpx.Response) -> Explained:
    """Code, message and field of the first detail of an ``nsError``."""
    detail: dict[str, Any] = answer.json()["o:errorDetails"][0]
    field = detail.get("o:errorPath") or detail.get("o:errorQueryParam") or detail.get("o:errorHeader") or ""
    return str(detail["o:errorCode"]), str(detail["detail"]), str(field)


def code_of(answer: httpx.Response) -> str:
    """The ``o:errorCode`` of an answer, empty where there is none."""
    try:
        return explained(answer)[0]
    except (ValueError, KeyError, IndexError, TypeError):
        return ""


def refuse(answer: httpx.Response, *, system: str) -> None:
    """Raise the named failure of an answer, NetSuite's own codes first."""
    if answer.status_code == 400:
        failure = _of_code(answer, system)
        if failure is not None:
            raise failure
    raise_for(answer, system=system, explain=explained)


def _of_code(answer: httpx.Response, system: str) -> Failure | None:
    code = code_of(answer)
    if not code:
        return None
    _, message, field = explained(answer)
    said = f"{system} refused: {message}"
    evidence = {"status": answer.status_code, "path": answer.request.url.path, "vendor_code": code, "field": field}
    if code in _LIMITS:
        return Throttled(said, evidence=evidence)
    if code in _CLOSED:
        return PeriodIsClosed(said, evidence=evidence)
    if code in _HELD:
        return Conflict(said, evidence=evidence)
    if code == RECORD_CHANGED:
        # Nothing was kept of this call, and the same values may go in a moment later.
        return Throttled(f"{system}: two writers collided on one record", evidence=evidence)
    if code in _REMEDIES:
        return Rejected(said, remedy=_REMEDIES[code].format(field=field), evidence=evidence)
    return None
