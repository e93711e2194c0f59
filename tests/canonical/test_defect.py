"""What fails the same way however often it is tried is a defect; what may pass is none; values are named nowhere."""

import json
import ssl
from collections.abc import Callable
from decimal import Decimal

import asyncpg
import pytest

from canonical.defect import defect_of
from canonical.errors import Defect
from canonical.money import Money

SECRET = "225.00-of-a-rate"


def a_lookup() -> object:
    return {"rate": SECRET}["cost"]


def a_sum() -> object:
    return Decimal(SECRET)


def a_model() -> object:
    return Money.model_validate({"amount": SECRET, "currency": "USD"})


def a_number() -> object:
    return int(SECRET)


def a_missing_method() -> object:
    return getattr(SECRET, "rounded")()  # noqa: B009 - what a program with a mistake in it does


def raised(error: Exception) -> Callable[[], object]:
    def work() -> object:
        raise error

    return work


BROKEN = [a_lookup, a_sum, a_model, a_number, a_missing_method, raised(TypeError(SECRET)), raised(AssertionError(SECRET)),
          raised(asyncpg.NumericValueOutOfRangeError(SECRET)), raised(asyncpg.CheckViolationError(SECRET))]  # fmt: skip
PASSING = [raised(ConnectionResetError()), raised(TimeoutError()), raised(RuntimeError("the client has been closed")),
           raised(asyncpg.InterfaceError("connection is closed")), raised(asyncpg.UniqueViolationError("a race")),
           raised(asyncpg.SerializationError("again")), raised(asyncpg.UndefinedColumnError("not migrated yet")),
           raised(ssl.SSLCertVerificationError("expired")), lambda: json.loads("<html>"), lambda: b"\xff".decode()]  # fmt: skip


def of(work: Callable[[], object]) -> Defect | None:
    try:
        work()
    except Exception as error:
        return defect_of(error)
    raise AssertionError("it was to fail")


@pytest.mark.parametrize("work", BROKEN)
def test_what_stays_broken_is_a_defect_that_says_where_and_not_with_which_values(work: Callable[[], object]) -> None:
    defect = of(work)
    assert defect is not None and not defect.retryable
    assert SECRET not in f"{defect.message} {defect.remedy} {defect.evidence}"
    assert ".py:" in defect.evidence["where"] and not defect.evidence["where"].startswith("/")
    assert defect.__traceback__ is not None and defect.__cause__ is None


def test_a_model_that_refuses_names_its_field() -> None:
    defect = of(a_model)
    assert defect is not None and "Money.amount" in defect.message and "Money.amount" in defect.evidence["fields"]


@pytest.mark.parametrize("work", PASSING)
def test_what_may_pass_by_itself_is_none(work: Callable[[], object]) -> None:
    assert of(work) is None
