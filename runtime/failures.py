"""The one place where named failures become Temporal's ApplicationError, and where a running activity says that it lives."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from canonical.defect import defect_of
from canonical.errors import Failure, NotReady, OutcomePending, Throttled

_BEATS_PER_TIMEOUT = 4
_WAITING = (NotReady, OutcomePending, Throttled)
_SURE_AFTER = 3
"""Attempts: what only a race brought about is gone at the second; what is still there at the third is there for good."""


class NamedFailures(Interceptor):
    """Worker interceptor: every activity heartbeats by itself, and fails by name."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Temporal's hook."""
        return _Named(next)


class _Named(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        async with _heartbeats():
            try:
                return await super().execute_activity(input)
            except Failure as failure:
                raise application_error(failure) from failure
            except Exception as error:
                defect = defect_of(error)
                if defect is None or activity.info().attempt < _SURE_AFTER or activity.is_worker_shutdown():
                    raise
                raise application_error(defect) from defect  # not from the error itself: its words hold values


def application_error(failure: Failure) -> ApplicationError:
    """Type is the class name, details the code, remedy and evidence; waiting is benign, so that it raises no alarm."""
    return ApplicationError(
        failure.message,
        {"code": failure.specific_code, "remedy": failure.remedy, "evidence": failure.evidence},
        type=type(failure).__name__,
        non_retryable=not failure.retryable,
        next_retry_delay=failure.retry_after if failure.retryable else None,
        category=ApplicationErrorCategory.BENIGN if isinstance(failure, _WAITING) else ApplicationErrorCategory.UNSPECIFIED,
    )


@contextlib.asynccontextmanager
async def _heartbeats() -> AsyncIterator[None]:
    """Tell the server that this activity's worker lives, so that a dead one is noticed within the heartbeat timeout."""
    timeout = activity.info().heartbeat_timeout
    if not timeout:
        yield
        return
    task = asyncio.create_task(_beat(timeout / _BEATS_PER_TIMEOUT))
    try:
        yield
    finally:
        task.cancel()


async def _beat(every: timedelta) -> None:
    while True:
        await asyncio.sleep(every.total_seconds())  # first: most activities are over by then, and a beat is a call to the server
        activity.heartbeat()
