"""The lane of an activity reaches the calls it makes: those of the first one may use the slots that are reserved (R122)."""

from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from connectors.http import FIRST_LANE
from workflows.options import URGENT


class Lanes(Interceptor):
    """Worker interceptor."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Temporal's hook."""
        return _Laned(next)


class _Laned(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        FIRST_LANE.set(activity.info().priority.priority_key == URGENT.priority_key)
        return await super().execute_activity(input)
