"""The tables that SuiteQL reads: an in-memory SQLite that follows the records, a changed record at a time."""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.netsuite.bodies import Json
from sandbox.netsuite.catalog import QUERY_ONLY, RECORD_TYPES
from sandbox.netsuite.fields import Field, RecordType
from sandbox.netsuite.records import Records

SHOWN = "__df"  # a reference's column has a second one with the name that BUILTIN.DF shows
_NAMED = {"reference", "choice", "country"}
_NUMERIC = {"number", "whole", "reference"}
_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_TYPES: Mapping[str, RecordType] = {kind.name.lower(): kind for kind in (*RECORD_TYPES.values(), *QUERY_ONLY.values())}
Functions = Mapping[str, tuple[int, Callable[..., Any]]]


class Tables:
    """Only the tables that a query names are brought up to date, and only their changed rows are written."""

    def __init__(self, records: Records, functions: Functions) -> None:
        self._records, self._functions = records, functions
        self._layout: object = None
        self._held: dict[str, dict[str, int]] = {}
        self._database = sqlite3.connect(":memory:", check_same_thread=False)

    def current(self, words: set[str]) -> sqlite3.Connection:
        """The database, read-only, with the tables among these words as searches see them now."""
        if self._layout is None or self._layout != self._records.layout():
            self._laid_out()
        self._database.set_authorizer(None)
        for name in words & _TYPES.keys():
            self._follow(name, _TYPES[name])
        self._database.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in _READS else sqlite3.SQLITE_DENY)
        return self._database

    def _laid_out(self) -> None:
        self._layout = self._records.layout()
        self._held = {name: {} for name in _TYPES}
        self._database.close()
        self._database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA case_sensitive_like = ON")
        for name, (arguments, function) in self._functions.items():
            self._database.create_function(name, arguments, function)
        for name, kind in _TYPES.items():
            columns = [column for field, of in self._records.fields(kind).items() for column in _columns(field, of)]
            self._database.execute(f'CREATE TABLE "{name}" ({", ".join(columns)}, PRIMARY KEY (id))')

    def _follow(self, name: str, kind: RecordType) -> None:
        held = self._held[name]
        visible = {record["id"]: record for record in self._records.visible(kind.name)}
        for gone in held.keys() - visible.keys():
            self._database.execute(f'DELETE FROM "{name}" WHERE id = ?', (gone,))
            del held[gone]
        changed = [record for key, record in visible.items() if held.get(key) != record["_version"]]
        if changed:
            fields = self._records.fields(kind)
            rows = [[cell for field, of in fields.items() for cell in self._cells(of, record.get(field))] for record in changed]
            marks = ", ".join("?" * len(rows[0]))
            self._database.executemany(f'INSERT OR REPLACE INTO "{name}" VALUES ({marks})', rows)
            held.update({record["id"]: record["_version"] for record in changed})

    def _cells(self, field: Field, value: Any) -> list[Any]:
        if field.kind == "flag":
            return ["T" if value else "F"]
        if field.kind not in _NAMED:
            return [value]
        return [value["id"], self._shown(field, value)] if value else [None, None]

    def _shown(self, field: Field, value: Json) -> str | None:
        for name in field.to:
            found = self._records.find(name, value["id"])
            return self._records.named(name, found) if found else None
        return field.choices.get(value["id"], value["id"])


def _columns(name: str, field: Field) -> list[str]:
    column = f'"{name.lower()}" {"NUMERIC" if field.kind in _NUMERIC or name == "id" else "TEXT"}'
    return [column, f'"{name.lower()}{SHOWN}" TEXT'] if field.kind in _NAMED else [column]
