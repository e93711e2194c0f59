"""Queries in Salesforce's language, built so that no value can end its quotation."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from canonical.errors import NotFound

_ID = re.compile(r"^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$")


def select(fields: Iterable[str], object_name: str, where: str, *, order: str = "", limit: int | None = None) -> str:
    """A query for these fields."""
    text = f"SELECT {', '.join(dict.fromkeys(fields))} FROM {object_name}"
    text += f" WHERE {where}" if where else ""
    text += f" ORDER BY {order}" if order else ""
    return text + (f" LIMIT {limit}" if limit is not None else "")


def quoted(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r") + "'"


def moment(time: datetime) -> str:
    """A datetime literal: never in quotes, in whole seconds as the platform's stamps are, without a '+' that URLs would eat."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def record_id(system: str, value: str) -> str:
    """A record id that may stand in an address or a query."""
    if not _ID.match(value):
        raise NotFound(f"{value[:40]!r} is no record id of {system}", remedy="Name the record by its 18-character id.")
    return value
