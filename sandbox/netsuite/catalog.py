"""The record types of this account; each family of types is a module of its own."""

from collections.abc import Mapping
from dataclasses import replace

from sandbox.netsuite.charges import CHARGES
from sandbox.netsuite.chart import CHART
from sandbox.netsuite.entities import ENTITIES
from sandbox.netsuite.fields import Field, RecordType, Sublist, flag, number, reference, text
from sandbox.netsuite.lists import LISTS
from sandbox.netsuite.transactions import FX, TRANSACTIONS

RECORD_TYPES: Mapping[str, RecordType] = {kind.name: kind for kind in (*LISTS, *ENTITIES, *CHART, *CHARGES, *TRANSACTIONS)}

# Charge rules exist in SuiteScript and SuiteQL only: the REST record service of 2026.1 has 206 record types and no chargeRule.
QUERY_ONLY: Mapping[str, RecordType] = {
    "chargeRule": RecordType(
        "chargeRule",
        {
            "id": text(),
            "externalId": text(),
            "name": text("Name"),
            "project": reference("job", label="Project"),
            "chargeRuleType": text("Charge Rule Type"),
            "amount": number("Amount"),
            "isInactive": flag("Inactive"),
        },
    ),
    FX.name: FX,
}
_CUSTOM: Mapping[str, Field] = {
    "text": text(),
    "flag": flag(),
    "number": number(),
    "date": Field("date"),
    "department": reference("department"),
    "classification": reference("classification"),
    "location": reference("location"),
    "employee": reference("employee"),
}


def with_custom_fields(kind: RecordType, declared: Mapping[str, str]) -> Mapping[str, Field]:
    """The fields of a type, together with the custom ones that this account has."""
    return {**kind.fields, **columns_of(declared)}


def with_custom_columns(kind: RecordType, declared: Mapping[str, Mapping[str, str]]) -> Mapping[str, Sublist]:
    """The sublists of a type, together with the custom columns that this account has (declared as ``invoice.item``)."""
    found = dict(kind.sublists)
    for name, sublist in kind.sublists.items():
        columns = declared.get(f"{kind.name}.{name}", {})
        if columns:
            found[name] = replace(sublist, lines={**sublist.lines, **columns_of(columns)})
    return found


def columns_of(declared: Mapping[str, str]) -> Mapping[str, Field]:
    """Custom fields as they were declared."""
    return {name: _CUSTOM[what] for name, what in declared.items()}
