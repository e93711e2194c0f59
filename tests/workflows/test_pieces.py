"""What a failed step means, and undoing in reverse: the pieces of a handoff by themselves, without an engine."""

import asyncio

import pytest
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    FailureError,
    RetryState,
    TimeoutError,
    TimeoutType,
)

from canonical.errors import OutcomeUnknown, Rejected, Throttled
from runtime.failures import application_error
from workflows import options
from workflows.review import finding_of
from workflows.saga import Saga, shielded, together


def failed(cause: BaseException, retry_state: RetryState = RetryState.NON_RETRYABLE_FAILURE) -> ActivityError:
    """How the engine tells a workflow that an activity failed."""
    error = ActivityError(
        "Activity task failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="worker",
        activity_type="create_schedule",
        activity_id="1",
        retry_state=retry_state,
    )
    error.__cause__ = cause
    return error


def test_a_refusal_keeps_its_words() -> None:
    refusal = Rejected("The customer is blocked", code="CUSTOMER_BLOCKED", remedy="Unblock it.", evidence={"customer": "501"})
    finding = finding_of(failed(application_error(refusal)), subject="create_schedule")
    assert finding is not None and not finding.can_override
    assert (finding.code, finding.sentence, finding.remedy) == ("CUSTOMER_BLOCKED", "The customer is blocked", "Unblock it.")
    assert (finding.subject, finding.evidence) == ("create_schedule", {"customer": "501"})


def test_an_unknown_outcome_names_its_key() -> None:
    unknown = OutcomeUnknown("Nobody knows", evidence={"key": "create_schedule/C-1"})
    finding = finding_of(failed(application_error(unknown)), subject="create_schedule")
    assert finding is not None and finding.code == "OUTCOME_UNKNOWN" and finding.evidence["key"] == "create_schedule/C-1"


@pytest.mark.parametrize(
    "cause",
    [
        application_error(Throttled("too many requests")),
        ApplicationError("a field nobody thought of", type="KeyError"),
        TimeoutError("timed out", type=TimeoutType.SCHEDULE_TO_CLOSE, last_heartbeat_details=[]),
    ],
    ids=["throttled", "bug", "timeout"],
)
def test_what_was_tried_for_a_day_is_an_outage(cause: FailureError) -> None:
    finding = finding_of(failed(cause, RetryState.TIMEOUT), subject="create_schedule")
    assert finding is not None and finding.code == "OUTAGE" and not finding.can_override
    assert finding.evidence["last failure"] == cause.message


def test_a_cancelled_step_is_no_finding() -> None:
    assert finding_of(failed(CancelledError("Cancelled")), subject="create_schedule") is None


def test_an_undo_never_overtakes_what_it_undoes() -> None:
    for chosen in (options.VENDOR_WRITE, options.BOOKS):
        assert chosen["cancellation_type"].name == "WAIT_CANCELLATION_COMPLETED"


async def test_undos_run_last_first_and_all_of_them() -> None:
    saga, done = Saga(), list[str]()

    def undo(step: str, *, fails: bool = False) -> None:
        async def act() -> None:
            done.append(step)
            if fails:
                raise ApplicationError(f"{step} does not")

        saga.on_failure(step, act)

    undo("first")
    undo("second", fails=True)
    undo("third")
    failures = await saga.compensate()
    assert done == ["third", "second", "first"]
    assert [(one.compensation.step, one.error.message) for one in failures] == [("second", "second does not")]
    assert await saga.compensate() == []


async def test_a_programming_error_in_an_undo_is_not_taken_for_a_failure() -> None:
    saga = Saga()

    async def bug() -> None:
        raise KeyError("a field nobody thought of")

    saga.on_failure("step", bug)
    with pytest.raises(KeyError):
        await saga.compensate()


async def test_shielded_work_runs_to_its_end_though_it_is_cancelled_twice() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def work() -> str:
        begun.set()
        await go_on.wait()
        return "done"

    task = asyncio.create_task(shielded(work()))
    await begun.wait()
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0)
    go_on.set()
    assert await task == "done"


async def test_when_one_branch_fails_the_others_are_ended_first() -> None:
    ended: list[str] = []

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ApplicationError("no")

    async def other() -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)
            ended.append("other")
            raise

    with pytest.raises(ApplicationError):
        await together(other(), fails())
    assert ended == ["other"]


async def test_a_cancellation_that_a_branch_swallowed_is_not_forgotten() -> None:
    """A write that runs to its end has swallowed it; what comes next must not begin."""
    begun, taken = asyncio.Event(), list[str]()

    async def swallows() -> None:
        begun.set()
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            taken.append("write")

    async def handoff() -> None:
        await swallows()
        await together(swallows())

    task = asyncio.create_task(handoff())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert taken == ["write"]
