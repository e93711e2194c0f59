"""Named failures on their way to Temporal: type, retry, delay, details without secrets; and heartbeats."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from canonical.errors import Failure, NotReady, OutcomePending, Rejected, Throttled, Transient
from runtime.failures import NamedFailures, application_error


def kinds(kind: type[Failure]) -> Iterator[type[Failure]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from kinds(narrower)


KINDS = [kind for kind in dict.fromkeys(kinds(Failure)) if kind.__module__ == "canonical.errors"]


@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_each_failure_keeps_its_name_its_remedy_and_whether_it_may_be_tried_again(kind: type[Failure]) -> None:
    failure = kind("It did not work", evidence={"system": "netsuite"}, retry_after=timedelta(seconds=90))
    error = application_error(failure)
    assert (error.type, error.message, error.non_retryable) == (kind.__name__, "It did not work", not kind.retryable)
    assert error.next_retry_delay == (timedelta(seconds=90) if issubclass(kind, Transient) else None)
    waits = issubclass(kind, (NotReady, OutcomePending, Throttled))
    assert error.category is (ApplicationErrorCategory.BENIGN if waits else ApplicationErrorCategory.UNSPECIFIED)
    [details] = error.details
    assert details == {"code": kind.code, "remedy": kind.default_remedy, "evidence": {"system": "netsuite"}}


def test_what_the_failure_says_for_itself_comes_before_its_kind() -> None:
    [details] = application_error(Rejected("No", code="CREDIT_LIMIT", remedy="Ask the controller.")).details
    assert (details["code"], details["remedy"]) == ("CREDIT_LIMIT", "Ask the controller.")


def test_details_hold_no_secret_and_are_bounded() -> None:
    evidence = {"Authorization": "Bearer abc", "client_secret": "hush", "X-DocuSign-Signature-1": "sig", "body": "x" * 5_000}
    [details] = application_error(Rejected("No", evidence=evidence)).details
    assert not {"Bearer abc", "hush", "sig"} & set(details["evidence"].values())
    assert len(details["evidence"]["body"]) == 1_000


class Does(ActivityInboundInterceptor):
    """The end of the chain: what the activity itself does."""

    def __init__(self, work: Any) -> None:
        self._work = work

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        return await self._work()


def within(environment: ActivityEnvironment, work: Any) -> Any:
    interceptor = NamedFailures().intercept_activity(Does(work))

    async def run() -> Any:
        return await interceptor.execute_activity(ExecuteActivityInput(fn=work, args=(), executor=None, headers={}))

    return environment.run(run)


def an_environment(timeout: timedelta | None = None, attempt: int = 1) -> tuple[ActivityEnvironment, list[Any]]:
    environment, beats = ActivityEnvironment(), list[Any]()
    environment.info = ActivityEnvironment.default_info()
    environment.info = type(environment.info)(**{**vars(environment.info), "heartbeat_timeout": timeout, "attempt": attempt})
    environment.on_heartbeat = lambda *details: beats.append(details)
    return environment, beats


async def test_an_activity_says_that_it_lives_four_times_a_timeout_and_no_longer_than_it_runs() -> None:
    environment, beats = an_environment(timedelta(seconds=0.2))

    async def work() -> str:
        assert activity.in_activity()
        async with asyncio.timeout(10):
            while len(beats) < 4:  # noqa: ASYNC110 - the beats come by a callback
                await asyncio.sleep(0.01)
        return "done"

    assert await within(environment, work) == "done"
    counted = len(beats)
    assert counted == 4
    await asyncio.sleep(0.12)
    assert len(beats) == counted


async def test_without_a_heartbeat_timeout_nothing_is_said() -> None:
    environment, beats = an_environment(None)

    async def work() -> None:
        await asyncio.sleep(0.05)

    await within(environment, work)
    assert beats == []


async def test_a_named_failure_leaves_an_activity_by_its_name_and_any_other_as_it_is() -> None:
    async def refused() -> None:
        raise Rejected("The customer is blocked")

    async def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ApplicationError, match="The customer is blocked") as named:
        await within(an_environment(None)[0], refused)
    assert named.value.type == "Rejected" and isinstance(named.value.__cause__, Rejected)
    with pytest.raises(ZeroDivisionError):
        await within(an_environment(None)[0], broken)


async def broken() -> None:
    _ = {"rate": "225.00"}["cost"]


async def test_what_is_still_broken_at_the_third_attempt_is_final_and_named() -> None:
    for attempt in (1, 2):
        with pytest.raises(KeyError):
            await within(an_environment(attempt=attempt)[0], broken)
    with pytest.raises(ApplicationError) as final:
        await within(an_environment(attempt=3)[0], broken)
    assert (final.value.type, final.value.non_retryable) == ("Defect", True)
    [details] = final.value.details
    assert (details["code"], details["evidence"]["error"]) == ("DEFECT", "KeyError")
    assert "test_failures.py" in details["evidence"]["where"]
    assert isinstance(final.value.__cause__, Failure) and final.value.__cause__.__cause__ is None


async def test_a_worker_that_is_told_to_stop_makes_nothing_final() -> None:
    environment = an_environment(attempt=9)[0]
    environment.worker_shutdown()
    with pytest.raises(KeyError):
        await within(environment, broken)


@pytest.mark.parametrize("passes", [OSError("gone"), TimeoutError(), RuntimeError("closing"), Transient("busy")])
async def test_what_may_pass_is_tried_again_however_often_it_was(passes: Exception) -> None:
    async def away() -> None:
        raise passes

    with pytest.raises((type(passes), ApplicationError)) as raised:
        await within(an_environment(attempt=99)[0], away)
    assert not getattr(raised.value, "non_retryable", False)
