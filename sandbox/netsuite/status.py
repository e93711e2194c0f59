"""Where a transaction stands, by what is approved, applied and voided of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.netsuite.amounts import exact
from sandbox.netsuite.bodies import Json
from sandbox.netsuite.documents import standing


def status_of(kind: str, record: Json) -> Json:
    """The status by its id."""
    return {"id": "V" if record.get("_voided") else _OPEN[kind](record)}


_OPEN: Mapping[str, Callable[[Json], str]] = {
    "invoice": standing,
    "creditMemo": lambda record: "A" if exact(record["unapplied"]) > 0 else "B",
    "customerPayment": lambda record: "C",
    "customerDeposit": lambda record: "B" if exact(record["_free"]) > 0 else "C",
    "depositApplication": lambda record: "A",
    "journalEntry": lambda record: "B" if record["approved"] else "A",
    "fxReval": lambda record: "B",
}
