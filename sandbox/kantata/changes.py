"""Time and expenses in the order of their last change: one page out of thousands needs no look at the others."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.kantata.moments import moment

Record = dict[str, Any]
State = dict[str, Any]

BY_CHANGE = ("time_entries", "expenses", "timesheet_submissions", "expense_report_submissions")


@dataclass(frozen=True)
class Span:
    """A stretch of one record type's changes, oldest first."""

    keys: list[str]
    start: int
    end: int

    def __len__(self) -> int:
        return max(self.end - self.start, 0)

    def numbers(self, offset: int = 0, size: int | None = None) -> list[str]:
        """The ids, or some of them."""
        first = self.start + offset
        last = self.end if size is None else min(first + size, self.end)
        return [key.rpartition("|")[2].lstrip(" ") for key in self.keys[first:last]]

    def newest(self, offset: int, size: int) -> list[str]:
        """The same from the other end."""
        first = max(len(self) - offset - size, 0)
        return self.numbers(first, max(len(self) - offset - first, 0))[::-1]


def normal(plural: str, record: Record) -> None:
    """Times of a seed in the form that sorts."""
    if plural in BY_CHANGE:
        for name in ("created_at", "updated_at"):
            record[name] = datetime.fromisoformat(record[name]).astimezone(UTC).isoformat()


def keep(state: State, plural: str, record: Record) -> None:
    """Enter a record under the time of its change, once."""
    if plural not in BY_CHANGE:
        return
    state["index"]["writes"] = writes(state) + 1
    keys, key = _keys(state, plural), key_of(record)
    at = bisect_left(keys, key)
    if at == len(keys) or keys[at] != key:
        insort(keys, key)


def keep_all(state: State, plural: str, records: list[Record]) -> None:
    """Enter many at once."""
    state["index"]["writes"] = writes(state) + 1
    keys = _keys(state, plural)
    keys += [key_of(record) for record in records]
    keys.sort()


def forget(state: State, plural: str, record: Record) -> None:
    """Take a record out, before its time changes or it goes."""
    if plural not in BY_CHANGE:
        return
    state["index"]["writes"] = writes(state) + 1
    keys, key = _keys(state, plural), key_of(record)
    at = bisect_left(keys, key)
    if at < len(keys) and keys[at] == key:
        del keys[at]


def between(state: State, plural: str, query: Mapping[str, str]) -> Span:
    """What changed after ``updated_after`` and before ``updated_before``, neither included."""
    keys, start = _keys(state, plural), 0
    end = len(keys)
    if "updated_after" in query:
        start = bisect_right(keys, f"{_sortable(moment(query['updated_after']))}|~")
    if "updated_before" in query:
        end = bisect_left(keys, f"{_sortable(moment(query['updated_before']))}|")
    return Span(keys, start, end)


def writes(state: State) -> int:
    """How often time and expenses were written: while it stays, a list call may be answered from the last one."""
    return int(state["index"].get("writes", 0))


def key_of(record: Record) -> str:
    """Its place among the changes."""
    return f"{_sortable(datetime.fromisoformat(record['updated_at']))}|{record['id']:>12}"


def _sortable(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _keys(state: State, plural: str) -> list[str]:
    keys: list[str] = state["index"].setdefault(f"{plural}.changes", [])
    return keys
