"""SuiteQL: each record type is a table of an in-memory SQLite, filled from the records that searches find already."""

import re
import sqlite3
from typing import Any

from sandbox.netsuite.bodies import Json
from sandbox.netsuite.catalog import QUERY_ONLY, RECORD_TYPES
from sandbox.netsuite.errors import invalid_parameter
from sandbox.netsuite.fields import Field, RecordType
from sandbox.netsuite.records import Records

_NAME_OF = re.compile(r"BUILTIN\.DF\(\s*((?:\w+\.)?\w+)\s*\)", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?")
_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_FORMATS = (("YYYY", "%Y"), ("MM", "%m"), ("DD", "%d"), ("HH24", "%H"), ("MI", "%M"), ("SS", "%S"), ('"', ""))
_AS_TEXT = "\x02"  # marks what TO_CHAR wrote, so that it is not taken for a date again
_SHOWN = "__df"


class SuiteQl:
    """Answers queries; the database is built again only after a record changed or became visible."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._built_for: object = None
        self._database: sqlite3.Connection | None = None

    def rows(self, query: str, *, limit: int, offset: int, most: int) -> tuple[list[Json], int]:
        """One page, and how many rows there are in all; rows beyond ``most`` cannot be had."""
        wanted = _NAME_OF.sub(lambda m: f"({m[1]}{_SHOWN})", query.strip().rstrip(";"))
        if not re.match(r"(?i)(select|with)\b", wanted):
            raise invalid_parameter("q", "Invalid search query. Only SELECT statements are supported.")
        database = self._current()
        try:
            total = min(database.execute(f"SELECT COUNT(*) FROM ({wanted})").fetchone()[0], most)
            size = max(0, min(limit, total - offset))
            cursor = database.execute(f"SELECT * FROM ({wanted}) LIMIT {size} OFFSET {offset}")
            names = [_named(str(column[0]).lower(), n) for n, column in enumerate(cursor.description, 1)]
            return [_row(names, values) for values in cursor], total
        except sqlite3.Error as wrong:
            detail = f"Invalid search query. Detailed unprocessed description follows. Search error occurred: {wrong}."
            raise invalid_parameter("q", detail) from wrong

    def _current(self) -> sqlite3.Connection:
        visible = {name: list(self._records.visible(name)) for name in (*RECORD_TYPES, *QUERY_ONLY)}
        mark = (self._records.revision, tuple(len(found) for found in visible.values()))
        if self._database is None or self._built_for != mark:
            self._database, self._built_for = self._built(visible), mark
        return self._database

    def _built(self, visible: dict[str, list[Json]]) -> sqlite3.Connection:
        database = sqlite3.connect(":memory:", check_same_thread=False)
        database.execute("PRAGMA case_sensitive_like = ON")
        database.create_function("NVL", 2, lambda value, other: other if value is None else value)
        database.create_function("TO_DATE", 2, lambda value, _: value)
        database.create_function("TO_CHAR", 2, _to_char)
        for name, kind in (*RECORD_TYPES.items(), *QUERY_ONLY.items()):
            self._fill(database, kind, visible[name])
        database.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in _READS else sqlite3.SQLITE_DENY)
        return database

    def _fill(self, database: sqlite3.Connection, kind: RecordType, records: list[Json]) -> None:
        fields = self._records.fields(kind)
        columns = [column for name, field in fields.items() for column in _columns(name, field)]
        declared = ", ".join(f'"{column}" {"NUMERIC" if number else "TEXT"}' for column, number in columns)
        database.execute(f'CREATE TABLE "{kind.name.lower()}" ({declared})')
        marks = ", ".join("?" * len(columns))
        rows = [[cell for name, field in fields.items() for cell in self._cells(field, record.get(name))] for record in records]
        database.executemany(f'INSERT INTO "{kind.name.lower()}" VALUES ({marks})', rows)

    def _cells(self, field: Field, value: Any) -> list[Any]:
        if field.kind == "flag":
            return ["T" if value else "F"]
        if field.kind not in {"reference", "choice", "country"}:
            return [value]
        if value is None:
            return [None, None]
        shown = next((self._shown(name, value["id"]) for name in field.to), field.choices.get(value["id"], value["id"]))
        return [value["id"], shown]

    def _shown(self, name: str, key: str) -> str | None:
        found = self._records.find(name, key)
        return self._records.named(name, found) if found else None


def _columns(name: str, field: Field) -> list[tuple[str, bool]]:
    column = (name.lower(), field.kind in {"number", "whole"} or name == "id" or field.kind == "reference")
    return [column, (name.lower() + _SHOWN, False)] if field.kind in {"reference", "choice", "country"} else [column]


def _named(name: str, position: int) -> str:
    return f"expr{position}" if name.endswith(f"{_SHOWN})") else name


def _row(names: list[str], values: tuple[Any, ...]) -> Json:
    """Null columns are left out and everything else is text, as NetSuite does it."""
    shown = {name: value for name, value in zip(names, values, strict=True) if value is not None and not name.endswith(_SHOWN)}
    return {"links": [], **{name: _text(value) for name, value in shown.items()}}


def _text(value: Any) -> str:
    text = str(value)
    if text.startswith(_AS_TEXT):
        return text[1:]
    if _DAY.fullmatch(text):  # dates come in the account's own format, and without their time
        return f"{int(text[5:7])}/{int(text[8:10])}/{text[:4]}"
    return text


def _to_char(value: Any, form: str) -> str | None:
    if value is None:
        return None
    parts = {"%Y": value[:4], "%m": value[5:7], "%d": value[8:10], "%H": value[11:13], "%M": value[14:16], "%S": value[17:19]}
    text = form
    for oracle, mark in _FORMATS:
        text = text.replace(oracle, mark)
    for mark, part in parts.items():
        text = text.replace(mark, part or "00")
    return _AS_TEXT + text
