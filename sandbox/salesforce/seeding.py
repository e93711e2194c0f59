"""Puts records into an org as if they had always been there, and makes changes as its users would."""

from typing import Any

from sandbox.salesforce import automation
from sandbox.salesforce.identifiers import is_id, named, whole
from sandbox.salesforce.objects import OBJECTS, Object
from sandbox.salesforce.records import Record, Records
from sandbox.salesforce.values import kept, moment, stamp

# What others point at comes first.
_ORDER = (
    "User",
    "Account",
    "Contact",
    "Product2",
    "Opportunity",
    "SBQQ__Quote__c",
    "SBQQ__QuoteLineGroup__c",
    "SBQQ__QuoteLine__c",
    "Contract",
)


def plant(records: Records, world: dict[str, dict[str, Record]]) -> None:
    """Add records by object and handle; quotes are priced, unless one says that it is uncalculated."""
    objects = sorted((OBJECTS[name] for name in world), key=lambda o: _ORDER.index(o.name) if o.name in _ORDER else len(_ORDER))
    for object_ in objects:
        for handle, fields in world[object_.name].items():
            _plant_one(records, object_, handle, fields)
    automation.settle(records)
    for handle, fields in world.get("SBQQ__Quote__c", {}).items():
        _price(records, identifier_of(automation.QUOTE, handle), stays_open=fields.get("SBQQ__Uncalculated__c") is True)
    for handle, fields in world.get("Opportunity", {}).items():
        _restore_amount(records, identifier_of(OBJECTS["Opportunity"], handle), fields.get("Amount"))


def change(records: Records, edits: dict[str, dict[str, Record]]) -> None:
    """Change records as a user of the org does: stamps move, automation runs, outbound messages go out."""
    for name, by_handle in edits.items():
        object_ = OBJECTS[name]
        for handle, fields in by_handle.items():
            identifier = identifier_of(object_, handle)
            records.put(object_, identifier, _values(object_, fields), before=records.get(object_, identifier))
            if object_ is automation.QUOTE and fields.get("SBQQ__Uncalculated__c") is False:
                automation.calculate(records, identifier)
    automation.settle(records)


def identifier_of(object_: Object, handle: str) -> str:
    """The id of a seeded record: its handle, if that is an id of the object, else the id that this handle always gets."""
    return whole(handle) if is_id(handle, (object_.prefix,)) else named(object_.prefix, handle)


def _plant_one(records: Records, object_: Object, handle: str, fields: Record) -> None:
    values = _values(object_, fields)
    if object_.name == "Contract":
        values["_seeded"] = True
    if fields.get("SystemModstamp"):
        values["_stamp"] = stamp(moment(fields["SystemModstamp"]))
    identifier = identifier_of(object_, handle)
    records.put(object_, identifier, values, before=records.table(object_).get(identifier, {}))


def _values(object_: Object, fields: Record) -> Record:
    """Values in the form that is kept; handles in references become ids."""
    values: Record = {}
    for name, value in fields.items():
        field = object_.fields[name]
        if field.type == "reference" and isinstance(value, str) and not is_id(value):
            value = named(OBJECTS[field.targets[0]].prefix, value)
        if name != "SystemModstamp":
            values[name] = kept(field, value)
    return values


def _price(records: Records, quote: str, *, stays_open: bool) -> None:
    automation.calculate(records, quote)
    if stays_open:
        record = records.table(automation.QUOTE)[quote]
        saved = stamp(records.now())
        records.put(automation.QUOTE, quote, {"SBQQ__Uncalculated__c": True, "SBQQ__LastSavedOn__c": saved}, before=record)


def _restore_amount(records: Records, opportunity: str, amount: Any) -> None:
    held = records.table(OBJECTS["Opportunity"])[opportunity]
    if amount is not None and held.get("Amount") != float(amount):
        records.put(OBJECTS["Opportunity"], opportunity, {"Amount": float(amount)}, before=held)
