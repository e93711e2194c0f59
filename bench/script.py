"""What a bare workflow does: the calls of one recorded handoff, with the blanks that another contract fills in otherwise."""

import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel

_BLANK = uuid.UUID("0b0b7f0c-6f5e-4a37-9d56-2f1c2c7d5b10")
# What separates the words of an address or a body: an escape (%2F, \n) or anything that no id is made of.
SEPARATOR = re.compile(r"(%[0-9A-Fa-f]{2}|\\u[0-9a-f]{4}|\\.|[^A-Za-z0-9_-]+)")
LOCATION = "location"


class Piece(BaseModel):
    """Text as recorded, an id that an earlier answer brings (``found``), or a key that every handoff has anew (``fresh``)."""

    kind: Literal["text", "found", "fresh"]
    value: str


class Source(BaseModel):
    """Where in an answer an id stands: the way to a value, and which of its words (None: all of it)."""

    way: list[str | int]
    word: int | None = None

    def read(self, answer: Any, location: str) -> str:
        """The id in this answer."""
        value: Any = location if self.way == [LOCATION] else answer
        for step in [] if self.way == [LOCATION] else self.way:
            value = value[step]
        return str(value) if self.word is None else words(str(value))[self.word]


class ScriptedCall(BaseModel):
    """One call: after which others, with what, and what later calls need of its answer."""

    number: int
    system: str
    method: str
    target: list[Piece]
    headers: dict[str, list[Piece]]
    body: list[Piece]
    status: int
    needs: list[int]
    finds: dict[str, Source] = {}

    @property
    def uses(self) -> list[str]:
        """The ids of other answers that this call is made with."""
        pieces = [*self.target, *self.body, *(piece for header in self.headers.values() for piece in header)]
        return sorted({piece.value for piece in pieces if piece.kind == "found"})


class Script(BaseModel):
    """The calls of one handoff, recorded for one serial number."""

    serial: str
    calls: list[ScriptedCall]
    unexplained: list[str] = []

    def written(self, pieces: list[Piece], serial: str, known: Mapping[str, str]) -> str:
        """The text for another serial number and the ids found so far."""
        return "".join(self._one(piece, serial, known) for piece in pieces)

    def _one(self, piece: Piece, serial: str, known: Mapping[str, str]) -> str:
        match piece.kind:
            case "found":
                return known[piece.value]
            case "fresh":
                return _fresh(piece.value, serial)
            case _:
                return piece.value.replace(self.serial, serial)


def words(text: str) -> list[str]:
    """The words of a text, in order, without what separates them."""
    return [part for part in SEPARATOR.split(text)[::2] if part]


def _fresh(recorded: str, serial: str) -> str:
    """A key of the recorded one's form that is another for each serial number."""
    if len(recorded) == 36 and recorded.count("-") == 4:
        return str(uuid.uuid5(_BLANK, f"{recorded}/{serial}"))
    return hashlib.sha512(f"{recorded}/{serial}".encode()).hexdigest()[: len(recorded)]
