"""What DocuSign's refusals mean: its limits come as 400 as well as 429, and many a 400 is a matter of settings."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx2 as httpx

from canonical.errors import Failure, Misconfigured, NotFound, Throttled
from connectors import http
from connectors.http import Explained

_BURST = timedelta(seconds=30)
_HOUR = timedelta(hours=1)
_EPOCH_AT_LEAST = 1_000_000_000

# In upper case: DocuSign writes some of them in mixed case, and not always the same (2026-11).
HOURLY = {
    "HOURLY_APIINVOCATION_LIMIT_EXCEEDED",
    "HOURLY_APIINVOCATION_ENVELOPE_LIMIT_EXCEEDED",
    "HOURLY_ENVELOPE_POLLING_LIMIT_EXCEEDED",
}
BURST = {
    "BURST_APIINVOCATION_LIMIT_EXCEEDED",
    "BURST_APIINVOCATION_ENVELOPE_LIMIT_EXCEEDED",
    "BURST_ENVELOPE_POLLING_LIMIT_EXCEEDED",
}
ABSENT = {"ENVELOPE_DOES_NOT_EXIST", "INVALID_ENVELOPE_ID", "DOCUMENT_DOES_NOT_EXIST"}
OUR_SETTINGS = {
    "ACCOUNT_DOES_NOT_EXIST_IN_SYSTEM": "Correct account_id in policies/landscape.",
    "ACCOUNT_LACKS_PERMISSIONS": "Have DocuSign enable the API for the account.",
    "AUTHORIZATION_INVALID_TOKEN": "Check integration_key, user_id and private_key in policies/landscape.",
    "PARTNER_AUTHENTICATION_FAILED": "Check integration_key in policies/landscape.",
    "USER_AUTHENTICATION_FAILED": "Check user_id in policies/landscape, and that the user is active.",
    "USER_DOES_NOT_BELONG_TO_SPECIFIED_ACCOUNT": "Correct account_id in policies/landscape, or add the user to that account.",
    "USER_LACKS_PERMISSIONS": "Give the user the right to see all envelopes of the account.",
}


def raise_for(answer: httpx.Response, *, system: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
    """Raise the named failure that an answer means; nothing for a good one."""
    if answer.status_code < 400:
        return
    code, message, _ = _explained(answer)
    evidence = {"status": answer.status_code, "path": answer.request.url.path, "vendor_code": code}
    failure: Failure | None = None
    if answer.status_code == 429 or code.upper() in HOURLY | BURST:
        pause = _until_allowed(answer, code.upper(), now())
        failure = Throttled(f"{system} allows no more calls for now: {message}", evidence=evidence, retry_after=pause)
    elif code in ABSENT:
        failure = NotFound(f"{system} has no such record: {message}", evidence=evidence)
    elif code in OUR_SETTINGS:
        failure = Misconfigured(f"{system} refused us: {message}", remedy=OUR_SETTINGS[code], evidence=evidence)
    if failure:
        raise failure
    http.raise_for(answer, system=system, explain=_explained, now=now)


def _explained(answer: httpx.Response) -> Explained:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return "", answer.text[:200], ""
    return str(body.get("errorCode", "")), str(body.get("message", "")), ""


def _until_allowed(answer: httpx.Response, code: str, now: datetime) -> timedelta:
    """Retry-After where given; else 30 seconds for a burst, and the announced reset, or the top of the hour, for the rest."""
    asked = http.retry_after(answer, now)
    if asked is not None:
        return asked
    if code in BURST:
        return _BURST
    return _until_reset(answer.headers.get("X-RateLimit-Reset", ""), now)


def _until_reset(announced: str, now: datetime) -> timedelta:
    top_of_hour = now.replace(minute=0, second=0, microsecond=0) + _HOUR
    if not announced.isdigit():
        return top_of_hour - now
    number = int(announced)
    pause = datetime.fromtimestamp(number, UTC) - now if number >= _EPOCH_AT_LEAST else timedelta(seconds=number)
    return pause if timedelta() < pause <= _HOUR else top_of_hour - now
