"""Lists on the wire: ``$filter``, ``$top``, ``$skip`` and the envelope of a fetch result."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from starlette.requests import Request

from sandbox.avatax.refusals import Refusal

Record = dict[str, Any]
_MOST = 1000
_TERM = re.compile(r"\s*(\w+)\s+(eq|ne|gt|ge|lt|le|in)\s+(\([^)]*\)|'(?:[^']|'')*'|[^\s()']+)\s*", re.IGNORECASE)
_VALUE = re.compile(r"'((?:[^']|'')*)'|([^\s,()']+)")
_COMPARES: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda held, given: held == given,
    "ne": lambda held, given: held != given,
    "gt": lambda held, given: held is not None and held > given,
    "ge": lambda held, given: held is not None and held >= given,
    "lt": lambda held, given: held is not None and held < given,
    "le": lambda held, given: held is not None and held <= given,
}


def page_of(records: Iterable[Record], request: Request) -> Record:
    """The records that match, a page of them, as the API lists them."""
    query = request.query_params
    matches = _matcher(query.get("$filter", ""))
    found = [record for record in records if matches(record)]
    skip, top = int(query.get("$skip", 0)), min(int(query.get("$top", 0)) or _MOST, _MOST)
    page: Record = {"@recordsetCount": len(found), "value": found[skip : skip + top]}
    if skip + top < len(found):
        page["@nextLink"] = str(request.url.include_query_params(**{"$skip": skip + top}))
    return page


def _matcher(text: str) -> Callable[[Record], bool]:
    """Comparisons joined by ``and`` and ``or`` (``and`` binds tighter); parentheses only around the values of ``in``."""
    if not text.strip():
        return lambda record: True
    ways = [[_term(term) for term in _split(way, "and")] for way in _split(text, "or")]
    return lambda record: any(all(term(record) for term in way) for way in ways)


def _split(text: str, word: str) -> list[str]:
    """The parts between a word that stands outside quotes."""
    parts = re.split(rf"('(?:[^']|'')*')|\s+{word}\s+", text, flags=re.IGNORECASE)
    joined, current = [], ""
    for number, part in enumerate(parts):
        if number % 2 and part is None:
            joined.append(current)
            current = ""
        else:
            current += part or ""
    return [*joined, current]


def _term(text: str) -> Callable[[Record], bool]:
    found = _TERM.fullmatch(text)
    if not found:
        raise Refusal(400, "MalformedFilterException", f"The filter '{text.strip()}' is not understood.", refers_to="$filter")
    field, operator, operand = found[1].lower(), found[2].lower(), found[3]
    values = [_plain(quoted.replace("''", "'"), bare) for quoted, bare in _VALUE.findall(operand)]
    if operator == "in":
        return lambda record: _held(record, field) in values
    return lambda record: _COMPARES[operator](_held(record, field), values[0])


def _held(record: Record, field: str) -> Any:
    held = next((value for name, value in record.items() if name.lower() == field), None)
    return held.casefold() if isinstance(held, str) else held


def _plain(quoted: str, bare: str) -> Any:
    match bare.lower():
        case "":
            return quoted.casefold()
        case "true" | "false":
            return bare.lower() == "true"
        case "null":
            return None
        case number if number.isdigit():
            return int(number)
        case word:
            return word
