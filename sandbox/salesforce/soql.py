"""Salesforce's query language, as much of it as integrations use, read into a tree."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput

from sandbox.salesforce.refusals import Refusal

_GRAMMAR = r"""
query: "SELECT"i selection "FROM"i PATH where? order? limit? offset?
selection: "COUNT"i "(" ")" -> count
         | "FIELDS"i "(" PATH ")" -> every
         | PATH ("," PATH)* -> fields
where: "WHERE"i condition
?condition: factor | conjunction | disjunction
conjunction: factor ("AND"i factor)+
disjunction: factor ("OR"i factor)+
?factor: "(" condition ")" | "NOT"i factor -> negation | comparison
comparison: PATH COMPARE literal -> compared
          | PATH "LIKE"i STRING -> like
          | PATH "IN"i "(" literal ("," literal)* ")" -> among
          | PATH "NOT"i "IN"i "(" literal ("," literal)* ")" -> not_among
order: "ORDER"i "BY"i sorting ("," sorting)*
sorting: PATH direction? nulls?
direction: "ASC"i -> ascending | "DESC"i -> descending
nulls: "NULLS"i "FIRST"i -> nulls_first | "NULLS"i "LAST"i -> nulls_last
limit: "LIMIT"i WHOLE
offset: "OFFSET"i WHOLE
literal: STRING -> string | DATETIME -> datetime | DATE -> date | NUMBER -> number
       | "TRUE"i -> true | "FALSE"i -> false | "NULL"i -> null
       | "TODAY"i -> today | "LAST_N_DAYS"i ":" WHOLE -> last_days
COMPARE: "!=" | "<>" | "<=" | ">=" | "=" | "<" | ">"
PATH: /[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*/i
STRING: /'(\\.|[^'\\])*'/
DATETIME.3: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)/
DATE.2: /\d{4}-\d\d-\d\d/
NUMBER: /[+-]?\d+(\.\d+)?/
WHOLE: /\d+/
%import common.WS
%ignore WS
"""
_ESCAPES = {"\\'": "'", "\\\\": "\\", '\\"': '"', "\\n": "\n", "\\t": "\t", "\\r": "\r"}


@dataclass(frozen=True)
class Literal:
    """A value in a condition, with the kind it was written as."""

    kind: str
    value: Any


@dataclass(frozen=True)
class Comparison:
    """One field against one value, or several for ``in``."""

    path: str
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True)
class Group:
    """Conditions joined by ``and``, ``or``, or one under ``not``."""

    operator: str
    parts: tuple["Condition", ...]


Condition = Comparison | Group


@dataclass(frozen=True)
class Sorting:
    """One key of an order."""

    path: str
    is_descending: bool = False
    are_nulls_last: bool = False


@dataclass(frozen=True)
class Query:
    """A query, read. ``fields`` is ``None`` for COUNT()."""

    object: str
    fields: tuple[str, ...] | None
    where: Condition | None = None
    order: tuple[Sorting, ...] = ()
    limit: int | None = None
    offset: int = 0


class _Tree(Transformer[Token, Any]):
    """Makes the tree out of what the grammar found."""

    def query(self, parts: list[Any]) -> Query:
        fields, object_, *clauses = parts
        return Query(str(object_), fields, **dict(clauses))

    def count(self, _: list[Any]) -> None:
        return None

    def every(self, parts: list[Any]) -> tuple[str, ...]:
        return (f"FIELDS({str(parts[0]).upper()})",)

    def fields(self, parts: list[Any]) -> tuple[str, ...]:
        return tuple(map(str, parts))

    def where(self, parts: list[Any]) -> tuple[str, Condition]:
        return "where", parts[0]

    def conjunction(self, parts: list[Any]) -> Group:
        return Group("and", tuple(parts))

    def disjunction(self, parts: list[Any]) -> Group:
        return Group("or", tuple(parts))

    def negation(self, parts: list[Any]) -> Group:
        return Group("not", tuple(parts))

    def compared(self, parts: list[Any]) -> Comparison:
        operator = "!=" if parts[1] == "<>" else str(parts[1])
        return Comparison(str(parts[0]), operator, (parts[2],))

    def like(self, parts: list[Any]) -> Comparison:
        return Comparison(str(parts[0]), "like", (Literal("string", str(parts[1])[1:-1]),))

    def among(self, parts: list[Any]) -> Comparison:
        return Comparison(str(parts[0]), "in", tuple(parts[1:]))

    def not_among(self, parts: list[Any]) -> Comparison:
        return Comparison(str(parts[0]), "not in", tuple(parts[1:]))

    def order(self, parts: list[Any]) -> tuple[str, tuple[Sorting, ...]]:
        return "order", tuple(parts)

    def sorting(self, parts: list[Any]) -> Sorting:
        words = parts[1:]
        is_descending = "descending" in words
        return Sorting(str(parts[0]), is_descending, "nulls last" in words or (is_descending and "nulls first" not in words))

    def limit(self, parts: list[Any]) -> tuple[str, int]:
        return "limit", int(parts[0])

    def offset(self, parts: list[Any]) -> tuple[str, int]:
        return "offset", int(parts[0])

    def string(self, parts: list[Any]) -> Literal:
        return Literal("string", _unescaped(str(parts[0])[1:-1]))

    def last_days(self, parts: list[Any]) -> Literal:
        return Literal("last_days", int(parts[0]))

    def datetime(self, parts: list[Any]) -> Literal:
        return Literal("datetime", str(parts[0]))

    def date(self, parts: list[Any]) -> Literal:
        return Literal("date", str(parts[0]))

    def number(self, parts: list[Any]) -> Literal:
        return Literal("number", str(parts[0]))

    def true(self, _: list[Any]) -> Literal:
        return Literal("boolean", True)

    def false(self, _: list[Any]) -> Literal:
        return Literal("boolean", False)

    def null(self, _: list[Any]) -> Literal:
        return Literal("null", None)

    def today(self, _: list[Any]) -> Literal:
        return Literal("today", None)

    def ascending(self, _: list[Any]) -> str:
        return "ascending"

    def descending(self, _: list[Any]) -> str:
        return "descending"

    def nulls_first(self, _: list[Any]) -> str:
        return "nulls first"

    def nulls_last(self, _: list[Any]) -> str:
        return "nulls last"


_PARSER = Lark(_GRAMMAR, start="query", parser="lalr", transformer=_Tree())


@lru_cache(maxsize=1_000)
def read(text: str) -> Query:
    """The query in this text; what cannot be read is refused as MALFORMED_QUERY."""
    try:
        query: Query = _PARSER.parse(text)  # type: ignore[assignment]
    except UnexpectedInput as mistake:
        raise _malformed(text, mistake) from None
    return query


def _malformed(text: str, mistake: UnexpectedInput) -> Refusal:
    place = mistake.pos_in_stream if mistake.pos_in_stream is not None and mistake.pos_in_stream >= 0 else len(text)
    rest = text[place:].split(maxsplit=1)
    found = f"unexpected token: '{rest[0]}'" if rest else "unexpected token: <EOF>"
    shown = text[max(place - 40, 0) : place + 40].strip()
    return Refusal("MALFORMED_QUERY", f"\n{shown}\n^\nERROR at Row:1:Column:{place + 1}\n{found}")


def _unescaped(text: str) -> str:
    shown, position = "", 0
    while position < len(text):
        pair = text[position : position + 2]
        shown += _ESCAPES.get(pair, text[position])
        position += 2 if pair in _ESCAPES else 1
    return shown
