"""The table from Tryton's refusals to named failures; what it says for people is shown to people and decides nothing."""

import httpx2 as httpx

from canonical.errors import Failure, Misconfigured, Rejected, Throttled
from connectors.http import raise_for
from connectors.tryton.wire import decoded

_LONGEST = 500


class Warned(Rejected):
    """Tryton asks whether we mean it; ``name`` is what answers yes, ``about`` what it warns of."""

    def __init__(self, system: str, name: str, said: str) -> None:
        remedy = "Read the warning; correct the record, or do the step in Tryton by hand, then settle the exception with retry."
        super().__init__(f"{system} warns: {said}", remedy=remedy, evidence={"vendor_code": name})
        self.name, self.about = name, name.partition(".")[2]


def result_of(answer: httpx.Response, *, system: str, method: str) -> object:
    """What a call answered, or its refusal as a named failure."""
    if answer.status_code == 401:
        raise Misconfigured(f"{system} refuses our login", remedy=_LOGIN_REMEDY, evidence={"status": 401})
    if answer.status_code == 404:
        remedy = "Correct 'database' of this system in policies/landscape."
        raise Misconfigured(f"{system} has no such database", remedy=remedy, evidence={"path": answer.request.url.path})
    if answer.status_code == 423:
        raise Throttled(f"{system}: two writers collided on one record", evidence={"status": 423, "method": method})
    raise_for(answer, system=system, explain=lambda _: ("", answer.reason_phrase, ""))
    said = decoded(answer.content)
    if said.get("error"):
        raise _failure_of(said["error"], system=system, method=method)
    return said["result"]


_LOGIN_REMEDY = "Check login and password of this system in policies/landscape; the user must be active in Tryton."


def _failure_of(error: list[object], *, system: str, method: str) -> Failure:
    kind, details = str(error[0]), error[1] if len(error) > 1 else ""
    said = [str(part) for part in details] if isinstance(details, list) else [str(details)]
    evidence = {"vendor_code": kind, "method": method}
    match kind:
        case "UserError":
            text = " ".join(part for part in said[:2] if part)[:_LONGEST]
            remedy = "Correct what the message names, here or in Tryton, then settle the exception with retry."
            return Rejected(f"{system} refused: {text}", remedy=remedy, evidence=evidence)
        case "UserWarning":
            return Warned(system, said[0], said[1])
        case "ConcurrencyException":
            return Throttled(f"{system}: two writers collided on one record", evidence=evidence)
        case "LoginException":
            return Misconfigured(f"{system} refuses our login", remedy=_LOGIN_REMEDY, evidence=evidence)
    remedy = "Ask the operator of Tryton to read its log at this time; its version may not be the one this connector speaks to."
    return Rejected(f"{system} failed at {method}: {kind[:_LONGEST]}", remedy=remedy, evidence=evidence)
