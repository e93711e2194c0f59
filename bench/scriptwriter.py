"""From two recorded handoffs to a script: what differs between them is a blank, and an earlier answer says what fills it."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.recorder import Call
from bench.script import LOCATION, SEPARATOR, Piece, Script, ScriptedCall, Source, words

# The documents branch reads the signed contract at the e-signature system and files it; every other branch is one system's.
_BRANCH = {"docusign": "sharepoint"}
_SIGNED_ANEW = {("netsuite", "authorization")}
_IS_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,}")


@dataclass(frozen=True)
class Take:
    """One recorded handoff. ``stages`` is when the branches began, when the project was opened, and when the deal was told."""

    serial: str
    calls: list[Call]
    stages: list[float]

    def place(self, call: Call) -> tuple[int, str]:
        """Stage and branch: calls of one place come one after another, or together if they were recorded so."""
        stage = sum(call.began >= begins for begins in self.stages)
        return stage, _BRANCH.get(call.system, call.system) if stage == 1 else ""

    def precedes(self, one: Call, other: Call) -> bool:
        """Whether the one had to be over before the other began, as far as this take shows."""
        if self.place(one)[0] != self.place(other)[0]:
            return self.place(one)[0] < self.place(other)[0]
        return self.place(one) == self.place(other) and one.ended <= other.began


def write(first: Take, second: Take) -> Script:
    """The script of the first take; the second shows what varies. Raises ValueError where the two are not the same story."""
    return _Writer(first, second).written()


class _Writer:
    def __init__(self, first: Take, second: Take) -> None:
        self._first, self._second = first, second
        self._pairs = list(zip(first.calls, _aligned(first, second), strict=True))
        self._before = [self._preceding(pair) for pair in self._pairs]
        self._answers = [_paired(self._normal(one), self._normal(other)) for one, other in self._pairs]
        self._finds: list[dict[str, Source]] = [{} for _ in self._pairs]
        self._unexplained: list[str] = []

    def written(self) -> Script:
        calls = [self._scripted(number) for number in range(len(self._pairs))]
        found = [call.model_copy(update={"finds": finds}) for call, finds in zip(calls, self._finds, strict=True)]
        return Script(serial=self._first.serial, calls=found, unexplained=self._unexplained)

    def _preceding(self, pair: tuple[Call, Call]) -> list[int]:
        """What came before a call in both takes: once alone may have been chance."""
        return [
            number
            for number, earlier in enumerate(self._pairs)
            if self._first.precedes(earlier[0], pair[0]) and self._second.precedes(earlier[1], pair[1])
        ]

    def _needs(self, number: int) -> list[int]:
        """The last of those; the others are before these."""
        implied = {one for earlier in self._before[number] for one in self._before[earlier]}
        return [one for one in self._before[number] if one not in implied]

    def _normal(self, call: Call) -> Call:
        """A call of the second take as the first's serial number would have it; the first's own stay."""
        text = call.model_dump_json().replace(self._second.serial, self._first.serial)
        return Call.model_validate_json(text)

    def _scripted(self, number: int) -> ScriptedCall:
        one, other = self._pairs[number][0], self._normal(self._pairs[number][1])
        earlier = self._before[number]
        kept = [name for name in one.headers if (one.system, name) not in _SIGNED_ANEW and name != "user-agent"]
        return ScriptedCall(
            number=number,
            system=one.system,
            method=one.method,
            target=self._pieces(one.target, other.target, earlier, f"{one.method} {one.target}"),
            headers={name: self._pieces(one.headers[name], other.headers[name], earlier, name) for name in kept},
            body=self._pieces(one.body, other.body, earlier, f"body of {one.method} {one.target}"),
            status=one.status,
            needs=self._needs(number),
        )

    def _pieces(self, one: str, other: str, earlier: list[int], where: str) -> list[Piece]:
        if one == other:
            return [Piece(kind="text", value=one)]
        parts, others = SEPARATOR.split(one), SEPARATOR.split(other)
        if parts[1::2] != others[1::2]:
            self._unexplained.append(f"{where}: not alike")
            return [Piece(kind="text", value=one)]
        pieces = [self._piece(part, as_other, earlier, where) for part, as_other in zip(parts, others, strict=True)]
        return _joined(pieces)

    def _piece(self, one: str, other: str, earlier: list[int], where: str) -> Piece:
        if one == other:
            return Piece(kind="text", value=one)
        for number in reversed(earlier):
            if (source := self._answers[number].get((one, other))) is not None:
                name = next((n for n, s in self._finds[number].items() if s == source), f"r{number}.{len(self._finds[number])}")
                self._finds[number][name] = source
                return Piece(kind="found", value=name)
        if _IS_KEY.fullmatch(one):
            return Piece(kind="fresh", value=one)
        self._unexplained.append(f"{where}: {one} or {other}")
        return Piece(kind="text", value=one)


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in pieces:
        if joined and joined[-1].kind == piece.kind == "text":
            joined[-1] = Piece(kind="text", value=joined[-1].value + piece.value)
        else:
            joined.append(piece)
    return joined


def _aligned(first: Take, second: Take) -> list[Call]:
    """The second take's calls in the order of the first's: calls made together may have come in either order."""
    waiting, found = list(second.calls), list[Call]()
    for call in first.calls:
        alike = [other for other in waiting if _kind(first, call) == _kind(second, other)]
        if not alike:
            raise ValueError(f"the recorded handoffs differ: only one of them has {call.method} {call.system} {call.target}")
        words_of_call = _words(first, call)
        best = max(alike, key=lambda other: _common(words_of_call, _words(second, other)))
        waiting.remove(best)
        found.append(best)
    if waiting:
        extra = waiting[0]
        raise ValueError(f"the recorded handoffs differ: only one of them has {extra.method} {extra.system} {extra.target}")
    return found


def _kind(take: Take, call: Call) -> tuple[object, ...]:
    return take.place(call), call.system, call.method, call.status


def _words(take: Take, call: Call) -> list[str]:
    return words(f"{call.target} {call.body}".replace(take.serial, "#"))


def _common(one: list[str], other: list[str]) -> tuple[int, int]:
    return -abs(len(one) - len(other)), sum(a == b for a, b in zip(one, other, strict=False))


def _paired(one: Call, other: Call) -> dict[tuple[str, str], Source]:
    """Every value and word that the two answers have at the same place, and where that is."""
    found: dict[tuple[str, str], Source] = {}
    ways = [((LOCATION,), one.answer_headers.get(LOCATION, ""), other.answer_headers.get(LOCATION, ""))]
    with_json = list(_leaves(_read(one.answer), _read(other.answer), ()))
    for way, value, as_other in [*with_json, *ways]:
        found.setdefault((str(value), str(as_other)), Source(way=list(way)))
        pairs = zip(words(str(value)), words(str(as_other)), strict=False)
        for place, pair in enumerate(pairs):
            found.setdefault(pair, Source(way=list(way), word=place))
    return found


def _leaves(one: Any, other: Any, way: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any, Any]]:
    match one, other:
        case dict(), dict():
            for key in one.keys() & other.keys():
                yield from _leaves(one[key], other[key], (*way, key))
        case list(), list():
            for place, (a, b) in enumerate(zip(one, other, strict=False)):
                yield from _leaves(a, b, (*way, place))
        case _:
            yield way, one, other


def _read(answer: str) -> Any:
    try:
        return json.loads(answer.encode("latin-1"))
    except ValueError:
        return None
