"""Reads a request body into the values that a record stores, refusing what is not of its shape."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from numbers import Real
from typing import Any

from sandbox.netsuite.errors import Refusal, invalid_content, invalid_reference
from sandbox.netsuite.fields import ADDRESS, Field, Sublist

Json = dict[str, Any]
# Finds the internal id of a reference: (record types, internal or None, external or None, inactive allowed) -> id or None.
Resolve = Callable[[tuple[str, ...], str | None, str | None, bool], str | None]
_IGNORED = {"links", "refName", "id"}


class Reader:
    """Reads bodies; ``strict`` is X-NetSuite-PropertyNameValidation: an unknown name is refused, or silently dropped."""

    def __init__(self, resolve: Resolve, *, strict: bool) -> None:
        self._resolve = resolve
        self._strict = strict

    def record(
        self, body: Any, fields: Mapping[str, Field], sublists: Mapping[str, Sublist]
    ) -> tuple[Json, dict[str, list[Json]]]:
        """The fields and the lines that a body gives."""
        if not isinstance(body, dict):
            raise invalid_content("$", "Invalid content in the request body. The request body must be a JSON object.")
        values: Json = {}
        lines: dict[str, list[Json]] = {}
        for name, given in body.items():
            if name in sublists:
                lines[name] = self._lines(name, sublists[name], given)
            elif name in fields and not fields[name].read_only:
                values[name] = self._value(name, fields[name], given)
            else:
                self._unknown(name, fields)
        return values, lines

    def _unknown(self, name: str, fields: Mapping[str, Field]) -> None:
        if self._strict and name not in fields and name not in _IGNORED:
            raise invalid_content(name, f"Invalid content in the request body. Unknown property name '{name}'.")

    def _lines(self, name: str, sublist: Sublist, given: Any) -> list[Json]:
        items = given.get("items") if isinstance(given, dict) else None
        if not isinstance(items, list):
            raise invalid_content(name, f"Invalid value for the resource or sub-resource field '{name}'. Provide its items.")
        return [self._line(f"{name}.items[{n}]", sublist, item) for n, item in enumerate(items)]

    def _line(self, path: str, sublist: Sublist, item: Any) -> Json:
        if not isinstance(item, dict):
            raise invalid_content(path, f"Invalid value for the resource or sub-resource field '{path}'.")
        line: Json = {}
        for name, given in item.items():
            if name == sublist.key and not sublist.named:
                line[name] = given
            elif name in sublist.lines and not sublist.lines[name].read_only:
                line[name] = self._value(f"{path}.{name}", sublist.lines[name], given)
            else:
                self._unknown(name, sublist.lines)
        return line

    def _value(self, path: str, field: Field, given: Any) -> Any:
        if given is None:
            return None
        if field.kind == "reference":
            return self._reference(path, field, given)
        if field.kind == "address":
            return self._address(path, given)
        if field.kind in {"choice", "country"}:
            return self._chosen(path, field, given)
        if not _READABLE[field.kind](given):
            raise _wrong(path)
        return given

    def _reference(self, path: str, field: Field, given: Any) -> Json:
        internal = external = None
        if isinstance(given, dict):
            internal, external = given.get("id"), given.get("externalId")
        elif isinstance(given, (str, int)) and not isinstance(given, bool):
            internal = given
        if internal is None and external is None:
            raise _wrong(path)
        found = self._resolve(field.to, _word(internal), _word(external), field.inactive_allowed)
        if found is None:
            raise invalid_reference(path, str(internal if internal is not None else external))
        return {"id": found}

    def _chosen(self, path: str, field: Field, given: Any) -> Json:
        chosen = given.get("id") if isinstance(given, dict) else given
        if field.kind == "country":
            if not isinstance(chosen, str) or not re.fullmatch("[A-Z]{2}", chosen):
                raise _wrong(path)
        elif chosen is None or (field.choices and str(chosen) not in field.choices):
            raise _wrong(path)  # a choice without a list takes any word
        return {"id": str(chosen)}

    def _address(self, path: str, given: Any) -> Json:
        if not isinstance(given, dict):
            raise _wrong(path)
        address: Json = {}
        for name, part in given.items():
            if name in ADDRESS:
                address[name] = self._value(f"{path}.{name}", ADDRESS[name], part)
            else:
                self._unknown(name, ADDRESS)
        return address


def _wrong(path: str) -> Refusal:
    detail = f"Invalid value for the resource or sub-resource field '{path}'. Provide a valid value."
    return invalid_content(path, detail)


def _word(given: Any) -> str | None:
    return None if given is None else str(given)


def _is_date(given: Any) -> bool:
    try:
        return isinstance(given, str) and len(given) == 10 and bool(date.fromisoformat(given))
    except ValueError:
        return False


def _is_moment(given: Any) -> bool:
    try:
        return isinstance(given, str) and bool(datetime.fromisoformat(given))
    except ValueError:
        return False


_READABLE: Mapping[str, Callable[[Any], bool]] = {
    "text": lambda given: isinstance(given, str),
    "flag": lambda given: isinstance(given, bool),
    "number": lambda given: isinstance(given, Real) and not isinstance(given, bool),
    "whole": lambda given: isinstance(given, int) and not isinstance(given, bool),
    "date": _is_date,
    "moment": _is_moment,
}
