"""What goes over the wire exactly: Tryton's marked dates and decimals, and quantities as JSON numbers without losing a digit."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from canonical.errors import NotFound

Values = dict[str, Any]
Domain = Sequence[object]

_MARK = "\ue000"  # of the private use area, so that no text of a person holds it
_MARKED = re.compile(r'"\\ue000(-?[0-9.]+)\\ue000"')


@dataclass(frozen=True)
class Quantity:
    """A number that Tryton keeps as a plain one: hours and pieces, never money."""

    value: Decimal


def encoded(body: Values) -> bytes:
    """JSON as Tryton reads it."""
    return _MARKED.sub(r"\1", json.dumps(body, default=_written)).encode()


def decoded(content: bytes) -> Any:
    """JSON as Tryton writes it; every number with decimals is a Decimal."""
    return json.loads(content, parse_float=Decimal, object_hook=_read)


def new(*records: Values) -> list[object]:
    """Lines to make together with the record that holds them."""
    return [["create", list(records)]]


def linked(*ids: int) -> list[object]:
    """Records that are there already."""
    return [["add", list(ids)]]


def utc(moment: datetime) -> datetime:
    """Tryton's times are UTC and do not say so."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def aware(moment: datetime | None) -> datetime | None:
    """The other way round."""
    return moment.replace(tzinfo=UTC) if moment else None


def identity(target_id: str) -> int:
    """An id of theirs, as we keep it."""
    if not target_id.isdigit():
        raise NotFound(f"'{target_id}' is no id of Tryton", remedy="Settle with the id of the record in Tryton, a number.")
    return int(target_id)


def reference_in(key: str) -> str:
    """What a business key is about: ``CUST-1.DE01`` of ``create_customer/CUST-1.DE01``."""
    return key.partition("/")[2].replace("/", ".") or key


def _written(value: object) -> Any:
    match value:
        case Quantity():
            return f"{_MARK}{value.value:f}{_MARK}"
        case Decimal():
            return {"__class__": "Decimal", "decimal": f"{value:f}"}
        case datetime():
            day = {"year": value.year, "month": value.month, "day": value.day}
            time = {"hour": value.hour, "minute": value.minute, "second": value.second, "microsecond": value.microsecond}
            return {"__class__": "datetime", **day, **time}
        case date():
            return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
        case timedelta():
            return {"__class__": "timedelta", "seconds": int(value.total_seconds())}
    raise TypeError(f"{type(value).__name__} has no place in a call to Tryton")


def _read(found: Values) -> Any:
    match found.pop("__class__", None):
        case "Decimal":
            return Decimal(found["decimal"])
        case "datetime":
            return datetime(**found)  # noqa: DTZ001 - theirs are UTC and naive; ``aware`` says so
        case "date":
            return date(**found)
        case "timedelta":
            return timedelta(seconds=float(found["seconds"]))
        case _:
            return found
