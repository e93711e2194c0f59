"""Whether the model of a new transaction can be used: the fields it needs, their form and their length."""

from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.avatax.refusals import Refusal, not_found, required

Record = dict[str, Any]
RECORDED = ("SalesInvoice", "ReturnInvoice", "PurchaseInvoice")
ESTIMATES = ("SalesOrder", "ReturnOrder", "PurchaseOrder")
_LENGTHS = {
    "code": 50, "companyCode": 50, "customerCode": 50, "entityUseCode": 25, "purchaseOrderNo": 50, "exemptionNo": 25,
    "referenceCode": 1024, "currencyCode": 3, "businessIdentificationNo": 25, "description": 2048,
}  # fmt: skip
_LINE_LENGTHS = {"number": 50, "taxCode": 25, "itemCode": 50, "ref1": 250, "ref2": 250, "description": 2096}
_ADDRESS_LENGTHS = {"line1": 100, "line2": 100, "line3": 100, "city": 50, "postalCode": 11}


def checked(state: Record, model: Record) -> Record:
    """The model as it will be calculated, its company found; the first thing that is wrong is refused."""
    for field in ("customerCode", "date", "lines"):
        if field not in model:
            raise required(field)
    kind = model.get("type") or "SalesOrder"
    if kind not in (*RECORDED, *ESTIMATES):
        raise Refusal(400, "InvalidEnumValue", f"The type '{kind}' is not one that is simulated.", refers_to="type")
    _within("", model, _LENGTHS)
    on_date(model["date"], "date")
    if not model["lines"]:
        raise Refusal(400, "MissingLine", "The document has no lines.", refers_to="lines")
    for number, line in enumerate(model["lines"]):
        _check_line(model, line, number)
    _check_what_is_not_simulated(model)
    company_of(state, model.get("companyCode") or "")
    return {**model, "type": kind}


def company_of(state: Record, code: str) -> Record:
    """The active company of that code; the account's default where none is named."""
    companies = state["companies"].values()
    found = next((c for c in companies if (c["companyCode"] == code if code else c.get("isDefault"))), None)
    if found is None or not found.get("isActive", True):
        raise not_found("Company", code or "(default)")
    return dict(found)


def on_date(text: Any, field: str) -> date:
    """A date, with or without a time behind it."""
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError as error:
        raise Refusal(400, "DateFormatError", f"'{text}' is not a date.", refers_to=field) from error


def tax_date(model: Record) -> date:
    """The day whose rates count: the override's, else the document's."""
    override = model.get("taxOverride") or {}
    return on_date(override.get("taxDate") or model["date"], "taxOverride.taxDate")


def _check_line(model: Record, line: Record, number: int) -> None:
    where = f"lines[{number}]"
    if not isinstance(line.get("amount"), int | Decimal) or isinstance(line.get("amount"), bool):
        raise required(f"{where}.amount")
    _within(f"{where}.", line, _LINE_LENGTHS)
    addresses = {**(model.get("addresses") or {}), **(line.get("addresses") or {})}
    if not (addresses.get("singleLocation") or (addresses.get("shipFrom") and addresses.get("shipTo"))):
        raise Refusal(400, "MissingAddress", "ShipFrom and ShipTo, or SingleLocation, are needed.", refers_to="addresses")
    for kind, address in addresses.items():
        _within(f"addresses.{kind}.", address or {}, _ADDRESS_LENGTHS)
        if address and not address.get("country"):
            raise Refusal(400, "MissingAddress", "The address has no country.", refers_to=f"addresses.{kind}.country")


def _check_what_is_not_simulated(model: Record) -> None:
    override = (model.get("taxOverride") or {}).get("type", "None")
    if override == "TaxDate" and not model["taxOverride"].get("reason"):
        raise required("taxOverride.reason")
    has_inclusive = any(line.get("taxIncluded") for line in model["lines"])
    if override not in {"None", "TaxDate"} or model.get("discount") or has_inclusive:
        described = "Discounts, tax-included prices and overrides of amounts are not simulated."
        raise Refusal(400, "IncorrectFieldValue", described, refers_to="taxOverride")


def _within(where: str, given: Record, lengths: dict[str, int]) -> None:
    for field, most in lengths.items():
        if len(str(given.get(field) or "")) > most:
            described = f"The length of {where}{field} must be between 0 and {most} characters."
            raise Refusal(400, "StringLengthError", described, refers_to=f"{where}{field}")
