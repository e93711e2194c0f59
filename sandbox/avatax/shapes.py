"""A transaction as the API shows it, with as much of lines, details, summary and addresses as was asked for."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from starlette.responses import JSONResponse, Response

from sandbox.avatax.engine import Document, number_of, summary_of, taxed_lines

Record = dict[str, Any]
_COPIED = ("customerCode", "entityUseCode", "referenceCode", "purchaseOrderNo", "description", "businessIdentificationNo")
_WHEN_NEW = "Summary,Addresses"


def transaction(document: Document, *, code: str, status: str, version: int, now: datetime) -> Record:
    """A calculated transaction that has no id yet."""
    model, lines = document.model, taxed_lines(document)
    ship_to = document.address({}, "shipTo") or document.address(model["lines"][0], "shipTo")
    override = model.get("taxOverride") or {}
    return {
        "id": 0,
        "code": code,
        "companyId": document.company["id"],
        "date": str(model["date"])[:10],
        "status": status,
        "type": model["type"],
        "currencyCode": model.get("currencyCode") or "USD",
        **{name: model.get(name) or "" for name in _COPIED},
        "exemptNo": model.get("exemptionNo") or "",
        "reconciled": False,
        "taxOverrideType": override.get("type", "None"),
        "taxOverrideReason": override.get("reason", ""),
        **totals(lines),
        "adjustmentReason": "NotAdjusted",
        "adjustmentDescription": "",
        "locked": False,
        "region": ship_to.get("region", ""),
        "country": ship_to.get("country", ""),
        "version": version,
        "exchangeRate": number_of(Decimal(str(model.get("exchangeRate") or 1))),
        "exchangeRateEffectiveDate": str(model.get("exchangeRateEffectiveDate") or model["date"])[:10],
        "modifiedDate": now.isoformat(),
        "taxDate": datetime.combine(document.on, datetime.min.time()).isoformat() + "Z",
        "lines": lines,
        "addresses": _addresses(document),
        "summary": summary_of(lines),
    }


def totals(lines: list[Record]) -> Record:
    """What the lines add up to."""

    def total(name: str) -> float:
        return number_of(sum((Decimal(str(line[name])) for line in lines), Decimal(0)))

    return {
        "totalAmount": total("lineAmount"),
        "totalExempt": total("exemptAmount"),
        "totalDiscount": 0.0,
        "totalTax": total("tax"),
        "totalTaxable": total("taxableAmount"),
        "totalTaxCalculated": total("taxCalculated"),
    }


def shown(record: Record, include: str | None, *, is_new: bool = False) -> Response:
    """The answer; a new transaction shows summary and addresses by itself, one that is read shows its head."""
    return JSONResponse(wire(record, include or (_WHEN_NEW if is_new else "")))


def wire(record: Record, include: str) -> Record:
    """One transaction with the parts that were asked for."""
    asked = {word.strip().casefold() for word in include.split(",") if word.strip()}
    wanted = set(asked)
    if asked & {"summary"}:
        wanted |= {"details", "lines"}
    if asked & {"details", "linesonly"}:
        wanted |= {"lines"}
    parts = {
        "lines": "lines" in wanted and "summaryonly" not in asked,
        "summary": bool(asked & {"summary", "summaryonly"}),
        "addresses": "addresses" in asked,
    }
    has_details = "details" in wanted and "linesonly" not in asked
    head = {name: value for name, value in record.items() if not name.startswith("_") and parts.get(name, True)}
    if "lines" in head and not has_details:
        hidden = {"details", "nonPassthroughDetails"}
        head["lines"] = [{name: value for name, value in line.items() if name not in hidden} for line in record["lines"]]
    return head


def _addresses(document: Document) -> list[Record]:
    places = (document.model.get("addresses") or {}).values()
    fields = ("line1", "line2", "line3", "city", "region", "postalCode", "country")
    return [{"boundaryLevel": "Address", **{name: place.get(name) or "" for name in fields}} for place in places if place]
