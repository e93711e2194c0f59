"""Answers to list calls: small types are looked through, time and expenses by their order of change or from the last answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.kantata.changes import BY_CHANGE, between, writes
from sandbox.kantata.filters import is_true
from sandbox.kantata.index import Record, State, candidates
from sandbox.kantata.kind import Kind
from sandbox.kantata.queries import meta_of, page_of, place, selected
from sandbox.kantata.records import is_hidden
from sandbox.kantata.refusals import Refusal

_OF_THE_PAGE = {"page", "per_page", "limit", "offset", "include", "optional_fields"}
_NEEDS_NO_LOOK = _OF_THE_PAGE | {"order", "updated_after", "updated_before", "from_archived_workspaces", "on_my_account"}
_MOST_KEPT = 8
Page = tuple[list[Record], dict[str, int]]


class Lists:
    """The account's list calls; remembers a few long lists for as long as nothing is written."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], tuple[int, list[Record]]] = {}

    def page(
        self, state: State, kind: Kind, query: dict[str, str], events: list[Record] | None, user: Record, now: datetime
    ) -> Page:
        """One page and its meta."""
        if "list" not in kind.may:
            raise Refusal(404)
        if events is not None:
            return page_of(selected(state, kind, query, events), query)
        if _is_plain(state, kind, query):
            return _by_change(state, kind, query)
        if kind.plural in BY_CHANGE and not state["hidden_until"]:
            return page_of(self._long_list(state, kind, query | {"_caller": user["user_id"]}), query)
        found = candidates(state, kind.plural, kind.subject_type, query)
        seen = [record for record in found if not is_hidden(state, kind, record, now)]
        return page_of(selected(state, kind, query | {"_caller": user["user_id"]}, seen), query)

    def _long_list(self, state: State, kind: Kind, query: dict[str, str]) -> list[Record]:
        key = (kind.plural, *sorted((k, v) for k, v in query.items() if k not in _OF_THE_PAGE))
        count, records = self._kept.get(key, (-1, []))
        if count != writes(state):
            records = selected(state, kind, query, candidates(state, kind.plural, kind.subject_type, query))
            while len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = (writes(state), records)
        return records


def _is_plain(state: State, kind: Kind, query: Mapping[str, str]) -> bool:
    """Time entries of a stretch of changes, whole: nothing about any of them has to be looked at."""
    name, _, direction = query.get("order", kind.default_order).partition(":")
    is_whole = kind.plural == "time_entries" and is_true(query.get("from_archived_workspaces"))
    is_sorted = name == "updated_at" and direction in {"asc", "desc"}
    return is_whole and is_sorted and not state["hidden_until"] and not set(query) - _NEEDS_NO_LOOK


def _by_change(state: State, kind: Kind, query: Mapping[str, str]) -> Page:
    span, (start, size) = between(state, kind.plural, query), place(query)
    is_upward = query.get("order", "").endswith(":asc")
    numbers = span.numbers(start, size) if is_upward else span.newest(start, size)
    return [state[kind.plural][number] for number in numbers], meta_of(len(span), start, size)
