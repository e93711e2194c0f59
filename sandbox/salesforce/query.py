"""Answers queries over the records: which match, in which order, and how a row is shown."""

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.salesforce import soql
from sandbox.salesforce.identifiers import whole
from sandbox.salesforce.objects import BY_LOWER_NAME, BY_PREFIX, OBJECTS, Field, Object
from sandbox.salesforce.records import Record, Records
from sandbox.salesforce.refusals import Refusal
from sandbox.salesforce.values import moment, stamp

_NUMERIC = {"currency", "double", "percent"}
_QUOTED = {"string", "picklist", "textarea", "url", "phone", "email", "reference", "id"}


class Rows:
    """One query against the records."""

    def __init__(self, records: Records, text: str, *, version: str, with_deleted: bool = False) -> None:
        self.records, self.version, self.with_deleted = records, version, with_deleted
        self.query = soql.read(text)
        object_ = BY_LOWER_NAME.get(self.query.object.lower())
        if object_ is None:
            message = f"\nFROM {self.query.object}\n     ^\nsObject type '{self.query.object}' is not supported."
            raise Refusal("INVALID_TYPE", message)
        self.object = object_
        self.paths = [self._path(path) for path in self._selected()]

    def ids(self) -> list[str]:
        """The ids of the rows, in order."""
        where = self.query.where
        rows = [row for row in self._candidates() if self._is_found(row) and (where is None or self._holds(where, row))]
        rows.sort(key=lambda row: str(row["Id"]))
        for sorting in reversed(self.query.order):
            rows = self._sorted(rows, sorting)
        if self.query.offset > 2_000:
            raise Refusal("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        end = None if self.query.limit is None else self.query.offset + self.query.limit
        return [str(row["Id"]) for row in rows[self.query.offset : end]]

    def shown(self, identifiers: Iterable[str]) -> list[Record]:
        """Rows as the answer shows them."""
        table = self.records.table(self.object)
        return [self._shown(table[found]) for found in identifiers]

    # Selection.

    def _selected(self) -> tuple[str, ...]:
        fields = self.query.fields or ()
        if fields and fields[0].startswith("FIELDS("):
            if (self.query.limit or 201) > 200:
                raise Refusal("MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200")
            return tuple(self.object.fields)
        return fields

    def _path(self, path: str) -> tuple[Field, ...]:
        object_, steps = self.object, []
        *parents, last = path.split(".")
        for parent in parents:
            field = object_.by_relationship.get(parent.lower())
            target = OBJECTS.get(field.targets[0]) if field else None
            if field is None or target is None:
                raise Refusal("INVALID_FIELD", f"\n{path}\n^\nDidn't understand relationship '{parent}' in field path.")
            steps.append(field)
            object_ = target
        found = object_.by_lower_name.get(last.lower())
        if found is None:
            raise Refusal("INVALID_FIELD", _no_such_column(path, last, object_.name))
        return (*steps, found)

    def _shown(self, record: Record) -> Record:
        row: Record = {"attributes": attributes(self.object, record["Id"], self.version)}
        for path in self.paths:
            self._put(row, record, path)
        return row

    def _put(self, row: Record, record: Record, path: tuple[Field, ...]) -> None:
        field, *rest = path
        if not rest:
            row[field.name] = value_of(record, field)
            return
        name = str(field.relationship)
        parent = self._parent(record, field)
        if parent is None:
            row[name] = None
            return
        inner = row.setdefault(name, {"attributes": attributes(BY_PREFIX[parent["Id"][:3]], parent["Id"], self.version)})
        self._put(inner, parent, tuple(rest))

    def _parent(self, record: Record, field: Field) -> Record | None:
        identifier = record.get(field.name)
        target = BY_PREFIX.get(str(identifier)[:3]) if identifier else None
        return self.records.table(target).get(str(identifier)) if target else None

    # Conditions.

    def _candidates(self) -> Iterable[Record]:
        table = self.records.table(self.object)
        for comparison in self._equalities(self.query.where):
            values = [str(literal.value) for literal in comparison.values if literal.value is not None]
            name = self._path(comparison.path)[0].name if "." not in comparison.path else ""
            if name == "Id":
                return [table[whole(v)] for v in dict.fromkeys(values) if len(v) in {15, 18} and whole(v) in table]
            if name in self.object.indexed and len(values) == len(comparison.values):
                found = dict.fromkeys(n for v in values for n in self.records.matching(self.object, name, self._keyed(name, v)))
                return [table[n] for n in found]
        return list(table.values())

    def _keyed(self, name: str, value: str) -> str:
        return whole(value) if self.object.fields[name].type == "reference" and len(value) == 15 else value

    @staticmethod
    def _equalities(where: soql.Condition | None) -> list[soql.Comparison]:
        parts = where.parts if isinstance(where, soql.Group) and where.operator == "and" else (where,)
        return [part for part in parts if isinstance(part, soql.Comparison) and part.operator in {"=", "in"}]

    def _is_found(self, record: Record) -> bool:
        return (self.with_deleted or not record["IsDeleted"]) and not self.records.hidden(record["Id"])

    def _holds(self, condition: soql.Condition, record: Record) -> bool:
        if isinstance(condition, soql.Comparison):
            return self._compares(condition, record)
        if condition.operator == "not":
            return not self._holds(condition.parts[0], record)
        every = all if condition.operator == "and" else any
        return every(self._holds(part, record) for part in condition.parts)

    def _compares(self, comparison: soql.Comparison, record: Record) -> bool:
        path = self._path(comparison.path)
        field, value = path[-1], self._value(record, path)
        wanted = [self._comparable(field, literal) for literal in comparison.values]
        given = _in_kind(field, value)
        match comparison.operator:
            case "in":
                return given in wanted
            case "not in":
                return given not in wanted
            case "like":
                return given is not None and bool(_pattern(str(wanted[0])).fullmatch(str(given)))
            case operator:
                return _COMPARE[operator](given, wanted[0])

    def _value(self, record: Record, path: tuple[Field, ...]) -> Any:
        holder: Record | None = record
        for step in path[:-1]:
            holder = self._parent(holder, step) if holder else None
        return value_of(holder, path[-1]) if holder else None

    def _comparable(self, field: Field, literal: soql.Literal) -> Any:
        if literal.kind == "null":
            return None
        if literal.kind in {"today", "last_days"}:
            return self._relative(field, literal)
        kinds = _kinds(field)
        if literal.kind not in kinds:
            quoted = "should be enclosed in quotes" if field.type in _QUOTED else "should not be enclosed in quotes"
            message = f"\nvalue of filter criterion for field '{field.name}' must be of type {field.type} and {quoted}"
            raise Refusal("INVALID_FIELD", message)
        return _in_kind(field, _timed(literal) if literal.kind == "datetime" else literal.value)

    def _relative(self, field: Field, literal: soql.Literal) -> str:
        day: date = self.records.now().date() - timedelta(days=literal.value or 0)
        return day.isoformat() if field.type == "date" else f"{day.isoformat()}T00:00:00.000+0000"

    def _sorted(self, rows: list[Record], sorting: soql.Sorting) -> list[Record]:
        path = self._path(sorting.path)
        keyed = [(_in_kind(path[-1], self._value(row, path)), row) for row in rows]
        filled = sorted((pair for pair in keyed if pair[0] is not None), key=lambda pair: pair[0], reverse=sorting.is_descending)
        empty = [row for key, row in keyed if key is None]
        full = [row for _, row in filled]
        return full + empty if sorting.are_nulls_last else empty + full


def attributes(object_: Object, identifier: str, version: str) -> dict[str, str]:
    """The head of every record in an answer."""
    return {"type": object_.name, "url": f"/services/data/{version}/sobjects/{object_.name}/{identifier}"}


def value_of(record: Record, field: Field) -> Any:
    """A field's value as answers show it."""
    if field.type == "boolean":
        return bool(record.get(field.name))
    if field.type == "address":
        return _address(record, field.name.removesuffix("Address"))
    return record.get(field.name)


def _address(record: Record, kind: str) -> dict[str, Any] | None:
    names = {"street": "Street", "city": "City", "state": "State", "postalCode": "PostalCode", "country": "Country"}
    parts = {name: record.get(kind + suffix) for name, suffix in names.items()}
    return parts | {"countryCode": record.get(f"{kind}CountryCode")} if any(parts.values()) else None


def _timed(literal: soql.Literal) -> str:
    try:
        return stamp(moment(literal.value))
    except ValueError:
        raise Refusal("MALFORMED_QUERY", f"\n{literal.value}\n^\nInvalid datetime: {literal.value}") from None


def _kinds(field: Field) -> set[str]:
    if field.type in _NUMERIC:
        return {"number"}
    if field.type in {"boolean", "date", "datetime"}:
        return {field.type}
    return {"string"}


def _in_kind(field: Field, value: Any) -> Any:
    """A form in which values of this field compare: text without regard to capitals, numbers exactly."""
    if value is None or isinstance(value, bool):
        return value
    if field.type in _NUMERIC:
        return Decimal(str(value))
    if field.type in {"id", "reference"}:
        return whole(str(value)) if len(str(value)) in {15, 18} else str(value)
    return str(value).casefold() if field.type not in {"date", "datetime"} else str(value)


def _pattern(like: str) -> re.Pattern[str]:
    parts = re.split(r"(\\.|%|_)", like)
    written = {"%": ".*", "_": "."}
    return re.compile("".join(written.get(part, re.escape(part.removeprefix("\\"))) for part in parts), re.DOTALL)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda given, wanted: bool(given == wanted),
    "!=": lambda given, wanted: bool(given != wanted),
    "<": lambda given, wanted: given is not None and wanted is not None and bool(given < wanted),
    ">": lambda given, wanted: given is not None and wanted is not None and bool(given > wanted),
    "<=": lambda given, wanted: given is not None and wanted is not None and bool(given <= wanted),
    ">=": lambda given, wanted: given is not None and wanted is not None and bool(given >= wanted),
}


def _no_such_column(path: str, last: str, object_name: str) -> str:
    return (
        f"\nSELECT {path}\n       ^\nERROR at Row:1:Column:8\nNo such column '{last}' on entity '{object_name}'. "
        "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. "
        "Please reference your WSDL or the describe call for the appropriate names."
    )
