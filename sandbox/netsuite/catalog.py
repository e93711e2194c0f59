"""The record types of this account. Another family (transactions, periods) is another module whose types join RECORD_TYPES."""

from collections.abc import Mapping

from sandbox.netsuite.entities import ENTITIES
from sandbox.netsuite.fields import Field, RecordType, flag, number, reference, text
from sandbox.netsuite.lists import LISTS

RECORD_TYPES: Mapping[str, RecordType] = {kind.name: kind for kind in (*LISTS, *ENTITIES)}

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
    )
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
    return {**kind.fields, **{name: _CUSTOM[what] for name, what in declared.items()}}
