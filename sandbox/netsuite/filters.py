"""The ``q`` filter of record collections: ``companyName START_WITH "Harbor" AND dateCreated ON_OR_AFTER "1/31/2026"``."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import invalid_parameter
from sandbox.netsuite.fields import Field

Test = Callable[[Json], bool]
_TOKEN = re.compile(r'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<mark>[(),\[\]])|(?P<word>[^\s(),\[\]"]+))')
_WITHOUT_VALUE = {"EMPTY", "EMPTY_NOT"}
_SEVERAL = {"ANY_OF", "ANY_OF_NOT", "BETWEEN", "BETWEEN_NOT", "WITHIN", "WITHIN_NOT"}


def compiled(query: str, fields: Mapping[str, Field]) -> Test:
    """The test that a filter puts to a record."""
    parser = _Parser(query, fields)
    test = parser.either()
    if not parser.at_end:
        raise invalid_parameter("q", f"Invalid search query: '{parser.rest}' is not understood.")
    return test


class _Parser:
    def __init__(self, query: str, fields: Mapping[str, Field]) -> None:
        self._tokens = [(m.lastgroup or "", m[m.lastgroup or 0]) for m in _TOKEN.finditer(query)]
        self._fields = fields
        self._position = 0

    @property
    def at_end(self) -> bool:
        return self._position >= len(self._tokens)

    @property
    def rest(self) -> str:
        return " ".join(text for _, text in self._tokens[self._position :])

    def either(self) -> Test:
        tests = [self._both()]
        while self._skip("OR"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda record: any(test(record) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._skip("AND"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda record: all(test(record) for test in tests)

    def _one(self) -> Test:
        if self._skip("("):
            inner = self.either()
            if not self._skip(")"):
                raise invalid_parameter("q", "Invalid search query: a parenthesis is not closed.")
            return inner
        return self._condition()

    def _condition(self) -> Test:
        name, operator = self._take(), self._take()
        if name not in self._fields:
            raise invalid_parameter("q", f"Invalid search query: field '{name}' was not found.")
        values = [] if operator in _WITHOUT_VALUE else self._values() if operator in _SEVERAL else [self._take()]
        negated = operator.endswith("_NOT") and operator != "EMPTY_NOT"
        compare = _OPERATORS.get(operator.removesuffix("_NOT"))
        if compare is None:
            raise invalid_parameter("q", f"Invalid search query: operator '{operator}' does not exist.")
        kind = self._fields[name].kind
        wanted = [_typed(kind, value) for value in values]
        if operator == "EMPTY_NOT":
            return lambda record: record.get(name) is not None
        return lambda record: compare(_held(kind, record.get(name)), wanted) is not negated

    def _values(self) -> list[str]:
        self._skip("[")
        values = [self._take()]
        while self._skip(","):
            values.append(self._take())
        self._skip("]")
        return values

    def _take(self) -> str:
        if self.at_end:
            raise invalid_parameter("q", "Invalid search query: it ends too early.")
        group, text = self._tokens[self._position]
        self._position += 1
        return re.sub(r"\\(.)", r"\1", text[1:-1]) if group == "quoted" else text

    def _skip(self, word: str) -> bool:
        if not self.at_end and self._tokens[self._position] in {("word", word), ("mark", word)}:
            self._position += 1
            return True
        return False


def _typed(kind: str, value: str) -> Any:
    try:
        if kind in {"number", "whole"}:
            return Decimal(value)
        if kind in {"date", "moment"}:
            return _day(value)
    except (ValueError, ArithmeticError) as wrong:
        raise invalid_parameter("q", f"Invalid search query: '{value}' is not a valid value.") from wrong
    return value.lower() == "true" if kind == "flag" else value.lower()


def _day(value: str) -> date:
    month, slash, rest = value.partition("/")
    day, _, year = rest.partition("/")
    return date(int(year), int(month), int(day)) if slash else date.fromisoformat(value)


def _held(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind in {"reference", "choice", "country"}:
        return str(value["id"]).lower()
    if kind in {"number", "whole"}:
        return Decimal(str(value))
    if kind in {"date", "moment"}:
        return date.fromisoformat(value[:10])
    return value if kind == "flag" else str(value).lower()


def _present(compare: Callable[[Any, list[Any]], bool]) -> Callable[[Any, list[Any]], bool]:
    return lambda held, wanted: held is not None and compare(held, wanted)


_OPERATORS: Mapping[str, Callable[[Any, list[Any]], bool]] = {
    "IS": _present(lambda held, wanted: held == wanted[0]),
    "EQUAL": _present(lambda held, wanted: held == wanted[0]),
    "ON": _present(lambda held, wanted: held == wanted[0]),
    "CONTAIN": _present(lambda held, wanted: wanted[0] in held),
    "START_WITH": _present(lambda held, wanted: held.startswith(wanted[0])),
    "END_WITH": _present(lambda held, wanted: held.endswith(wanted[0])),
    "EMPTY": lambda held, wanted: held is None,
    "ANY_OF": _present(lambda held, wanted: held in wanted),
    "BETWEEN": _present(lambda held, wanted: wanted[0] <= held <= wanted[-1]),
    "WITHIN": _present(lambda held, wanted: wanted[0] <= held <= wanted[-1]),
    "GREATER": _present(lambda held, wanted: held > wanted[0]),
    "LESS": _present(lambda held, wanted: held < wanted[0]),
    "GREATER_OR_EQUAL": _present(lambda held, wanted: held >= wanted[0]),
    "LESS_OR_EQUAL": _present(lambda held, wanted: held <= wanted[0]),
    "AFTER": _present(lambda held, wanted: held > wanted[0]),
    "BEFORE": _present(lambda held, wanted: held < wanted[0]),
    "ON_OR_AFTER": _present(lambda held, wanted: held >= wanted[0]),
    "ON_OR_BEFORE": _present(lambda held, wanted: held <= wanted[0]),
}
