"""The tables that SuiteQL reads: an in-memory SQLite that follows the records, a changed record at a time."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.netsuite.bodies import Json
from sandbox.netsuite.catalog import QUERY_ONLY, RECORD_TYPES
from sandbox.netsuite.fields import Field
from sandbox.netsuite.records import Records
from sandbox.netsuite.views import VIEWS, View

SHOWN = "__df"  # a reference's column has a second one with the name that BUILTIN.DF shows
OWNER = "__of"  # the record that a row came from
_NAMED = {"reference", "choice", "country"}
_NUMERIC = {"number", "whole", "reference"}
_INDEXED = (OWNER, "id", "transaction", 'transaction", "transactionline')
_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_TYPES: Mapping[str, str] = {name.lower(): name for name in (*RECORD_TYPES, *QUERY_ONLY)}
Functions = Mapping[str, tuple[int, Callable[..., Any]]]


class Tables:
    """Only the tables that a query names are brought up to date, and only their changed rows are written."""

    def __init__(self, records: Records, functions: Functions) -> None:
        self._records, self._functions = records, functions
        self._layout: object = None
        self._views: Mapping[str, View] = {}
        self._columns: dict[str, Mapping[str, Field]] = {}
        self._held: dict[str, dict[str, int]] = {}
        self._database = sqlite3.connect(":memory:", check_same_thread=False)

    def current(self, words: set[str]) -> sqlite3.Connection:
        """The database, read-only, with the tables among these words as searches see them now."""
        if self._layout is None or self._layout != self._records.layout():
            self._laid_out()
        self._database.set_authorizer(None)
        for name in words & self._views.keys():
            self._follow(name, self._views[name])
        self._database.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in _READS else sqlite3.SQLITE_DENY)
        return self._database

    def _laid_out(self) -> None:
        self._layout = self._records.layout()
        self._views = {name: self._plain(kind) for name, kind in _TYPES.items()} | dict(VIEWS)
        self._columns = {name: {**view.columns, **self._records.custom(view.custom)} for name, view in self._views.items()}
        self._held = {name: {} for name in self._views}
        self._database.close()
        self._database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA case_sensitive_like = ON")
        for function, (arguments, does) in self._functions.items():
            self._database.create_function(function, arguments, does)
        for name in self._views:
            self._made(name)

    def _made(self, name: str) -> None:
        fields = self._columns[name]
        columns = [column for field, of in fields.items() for column in _columns(field, of)]
        self._database.execute(f'CREATE TABLE "{name}" ({", ".join(columns)}, "{OWNER}" TEXT)')
        held = {OWNER, *(field.lower() for field in fields)}
        for number, index in enumerate(_INDEXED):
            if held.issuperset(index.split('", "')):
                self._database.execute(f'CREATE INDEX "{name}.{number}" ON "{name}" ("{index}")')

    def _plain(self, kind: str) -> View:
        """The table of one record type, with a row for each of its records."""
        found = RECORD_TYPES.get(kind) or QUERY_ONLY[kind]
        return View((kind,), self._records.fields(found), lambda records, name, record: iter((record,)))

    def _follow(self, name: str, view: View) -> None:
        held = self._held[name]
        visible = {record["id"]: (kind, record) for kind in view.kinds for record in self._records.visible(kind)}
        gone = [key for key in held if key not in visible]
        changed = {key: found for key, found in visible.items() if held.get(key) != found[1]["_version"]}
        old = [(key,) for key in (*gone, *(key for key in changed if key in held))]
        self._database.executemany(f'DELETE FROM "{name}" WHERE "{OWNER}" = ?', old)
        for key in gone:
            del held[key]
        for key, (kind, record) in changed.items():
            self._write(name, key, view.rows(self._records, kind, record))
            held[key] = record["_version"]

    def _write(self, name: str, owner: str, rows: Iterable[Json]) -> None:
        fields = self._columns[name]
        cells = [[*(cell for field, of in fields.items() for cell in self._cells(of, row.get(field))), owner] for row in rows]
        if cells:
            marks = ", ".join("?" * len(cells[0]))
            self._database.executemany(f'INSERT INTO "{name}" VALUES ({marks})', cells)

    def _cells(self, field: Field, value: Any) -> list[Any]:
        if field.kind == "flag":
            return ["T" if value else "F"]
        if field.kind not in _NAMED:
            return [value["id"] if isinstance(value, dict) else value]
        return [value["id"], self._shown(field, value)] if value else [None, None]

    def _shown(self, field: Field, value: Json) -> str | None:
        for name in field.to:
            found = self._records.find(name, value["id"])
            if found:
                return self._records.named(name, found)
        if field.to:
            return None
        return value.get("refName") or field.choices.get(value["id"], value["id"])


def _columns(name: str, field: Field) -> list[str]:
    column = f'"{name.lower()}" {"NUMERIC" if field.kind in _NUMERIC or name == "id" else "TEXT"}'
    return [column, f'"{name.lower()}{SHOWN}" TEXT'] if field.kind in _NAMED else [column]
