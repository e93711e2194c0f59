"""Rules as expressions of CEL (Common Expression Language), checked when they are loaded.

The engine is cel-python: it keeps our amounts exact, where the other binding (common-expression-language 0.10) makes binary
fractions of them and imports its interactive shell. Neither checks types before running, so this does: every name must be
declared, and every operand that a short circuit could skip is evaluated on its own with a sample of each declared kind.
"""

import difflib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

import celpy
from celpy import celtypes
from celpy.celparser import CELParseError
from celpy.evaluation import CELEvalError
from lark import Token, Tree

from canonical.errors import Misconfigured

_MACROS = {"all", "exists", "exists_one", "map", "filter"}
_UNDECIDABLE = (CELEvalError, TypeError, ValueError, ArithmeticError)
_BRANCHES = {"expr", "conditionalor", "conditionaland"}


class Holds(StrEnum):
    """What a declared variable holds."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    TEXTS = "texts"


Declared = Mapping[str, Holds]
_SAMPLES: dict[Holds, Any] = {Holds.TEXT: "a", Holds.NUMBER: Decimal(1), Holds.FLAG: True, Holds.TEXTS: ["a"]}


class BadExpression(ValueError):
    """An expression that can never work, with what to do about it."""

    def __init__(self, wrong: str, remedy: str) -> None:
        super().__init__(f"{wrong}; {remedy}")
        self.wrong = wrong
        self.remedy = remedy


def check(text: str, declared: Declared) -> None:
    """Refuse an expression that does not parse, names something undeclared, mixes types or does not answer true or false."""
    tree = _parsed(text)
    _check_names(tree, declared)
    _check_literals(tree)
    samples = {name: _SAMPLES[kind] for name, kind in declared.items()}
    for part, must_decide in [*_parts(tree), (tree, True)]:
        answer = _sampled(text, part, samples)
        if must_decide and not isinstance(answer, celtypes.BoolType):
            raise BadExpression(f"'{text}' does not answer true or false", "Write a comparison, such as amount > 25000.")


def holds(text: str, variables: Mapping[str, object]) -> bool:
    """Whether the expression is true of these values."""
    try:
        return bool(_value(_parsed(text), variables))
    except _UNDECIDABLE as error:
        raise Misconfigured(
            f"The rule '{text}' cannot be decided", remedy="Correct the rule and run `handoff policy check`.", evidence=variables
        ) from error


@cache
def _environment() -> celpy.Environment:
    """Made when the first rule is read: its grammar takes longer to build than most commands to run."""
    return celpy.Environment()


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Tree[Token]:
    try:
        return _environment().compile(text)
    except CELParseError as error:
        where = f" at column {error.column}" if error.column else ""
        raise BadExpression(
            f"'{text}' is no expression of CEL{where}", "Correct its spelling; compare with ==, join with && and ||."
        ) from error


def _value(tree: Tree[Token], variables: Mapping[str, object]) -> object:
    program = _environment().program(tree, functions={"decimal": _decimal})
    return program.evaluate({name: _as_cel(value) for name, value in variables.items()})


def _decimal(text: Any) -> Any:
    return Decimal(str(text))


def _as_cel(value: object) -> Any:
    match value:
        case bool():
            return celtypes.BoolType(value)
        case Decimal():
            return value
        case int():
            return celtypes.IntType(value)
        case list() | tuple() | frozenset() | set():
            return celtypes.ListType([_as_cel(one) for one in value])
        case _:
            return celtypes.StringType(str(value))


def _check_names(tree: Tree[Token], declared: Declared) -> None:
    bound = {str(name) for name in _bound(tree)}
    for node in tree.find_data("ident"):
        name = str(node.children[0])
        if name not in declared and name not in bound:
            near = difflib.get_close_matches(name, declared, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise BadExpression(f"'{name}' is not declared for this rule", f"{hint}Use one of {', '.join(sorted(declared))}.")


def _bound(tree: Tree[Token]) -> Iterator[Token]:
    """Names that a macro such as ``lines.all(line, ...)`` makes for itself."""
    for node in tree.find_data("member_dot_arg"):
        if str(node.children[1]) in _MACROS:
            first = node.children[2].children[0]  # type: ignore[union-attr]
            yield from (token for token in first.scan_values(lambda _: True))  # type: ignore[union-attr]


def _check_literals(tree: Tree[Token]) -> None:
    for token in tree.scan_values(lambda value: isinstance(value, Token) and value.type == "FLOAT_LIT"):
        raise BadExpression(f"{token} is a binary fraction and not exact", f"Write decimal('{token}').")


def _parts(tree: Tree[Token]) -> Iterator[tuple[Tree[Token], bool]]:
    """Operands of &&, || and ?:, which evaluation may skip, and whether each must be true or false; macros are checked whole."""
    if tree.data == "member_dot_arg" and str(tree.children[1]) in _MACROS:
        return
    for number, child in enumerate(tree.children):
        if isinstance(child, Tree):
            if tree.data in _BRANCHES and len(tree.children) > 1:
                yield child, tree.data != "expr" or number == 0
            yield from _parts(child)


def _sampled(text: str, part: Tree[Token], samples: Mapping[str, object]) -> object:
    try:
        return _value(part, samples)
    except _UNDECIDABLE as error:
        wrong = f"'{text}' mixes kinds that do not go together, or calls what does not exist"
        raise BadExpression(wrong, "Compare text with text and numbers with numbers.") from error
