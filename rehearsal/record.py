"""A record of a vendor as stories speak of it: its kind in common words, our reference, and the vendor's own fields."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

Json = dict[str, Any]
RecordKind = Literal[
    "customer",
    "project",
    "schedule",
    "workspace",
    "document",
    "milestone",
    "phase",
    "task",
    "resource",
    "deal",
    "note",
    "tax_document",
    "invoice",
    "credit_memo",
    "payment",
]


@dataclass(frozen=True)
class Record:
    """One record of a vendor; ``reference`` is ours, ``contract`` the engagement it belongs to (empty where it has none)."""

    system: str
    kind: RecordKind
    id: str
    reference: str
    contract: str
    live: bool
    fields: Json

    def has(self, wanted: Json) -> bool:
        """Whether its fields have these values."""
        return all(same(found(self.fields, name), value) for name, value in wanted.items())


@dataclass(frozen=True)
class Holding:
    """One record as people see it."""

    system: str
    what: str
    id: str
    says: str


def found(fields: Json, path: str) -> Any:
    """A value by its dotted path; numbers step into lists."""
    here: Any = fields
    for part in path.split("."):
        if isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        elif isinstance(here, dict):
            here = here.get(part)
        else:
            return None
    return here


def same(held: Any, wanted: Any) -> bool:
    """Equal in the sense of people: amounts as numbers, everything else as it is written."""
    if held is None or wanted is None or isinstance(wanted, bool):
        return bool(held == wanted)
    if isinstance(wanted, str) and len(wanted) > 1 and wanted.startswith("~"):
        return wanted[1:].strip().lower() in str(held).lower()
    one, other = number(held), number(wanted)
    return one == other if one is not None and other is not None else str(held) == str(wanted)


def number(value: Any) -> Decimal | None:
    """A value as an exact number, if it is one."""
    if isinstance(value, bool):
        return None
    try:
        return Decimal(str(value).replace(",", ""))
    except InvalidOperation:
        return None


def spoken_amount(value: object) -> str:
    """An amount as people read it."""
    return f"{number(value) or Decimal(0):,.2f}"


def contract_of(key: str) -> str:
    """The contract of a business key: C-100 of ``tell_deal/C-100/1.1``."""
    return next(iter(key.split("/")[1:]), "")
