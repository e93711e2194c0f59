"""The calculation: every line with what each jurisdiction takes of it, as AvaTax shows it in ``details``.

Where the company has not declared nexus, AvaTax charges nothing and says so in one detail of the widest jurisdiction:
``nonTaxableType`` is ``NexusRule``, the rate 0, and the whole amount counts as exempt (as in answers that Avalara published).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.avatax.exemptions import Exemption, exemption_of
from sandbox.avatax.jurisdictions import SHORT_TYPES, at, has_nexus, rate_of
from sandbox.avatax.rounding import Rounding

Record = dict[str, Any]
_NO_NEXUS = 6  # the exemptReasonId of published answers


@dataclass(frozen=True)
class Document:
    """What is to be taxed: the model of the request, its company, and the day whose rates count."""

    state: Record
    company: Record
    model: Record
    on: date

    def address(self, line: Record, kind: str) -> Record:
        """Where a line goes to or comes from: its own address, else the document's."""
        for addresses in (line.get("addresses") or {}, self.model.get("addresses") or {}):
            found = addresses.get(kind) or addresses.get("singleLocation")
            if found:
                return dict(found)
        return {}


def taxed_lines(document: Document) -> list[Record]:
    """All lines, rounded as the company wants it."""
    rounding = Rounding(document.company.get("roundingLevelId", "Line"), document.model.get("currencyCode") or "USD")
    return [_line(document, line, number, rounding) for number, line in enumerate(document.model["lines"], 1)]


def summary_of(lines: Iterable[Record]) -> list[Record]:
    """The tax of a document by jurisdiction."""
    found: dict[str, Record] = {}
    for detail in (each for line in lines for each in line["details"]):
        entry = found.setdefault(f"{detail['taxName']}/{detail['jurisCode']}", _no_summary(detail))
        for name, source in (("taxable", "taxableAmount"), ("tax", "tax"), ("taxCalculated", "taxCalculated")):
            entry[name] = number_of(Decimal(str(entry[name])) + Decimal(str(detail[source])))
        for name, source in (("nonTaxable", "nonTaxableAmount"), ("exemption", "exemptAmount")):
            entry[name] = number_of(Decimal(str(entry[name])) + Decimal(str(detail[source])))
    return list(found.values())


def number_of(exact: Decimal) -> float:
    """An amount as a JSON number; the shortest form of a float shows up to 15 digits exactly."""
    return float(exact)


def _line(document: Document, given: Record, position: int, rounding: Rounding) -> Record:
    amount = Decimal(str(given["amount"]))
    address = document.address(given, "shipTo")
    exemption = exemption_of(document.state, document.company, document.model, given, address, document.on)
    details = _details(document, given, amount, address, exemption, rounding)
    tax = sum((Decimal(str(detail["tax"])) for detail in details), Decimal(0))
    taxable = max((Decimal(str(detail["taxableAmount"])) for detail in details), key=abs, default=Decimal(0))
    has_certificate = exemption.certificate is not None and any(detail["exemptAmount"] for detail in details)
    certificate = exemption.certificate if has_certificate and exemption.certificate else {}
    return {
        **_copied(given, document.model, position),
        "discountAmount": 0,
        "exemptAmount": number_of(amount - taxable),
        "exemptCertId": certificate.get("ecmsId") or certificate.get("id", 0),
        "certificateId": str(certificate.get("id", "")),
        "isItemTaxable": True,
        "lineAmount": number_of(amount),
        "reportingDate": document.model["date"],
        "sourcing": "Destination",
        "tax": number_of(tax),
        "taxableAmount": number_of(taxable),
        "taxCalculated": number_of(tax),
        "taxDate": document.on.isoformat(),
        "taxIncluded": False,
        "details": details,
        "nonPassthroughDetails": [],
    }


def _copied(given: Record, model: Record, position: int) -> Record:
    """What the request says of a line, under the names that the answer has for it."""
    return {
        "lineNumber": str(given.get("number") or position),
        "description": given.get("description", ""),
        "entityUseCode": given.get("entityUseCode") or model.get("entityUseCode") or "",
        "exemptNo": given.get("exemptionCode") or model.get("exemptionNo") or "",
        "itemCode": given.get("itemCode", ""),
        "quantity": float(given.get("quantity") or 1),
        "ref1": given.get("ref1", ""),
        "ref2": given.get("ref2", ""),
        "taxCode": given.get("taxCode") or "P0000000",
        "businessIdentificationNo": given.get("businessIdentificationNo") or model.get("businessIdentificationNo") or "",
    }


def _details(
    document: Document, given: Record, amount: Decimal, address: Record, exemption: Exemption, rounding: Rounding
) -> list[Record]:
    places = at(document.state, address, document.on)
    if places and not has_nexus(document.state, document.company, places[0], document.on):
        return [_without_nexus(places[0], amount)]
    return [_detail(document, place, given, amount, exemption, rounding) for place in places]


def _detail(
    document: Document, place: Record, given: Record, amount: Decimal, exemption: Exemption, rounding: Rounding
) -> Record:
    if not has_nexus(document.state, document.company, place, document.on):
        return _without_nexus(place, amount)
    rate = rate_of(place, given.get("taxCode") or "P0000000")
    exempt = amount * exemption.share
    taxable = amount - exempt if rate else Decimal(0)
    tax = rounding.tax(str(place["jurisCode"]), taxable * rate)
    rule = exemption.rule if exempt else "RateRule" if rate else "ProductTaxabilityRule"
    shown = _shown(place, rate, taxable, tax)
    return shown | {
        "exemptAmount": number_of(exempt),
        "exemptReasonId": exemption.reason,
        "nonTaxableAmount": 0.0 if rate else number_of(amount - exempt),
        "nonTaxableType": rule,
    }


def _without_nexus(place: Record, amount: Decimal) -> Record:
    shown = _shown(place, Decimal(0), Decimal(0), Decimal(0))
    return shown | {
        "exemptAmount": 0.0,
        "exemptReasonId": _NO_NEXUS,
        "nonTaxableAmount": number_of(amount),
        "nonTaxableType": "NexusRule",
    }


def _shown(place: Record, rate: Decimal, taxable: Decimal, tax: Decimal) -> Record:
    return {
        "country": place["country"],
        "region": place.get("region") or place["country"],
        "inState": False,
        "jurisCode": str(place["jurisCode"]),
        "jurisName": place["jurisName"],
        "jurisdictionType": place["jurisdictionType"],
        "jurisType": SHORT_TYPES[place["jurisdictionType"]],
        "stateAssignedNo": "",
        "rate": number_of(rate),
        "sourcing": "Destination",
        "tax": number_of(tax),
        "taxableAmount": number_of(taxable),
        "taxCalculated": number_of(tax),
        "taxName": place["taxName"],
        "taxType": place.get("taxType", "Sales"),
        "rateTypeCode": "G",
        "isNonPassThru": False,
        "isFee": False,
    }


def _no_summary(detail: Record) -> Record:
    copied = ("country", "region", "jurisCode", "jurisName", "stateAssignedNo", "taxType", "taxName", "rateTypeCode", "rate")
    return {
        **{name: detail[name] for name in copied},
        "jurisType": detail["jurisdictionType"],
        **dict.fromkeys(("taxable", "tax", "taxCalculated", "nonTaxable", "exemption"), 0.0),
    }
