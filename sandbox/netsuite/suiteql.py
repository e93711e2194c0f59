"""SuiteQL: SELECT over the tables of the records, with Oracle's functions, answered in pages of text."""

import re
import sqlite3
from decimal import Decimal
from typing import Any

from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import invalid_parameter
from sandbox.netsuite.oracle_dates import OracleDates
from sandbox.netsuite.records import Records
from sandbox.netsuite.tables import OWNER, SHOWN, Tables

_NAME_OF = re.compile(r"BUILTIN\.DF\(\s*((?:\w+\.)?\w+)\s*\)", re.IGNORECASE)
_DATED = re.compile(r"\x02|\d{4}-\d{2}-\d{2}(T|$)")
_RESERVED = re.compile(r"""'(?:[^']|'')*'|"[^"]*"|\btransaction\b""", re.IGNORECASE)  # a table here, a keyword of SQLite


class SuiteQl:
    """Answers queries over the tables."""

    def __init__(self, records: Records) -> None:
        self._dates = OracleDates(lambda: str(records.setting("time_zone")))
        functions = {"TO_DATE": (2, self._dates.to_date), "TO_CHAR": (2, self._dates.to_char), "NVL": (2, _nvl)}
        self._tables = Tables(records, functions)

    def rows(self, query: str, *, limit: int, offset: int, most: int) -> tuple[list[Json], int]:
        """One page, and how many rows there are in all; rows beyond ``most`` cannot be had."""
        wanted = _NAME_OF.sub(lambda m: f"({m[1]}{SHOWN})", query.strip().rstrip(";"))
        wanted = _RESERVED.sub(lambda m: '"transaction"' if m[0].lower() == "transaction" else m[0], wanted)
        if not re.match(r"(?i)(select|with)\b", wanted):
            raise invalid_parameter("q", "Invalid search query. Only SELECT statements are supported.")
        database = self._tables.current(set(re.findall(r"\w+", query.lower())))
        try:
            total = min(database.execute(f"SELECT COUNT(*) FROM ({wanted})").fetchone()[0], most)
            size = max(0, min(limit, total - offset))
            cursor = database.execute(f"SELECT * FROM ({wanted}) LIMIT {size} OFFSET {offset}")
            names = [_named(str(column[0]).lower(), n) for n, column in enumerate(cursor.description, 1)]
            return [self._row(names, values) for values in cursor], total
        except sqlite3.Error as wrong:
            detail = f"Invalid search query. Detailed unprocessed description follows. Search error occurred: {wrong}."
            raise invalid_parameter("q", detail) from wrong

    def _row(self, names: list[str], values: tuple[Any, ...]) -> Json:
        """Null columns are left out and everything else is text, as NetSuite does it."""
        given = zip(names, values, strict=True)
        shown = {name: value for name, value in given if value is not None and not name.endswith(SHOWN) and name != OWNER}
        return {"links": [], **{name: self._text(value) for name, value in shown.items()}}

    def _text(self, value: Any) -> str:
        if isinstance(value, float):  # a sum of amounts is exact there
            return f"{Decimal(repr(round(value, 8))).normalize():f}"
        text = str(value)
        found = self._dates.shown(text) if _DATED.match(text) else None
        return found or text


def _nvl(value: Any, other: Any) -> Any:
    return other if value is None else value


def _named(name: str, position: int) -> str:
    return f"expr{position}" if name.endswith(f"{SHOWN})") else name
