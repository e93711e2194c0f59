"""Whether the values of a request have the documented form."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sandbox.kantata.kinds import Kind

INT32 = 2**31
_REFERENCE_FIELDS = ("service_name", "service_model", "service_model_ref")


def _is_int32(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -INT32 <= value < INT32


def _is_id(value: Any) -> bool:
    return _is_int32(value) or (isinstance(value, str) and value.isdigit() and int(value) < INT32)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(name), str) and value[name] for name in _REFERENCE_FIELDS)


def _are_custom_fields(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(v, dict) and _is_id(v.get("custom_field_id")) and "value" in v for v in value
    )


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "text": (lambda v: isinstance(v, str), "must be a string"),
    "bool": (lambda v: isinstance(v, bool), "must be true or false"),
    "int": (_is_int32, "must be a 32-bit integer"),
    "id": (_is_id, "must be an ID"),
    "ids": (lambda v: isinstance(v, list) and all(map(_is_id, v)), "must be an array of IDs"),
    "date": (_is_date, "must be an ISO 8601 date"),
    "object": (lambda v: isinstance(v, dict), "must be an object"),
    "reference": (_is_reference, "must have service_name, service_model and service_model_ref"),
    "custom_fields": (_are_custom_fields, "must be an array of custom_field_id and value"),
    "any": (lambda _: True, ""),
}


def broken_fields(kind: Kind, given: Mapping[str, Any], *, creating: bool) -> list[tuple[str, str]]:
    """The fields whose value is missing or has the wrong form, each with what is wrong."""
    broken = []
    for name, wanted in kind.fields.items():
        value = given.get(name)
        if value is None:
            if name in kind.required and (creating or name in given):
                broken.append((name, f"{name} can't be blank"))
            continue
        accepts, complaint = _CHECKS[wanted]
        if not accepts(value):
            broken.append((name, f"{name} {complaint}"))
        elif wanted == "text" and name in kind.required and not value.strip():
            broken.append((name, f"{name} can't be blank"))
    return broken


def accepted(kind: Kind, given: Mapping[str, Any]) -> dict[str, Any]:
    """The writable fields of a request, ids as strings; what is not writable is ignored, as the vendor does."""
    taken: dict[str, Any] = {}
    for name, wanted in kind.fields.items():
        if name not in given:
            continue
        value = given[name]
        if wanted == "id" and value is not None:
            value = str(value)
        elif wanted == "ids" and value is not None:
            value = [str(each) for each in value]
        taken[name] = value
    return taken
