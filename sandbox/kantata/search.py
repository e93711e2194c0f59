"""Text search over projects and tasks: keywords, and ``field:'keyword'``; an index of words, not of exact strings."""

import re
from collections.abc import Callable
from typing import Any

from sandbox.kantata.index import having
from sandbox.kantata.refusals import Refusal

Record = dict[str, Any]
State = dict[str, Any]

_STOP_WORDS = frozenset(
    (
        "a an and are as at be but by for if in into is it no not of on or such that "
        + "the their then there these they this to was with"
    ).split()
)


def search(state: State, value: str) -> Callable[[Record], bool]:
    """The test of a ``search`` parameter: every keyword must be found, named ones in their field."""
    named = re.findall(r"(\w+):'([^']*)'", value)
    general = re.sub(r"\w+:'[^']*'", " ", value).split()

    def test(record: Record) -> bool:
        texts = _searched_texts(state, record)
        unknown = [field for field, _ in named if field not in texts]
        if unknown:
            raise Refusal(400, f"{unknown[0]} cannot be searched")
        if not all(any(_contains(text, keyword) for text in texts[field]) for field, keyword in named):
            return False
        everything = [text for some in texts.values() for text in some]
        return all(any(_contains(text, keyword) for text in everything) for keyword in general)

    return test


def matching(_: State, value: str) -> Callable[[Record], bool]:
    """The test of a ``matching`` parameter: each word begins a word of the title; stop words are ignored."""
    wanted = [word for word in _words(value) if word not in _STOP_WORDS]
    return lambda record: all(any(word.startswith(each) for word in _words(record.get("title"))) for each in wanted)


def _words(text: object) -> list[str]:
    return re.findall(r"[a-z0-9]+", str(text or "").lower())


def _searched_texts(state: State, record: Record) -> dict[str, list[str]]:
    groups = [
        state["workspace_groups"][g]["name"] for g in record.get("workspace_group_ids", []) if g in state["workspace_groups"]
    ]
    values = having(state, "custom_field_values", "subject_id", record["id"])
    return {
        "title": [str(record.get("title") or "")],
        "description": [str(record.get("description") or "")],
        "group": groups,
        "custom_field_value": [str(v["display_value"]) for v in values if v["subject_type"] == record["_subject_type"]],
        "id": [record["id"]],
    }


def _contains(text: str, keyword: str) -> bool:
    wanted, low = _words(keyword), text.lower()
    if not all(each in low for each in wanted):
        return False
    have = _words(low)
    return all(any(word.startswith(each) for word in have) for each in wanted)
