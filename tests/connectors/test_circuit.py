"""Calls under pressure: a budget that gives way, slots kept for the first lane, a circuit that leaves a dead account alone."""

import asyncio
from datetime import timedelta

import pytest

from canonical.errors import AnswerLost, Failure, NotReached, Rejected, Throttled, Unavailable
from connectors.circuit import FIRST_PAUSE, IN_A_ROW, LONGEST_PAUSE, Circuit
from connectors.http import FIRST_LANE, Budget


class Clock:
    """Moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Clock, failure: Failure | None = None) -> Circuit:
    circuit = Circuit("erp", clock=clock)
    for _ in range(IN_A_ROW):
        circuit.admit()
        circuit.failed(failure or Unavailable("503"))
    return circuit


def refused(circuit: Circuit, *, first_lane: bool = False) -> timedelta:
    with pytest.raises(NotReached) as error:
        circuit.admit(first_lane=first_lane)
    assert error.value.retry_after is not None
    return error.value.retry_after


def test_it_opens_after_failures_in_a_row_and_not_before() -> None:
    circuit = Circuit("erp", clock=Clock())
    for _ in range(3):
        for _ in range(IN_A_ROW - 1):
            circuit.failed(AnswerLost("no answer"))
        circuit.failed(Rejected("this record is refused"))
    assert not circuit.is_open
    circuit.admit()


def test_while_it_is_open_the_first_lane_is_told_to_come_sooner() -> None:
    circuit = broken(Clock())
    assert refused(circuit, first_lane=True) == FIRST_PAUSE
    assert refused(circuit) > FIRST_PAUSE


def test_one_call_looks_whether_the_account_is_back_and_the_pauses_grow() -> None:
    clock = Clock()
    circuit, pauses = broken(clock), list[timedelta]()
    for _ in range(8):
        pauses.append(refused(circuit, first_lane=True))
        clock.now += pauses[-1].total_seconds()
        circuit.admit()
        refused(circuit)
        circuit.failed(Unavailable("503"))
    assert pauses[:4] == [FIRST_PAUSE * n for n in (1, 2, 4, 8)] and pauses[-1] == LONGEST_PAUSE
    clock.now += LONGEST_PAUSE.total_seconds()
    circuit.admit()
    circuit.succeeded()
    for _ in range(3):
        circuit.admit()
    assert not circuit.is_open


def test_the_account_may_say_how_long_it_is_to_be_left_alone() -> None:
    asked = timedelta(seconds=90)
    assert refused(broken(Clock(), Unavailable("503", retry_after=asked)), first_lane=True) == asked


async def held(budget: Budget, failure: Failure | None = None, *, urgent: bool = False) -> None:
    async with budget.slot(urgent=urgent):
        if failure:
            raise failure


@pytest.mark.parametrize("failure", [Throttled("429"), Throttled("429", retry_after=timedelta(seconds=2)), Unavailable("503")])
async def test_being_throttled_or_failed_halves_the_budget_and_success_lets_it_grow(failure: Failure) -> None:
    budget = Budget(8, reserved=2)
    with pytest.raises(type(failure)):
        await held(budget, failure)
    assert budget.limit == 4
    for _ in range(4):
        await held(budget)
    assert 4 < budget.limit <= 5
    for _ in range(100):
        await held(budget)
    assert budget.limit == 8


async def test_reserved_slots_are_for_the_first_lane() -> None:
    budget, gate, begun = Budget(3, reserved=1), asyncio.Event(), list[str]()

    async def call(name: str, *, first: bool) -> None:
        FIRST_LANE.set(first)
        async with budget.slot():
            begun.append(name)
            await gate.wait()

    calls = [asyncio.create_task(call(f"time {n}", first=False)) for n in range(3)]
    await asyncio.sleep(0)
    calls.append(asyncio.create_task(call("invoice", first=True)))
    for _ in range(5):
        await asyncio.sleep(0)
    assert sorted(begun) == ["invoice", "time 0", "time 1"]
    gate.set()
    await asyncio.gather(*calls)
    assert len(begun) == 4


async def test_a_call_that_was_given_up_does_not_keep_the_circuit_waiting() -> None:
    budget, clock = Budget(4), Clock()
    budget.circuit = Circuit("erp", clock=clock)
    for _ in range(IN_A_ROW):
        with pytest.raises(Unavailable):
            await held(budget, Unavailable("503"))
    with pytest.raises(NotReached):
        await held(budget)
    clock.now += FIRST_PAUSE.total_seconds()
    with pytest.raises(asyncio.CancelledError):
        async with budget.slot():
            raise asyncio.CancelledError
    await held(budget)
    assert not budget.circuit.is_open
