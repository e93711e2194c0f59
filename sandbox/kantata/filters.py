"""What the filters of list calls are built from."""

from collections.abc import Callable
from datetime import datetime

from sandbox.kantata.index import Record, State
from sandbox.kantata.moments import moment

Test = Callable[[Record], bool]
Filter = Callable[[State, str], Test]


def is_true(value: str | None) -> bool:
    """How the vendor reads a boolean parameter."""
    return value in {"true", "1"}


def one_of(field: str, *, negated: bool = False) -> Filter:
    """The field is one of the values given, separated by commas."""

    def build(_: State, value: str) -> Test:
        wanted = set(value.split(","))
        return lambda record: (str(record.get(field)) in wanted) != negated

    return build


def after(field: str) -> Filter:
    """Later than that, not then."""

    def build(_: State, value: str) -> Test:
        bound = moment(value)
        return lambda record: datetime.fromisoformat(record[field]) > bound

    return build


def before(field: str) -> Filter:
    """Earlier than that, not then."""

    def build(_: State, value: str) -> Test:
        bound = moment(value)
        return lambda record: datetime.fromisoformat(record[field]) < bound

    return build


def between_days(field: str) -> Filter:
    """Two dates with a colon, both included; either may be left out."""

    def build(_: State, value: str) -> Test:
        first, _colon, last = value.partition(":")
        return lambda record: (not first or record[field] >= first) and (not last or record[field] <= last)

    return build
