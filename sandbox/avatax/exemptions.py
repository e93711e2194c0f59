"""Why a customer pays no tax: a certificate on file, an exemption number that was sent, or the use that it makes."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

Record = dict[str, Any]


@dataclass(frozen=True)
class Exemption:
    """What of a line is exempt (0 to 1), and what it rests on."""

    share: Decimal = Decimal(0)
    certificate: Record | None = None
    rule: str = "RateRule"
    reason: int = 4


def exemption_of(state: Record, company: Record, model: Record, line: Record, address: Record, on: date) -> Exemption:
    """The certificate comes first, then the number, then the use."""
    certificate = valid_certificate(state, company, model["customerCode"], address, on)
    if certificate is not None:
        share = Decimal(str(certificate.get("exemptPercentage", 100))) / 100
        return Exemption(share, certificate, reason=1)
    if line.get("exemptionCode") or model.get("exemptionNo"):
        return Exemption(Decimal(1), reason=2)
    use = line.get("entityUseCode") or model.get("entityUseCode")
    return Exemption(Decimal(1), rule="ExemptEntityRule", reason=3) if use in state["uses"] else Exemption()


def valid_certificate(state: Record, company: Record, customer: str, address: Record, on: date) -> Record | None:
    """The certificate of the customer for that country and region, if it is valid on the day."""
    found = (each for each in of_customer(state, company["id"], customer) if _counts(each, address, on))
    return next(found, None)


def of_customer(state: Record, company_id: int, customer: str) -> list[Record]:
    """Every certificate that is linked to the customer; codes are case sensitive."""
    return [
        each
        for each in state["certificates"].values()
        if each["companyId"] == company_id and customer in (linked["customerCode"] for linked in each["customers"])
    ]


def _counts(certificate: Record, address: Record, on: date) -> bool:
    zone = certificate["exposureZone"]
    if not certificate.get("valid", True) or zone["country"] != address.get("country"):
        return False
    if zone.get("region") and zone["region"] != address.get("region"):
        return False
    return bool(certificate["signedDate"] <= on.isoformat() <= certificate["expirationDate"])
