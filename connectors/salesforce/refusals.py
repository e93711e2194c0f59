"""What Salesforce's refusals mean: a status, and an array of codes; some codes mean something else than their status."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2 as httpx

from canonical.errors import Conflict, Failure, Misconfigured, Rejected, Throttled
from connectors.http import Explained
from connectors.http import raise_for as raise_for_status
from connectors.salesforce.settings import Settings

HALTED = "PROCESSING_HALTED"
_LIMITS = {"REQUEST_LIMIT_EXCEEDED"}
_LOCKED = {"UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT"}
_TAKEN = {"DUPLICATE_VALUE", "DUPLICATE_EXTERNAL_ID"}
_UNSEEN = {
    "INVALID_FIELD",
    "INVALID_TYPE",
    "INVALID_FIELD_FOR_INSERT_UPDATE",
    "INSUFFICIENT_ACCESS_OR_READONLY",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    "API_DISABLED_FOR_ORG",
}


def raise_for(answer: httpx.Response, *, system: str, settings: Settings) -> None:
    """Raise the named failure that an answer means; nothing for a good one."""
    if answer.status_code == 300:
        raise Rejected(
            f"{system} has several records with this external id",
            remedy="Merge them in Salesforce, or make the field unique, then settle the exception with retry.",
            evidence={"records": _body(answer), "path": answer.request.url.path},
        )
    if answer.status_code < 400:
        return
    code, message, _ = _explained(answer)
    for codes, named in _BY_CODE:
        if code in codes:
            said = f"{system} answered {answer.status_code}: {message}"
            raise named(said, settings, {"status": answer.status_code, "vendor_code": code, "path": answer.request.url.path})
    raise_for_status(answer, system=system, explain=_explained)


def _limited(said: str, settings: Settings, evidence: dict[str, object]) -> Failure:
    # The daily limit is a 403, not a 429, and names no time; asking again at once only uses up what comes free.
    return Throttled(said, retry_after=settings.limit_pause, evidence=evidence, code="API_LIMIT")


def _locked(said: str, settings: Settings, evidence: dict[str, object]) -> Failure:
    # Others hold the record: nothing was done. Callers that wait equally long would meet again, so they do not.
    wait = timedelta(seconds=random.uniform(1, 10))
    return Throttled(said, retry_after=wait, evidence=evidence, code="ROW_LOCKED")


def _taken(said: str, settings: Settings, evidence: dict[str, object]) -> Failure:
    return Conflict(said, evidence=evidence)


def _unseen(said: str, settings: Settings, evidence: dict[str, object]) -> Failure:
    remedy = "Give the integration user rights to the object and field in the message, or correct its name in policies/landscape."
    return Misconfigured(said, remedy=remedy, evidence=evidence)


_BY_CODE: tuple[tuple[set[str], Callable[[str, Settings, dict[str, object]], Failure]], ...] = (
    (_LIMITS, _limited),
    (_LOCKED, _locked),
    (_TAKEN, _taken),
    (_UNSEEN, _unseen),
)


def _explained(answer: httpx.Response) -> Explained:
    body = _body(answer)
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return "", answer.text[:500], ""
    fields = first.get("fields") or [""]
    return str(first.get("errorCode", "")), str(first.get("message", "")), str(fields[0])


def _body(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
