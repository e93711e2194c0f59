"""Workday's faults as named failures: a validation fault is refused for good, a processing fault may pass."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

import httpx2 as httpx

from canonical.errors import Failure, Misconfigured, Rejected, Unavailable
from connectors.http import raise_for
from connectors.workday.envelope import SOAP, WD


@dataclass(frozen=True)
class Fault:
    """A fault: SOAP code without its prefix, what is said, the place in the request, and which of Workday's kinds it is."""

    code: str
    said: str
    xpath: str
    kind: str


def fault_in(inside: Element | None) -> Fault | None:
    """The fault that an answer holds."""
    if inside is None or inside.tag != SOAP + "Fault":
        return None
    detail = inside.find("detail")
    shown = None if detail is None else next(iter(detail), None)
    error = None if shown is None else shown.find(WD + "Validation_Error")
    said = (None if error is None else error.findtext(WD + "Message")) or inside.findtext("faultstring") or ""
    return Fault(
        code=(inside.findtext("faultcode") or "").rpartition(":")[2],
        said=said,
        xpath=("" if error is None else error.findtext(WD + "Xpath")) or "",
        kind="" if shown is None else shown.tag.removeprefix(WD),
    )


def raise_refusal(answer: httpx.Response, inside: Element | None, system: str) -> None:
    """Raise what a refusal means. Of a body that is no fault nothing is shown: it may hold what people earn."""
    fault = fault_in(inside)
    if fault is not None and answer.status_code in {200, 500}:
        raise _failure(fault, system)
    raise_for(answer, system=system, explain=lambda _: (fault.code, fault.said, fault.xpath) if fault else ("", "", ""))


def _failure(fault: Fault, system: str) -> Failure:
    said = f"{system} refused the request: {fault.said}"
    evidence = {"vendor_code": fault.code, "kind": fault.kind, "field": fault.xpath}
    if fault.kind == "Processing_Fault":
        return Unavailable(f"{system} could not work the request off: {fault.said}", evidence=evidence)
    if fault.code.startswith("Client.authentication"):
        remedy = (
            "Check user, password or refresh token, and whether the integration system user is locked or its password expired."
        )
        return Misconfigured(said, remedy=remedy, evidence=evidence)
    if fault.kind == "Validation_Fault" or fault.code.startswith("Client"):
        remedy = "Correct what the message names, in the settings of the system or in Workday, then run it again."
        return Rejected(said, remedy=remedy, evidence=evidence)
    return Unavailable(f"{system} could not work the request off: {fault.said}", evidence=evidence)
