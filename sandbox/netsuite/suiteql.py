"""SuiteQL: SELECT over the tables of the records, with Oracle's functions, answered in pages of text."""

import re
import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import invalid_parameter
from sandbox.netsuite.records import Records
from sandbox.netsuite.tables import OWNER, SHOWN, Tables

_NAME_OF = re.compile(r"BUILTIN\.DF\(\s*((?:\w+\.)?\w+)\s*\)", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?")
_RESERVED = re.compile(r"""'(?:[^']|'')*'|"[^"]*"|\btransaction\b""", re.IGNORECASE)  # a table here, a keyword of SQLite
_FORMATS = (("YYYY", "%Y"), ("MM", "%m"), ("DD", "%d"), ("HH24", "%H"), ("MI", "%M"), ("SS", "%S"), ('"', ""))
_AS_TEXT = "\x02"  # marks what TO_CHAR wrote, so that it is not taken for a date again


class SuiteQl:
    """Answers queries over the tables."""

    def __init__(self, records: Records) -> None:
        self._tables = Tables(records, {"TO_DATE": (2, _to_date), "TO_CHAR": (2, _to_char), "NVL": (2, _nvl)})

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
            return [_row(names, values) for values in cursor], total
        except sqlite3.Error as wrong:
            detail = f"Invalid search query. Detailed unprocessed description follows. Search error occurred: {wrong}."
            raise invalid_parameter("q", detail) from wrong


def _nvl(value: Any, other: Any) -> Any:
    return other if value is None else value


def _named(name: str, position: int) -> str:
    return f"expr{position}" if name.endswith(f"{SHOWN})") else name


def _row(names: list[str], values: tuple[Any, ...]) -> Json:
    """Null columns are left out and everything else is text, as NetSuite does it."""
    given = zip(names, values, strict=True)
    shown = {name: value for name, value in given if value is not None and not name.endswith(SHOWN) and name != OWNER}
    return {"links": [], **{name: _text(value) for name, value in shown.items()}}


def _text(value: Any) -> str:
    if isinstance(value, float):  # a sum of amounts is exact there
        return f"{Decimal(repr(round(value, 8))).normalize():f}"
    text = str(value)
    if text.startswith(_AS_TEXT):
        return text[1:]
    if _DAY.fullmatch(text):  # dates come in the account's own format, and without their time
        return f"{int(text[5:7])}/{int(text[8:10])}/{text[:4]}"
    return text


def _to_date(value: str | None, form: str) -> str | None:
    """A day, or a moment if the format has hours, in the form that the tables keep them."""
    if value is None:
        return None
    pattern = form.upper()
    for oracle, mark in _FORMATS:
        pattern = pattern.replace(oracle, mark)
    found = datetime.strptime(value, pattern).replace(tzinfo=UTC)
    return found.strftime("%Y-%m-%dT%H:%M:%SZ" if "HH24" in form.upper() else "%Y-%m-%d")


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
