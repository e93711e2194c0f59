"""What AvaTax's error codes mean for us; decided by ``code`` alone, never by the text."""

from typing import Any

import httpx2 as httpx

from canonical.errors import AnswerLost, Conflict, Failure, Misconfigured, PeriodIsClosed, Throttled
from connectors.http import Explained, raise_for

ALREADY_VOID = "TransactionAlreadyCancelled"
NO_CERTIFICATES = "CertificatesNotSetup"

_LIMITS = {"RateLimitExceededError", "RequestLimitExceeded", "ConcurrentRequestLimitExceeded"}
_HELD = {"TransactionAlreadyExists", "DuplicateEntry", "DocumentCodeConflict"}
_SETTINGS = {"CompanyInvalidException", "AccountInvalidException", "InactiveAccount", "AccountExpiredException"}
_LOCKED = "CannotModifyLockedTransaction"
_TIMED_OUT = "TimeoutRequested"


def explained(answer: httpx.Response) -> Explained:
    """Code, what is wrong, and the field."""
    error: dict[str, Any] = answer.json()["error"]
    detail: dict[str, Any] = (error.get("details") or [{}])[0]
    message = " ".join(str(part) for part in (error.get("message"), detail.get("description")) if part)
    return str(error["code"]), message, str(detail.get("refersTo") or "")


def code_of(answer: httpx.Response) -> str:
    """The code of a refusal, empty where there is none."""
    try:
        return explained(answer)[0]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return ""


def refuse(answer: httpx.Response, *, system: str) -> None:
    """Raise the named failure of an answer, AvaTax's own codes first."""
    if 400 <= answer.status_code < 500:
        failure = _of_code(answer, system)
        if failure is not None:
            raise failure
    raise_for(answer, system=system, explain=explained)


def _of_code(answer: httpx.Response, system: str) -> Failure | None:
    code = code_of(answer)
    if answer.status_code == 429 or not code:  # the shared table reads how long to wait
        return None
    _, message, field = explained(answer)
    said = f"{system} refused: {message}"
    evidence = {"status": answer.status_code, "path": answer.request.url.path, "vendor_code": code, "field": field}
    if code in _LIMITS:
        return Throttled(said, evidence=evidence)
    if code in _HELD:
        return Conflict(said, evidence=evidence)
    if code in _SETTINGS:
        remedy = "Correct account and companies in policies/landscape, or have Avalara activate them."
        return Misconfigured(said, remedy=remedy, evidence=evidence)
    if code == _LOCKED:
        remedy = "A tax return was filed with this document. To correct it you must credit it with a document of its own."
        return PeriodIsClosed(said, remedy=remedy, evidence=evidence)
    return AnswerLost(said, evidence=evidence) if code == _TIMED_OUT else None
