"""The kinds of field a record can have, and the shape of a record type."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Kind = Literal["text", "flag", "number", "whole", "date", "moment", "reference", "choice", "country", "address"]


@dataclass(frozen=True)
class Field:
    """One field: its kind, its label in messages, and what it may hold."""

    kind: Kind
    label: str = ""
    to: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    read_only: bool = False
    inactive_allowed: bool = False


@dataclass(frozen=True)
class Sublist:
    """The lines below a record; ``key`` is the field by which PATCH finds the line to merge.

    ``named``: a line's key is what the caller gives (the document that money is applied to). ``whole``: a call's lines are all.
    """

    key: str
    lines: Mapping[str, Field]
    required: tuple[str, ...] = ()
    named: bool = False
    whole: bool = False


@dataclass(frozen=True)
class RecordType:
    """One record type of the REST record service."""

    name: str
    fields: Mapping[str, Field]
    required: tuple[str, ...] = ()
    sublists: Mapping[str, Sublist] = field(default_factory=dict)
    named_by: tuple[str, ...] = ("name",)
    defaults: Mapping[str, object] = field(default_factory=dict)
    unique: tuple[str, ...] = ()


def text(label: str = "") -> Field:
    """Words."""
    return Field("text", label)


def flag(label: str = "") -> Field:
    """True or false."""
    return Field("flag", label)


def number(label: str = "") -> Field:
    """A JSON number with decimals."""
    return Field("number", label)


def whole(label: str = "") -> Field:
    """A JSON number without decimals."""
    return Field("whole", label)


def date(label: str = "") -> Field:
    """A calendar date, ``YYYY-MM-DD``."""
    return Field("date", label)


def moment(label: str = "") -> Field:
    """A point in time, ISO 8601 in UTC."""
    return Field("moment", label)


def reference(*to: str, label: str = "", inactive_allowed: bool = False) -> Field:
    """Another record, by internal or external id."""
    return Field("reference", label, to=to, inactive_allowed=inactive_allowed)


def choice(choices: Mapping[str, str], label: str = "") -> Field:
    """One of an enumeration, by its internal id."""
    return Field("choice", label, choices=choices)


def given(what: Field) -> Field:
    """A field that NetSuite itself fills."""
    return replace(what, read_only=True)


ADDRESS: Mapping[str, Field] = {
    "addressee": text("Addressee"),
    "attention": text("Attention"),
    "addr1": text("Address 1"),
    "addr2": text("Address 2"),
    "addr3": text("Address 3"),
    "city": text("City"),
    "state": text("State/Province"),
    "zip": text("Zip"),
    "country": Field("country", "Country"),
    "addrPhone": text("Phone"),
    "override": flag("Override"),
}
STAMPS: Mapping[str, Field] = {
    "id": given(text("Internal ID")),
    "externalId": text("External ID"),
    "isInactive": flag("Inactive"),
    "dateCreated": given(moment("Date Created")),
    "lastModifiedDate": given(moment("Last Modified Date")),
}
