"""``!transform``: the body of a new transaction that is made of another one, as far as the caller does not say otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import Refusal, invalid_content

if TYPE_CHECKING:
    from sandbox.netsuite.records import Records

_HEAD = ("entity", "subsidiary", "currency", "exchangeRate", "job", "account", "otherRefNum", "class", "department", "location")
_LINE = ("line", "item", "quantity", "rate", "amount", "description", "class", "department", "location", "job", "taxCode")


def transformed(records: Records, kind: str, key: str, target: str, given: object, replace: tuple[str, ...]) -> Json:
    """The whole body of the new record."""
    if (kind, target) not in _TRANSFORMS:
        raise Refusal(404, "NOT_FOUND", f"A record of type '{kind}' cannot be transformed to '{target}'.", path=target)
    body = {} if given is None else given
    if not isinstance(body, dict):
        raise invalid_content("$", "Invalid content in the request body. The request body must be a JSON object.")
    source = records.get(kind, key)
    made = _TRANSFORMS[kind, target](source)
    if "item" in body and "item" in made:
        body = {**body, "item": _merged([] if "item" in replace else made["item"]["items"], body["item"])}
        made.pop("taxDetails", None)
    return {**made, **body}


def _credit(invoice: Json) -> Json:
    """The whole invoice taken back and applied to it."""
    lines = [_copied(line, (*_LINE, "taxDetailsReference")) for line in invoice["item"]]
    found: Json = {**_copied(invoice, _HEAD), "createdFrom": {"id": invoice["id"]}, "item": {"items": lines}}
    if invoice.get("taxDetailsOverride"):
        names = ("taxDetailsReference", "taxType", "taxCode", "taxBasis", "taxRate", "taxAmount")
        details = [_copied(detail, names) for detail in invoice.get("taxDetails", [])]
        found |= {"taxDetailsOverride": True, "taxDetails": {"items": details}}
    return {**found, **_applied(invoice)}


def _payment(invoice: Json) -> Json:
    head = {**_copied(invoice, ("subsidiary", "currency")), "customer": invoice["entity"]}
    return {**head, "payment": invoice["amountRemaining"], **_applied(invoice)}


def _applied(invoice: Json) -> Json:
    """Without an amount it takes as much as is open, or as there is."""
    open_now = [{"doc": {"id": invoice["id"]}, "apply": True}] if invoice["amountRemaining"] else []
    return {"apply": {"items": open_now}}


def _application(deposit: Json) -> Json:
    return {"deposit": {"id": deposit["id"]}}


def _merged(kept: list[Json], given: object) -> Json:
    """The caller's lines over the copied ones, by line number; numbers are given anew."""
    items = given.get("items") if isinstance(given, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise invalid_content("item", "Invalid value for the resource or sub-resource field 'item'. Provide its items.")
    mine = {item["line"]: item for item in items if item.get("line") is not None}
    both = [{**line, **mine.get(line["line"], {})} for line in kept]
    return {"items": [*both, *(item for item in items if item.get("line") is None)]}


def _copied(record: Json, names: tuple[str, ...]) -> Json:
    found = {name: record[name] for name in names if name in record}
    return found | {name: value for name, value in record.items() if name.startswith("custcol")}


_TRANSFORMS: Mapping[tuple[str, str], Callable[[Json], Json]] = {
    ("invoice", "creditMemo"): _credit,
    ("invoice", "customerPayment"): _payment,
    ("customerDeposit", "depositApplication"): _application,
}
