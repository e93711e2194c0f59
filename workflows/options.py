"""Named activity options, and the task queues: one for each target account, one for the ledger, one for workflows."""

from datetime import timedelta
from typing import TypedDict

from temporalio.common import Priority, RetryPolicy
from temporalio.workflow import ActivityCancellationType

WORKFLOWS = "workflows"
LEDGER = "ledger"


def account(system: str) -> str:
    """The task queue of a target account, so that its rate limit is kept by the server for all workers together."""
    return f"account.{system}"


class Options(TypedDict, total=False):
    """What execute_activity takes besides the activity, its argument and where it runs."""

    start_to_close_timeout: timedelta
    heartbeat_timeout: timedelta
    schedule_to_close_timeout: timedelta
    retry_policy: RetryPolicy
    cancellation_type: ActivityCancellationType


READ: Options = {
    "start_to_close_timeout": timedelta(minutes=2),
    "heartbeat_timeout": timedelta(seconds=10),
    "schedule_to_close_timeout": timedelta(hours=24),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=2)),
}
"""Reads of other systems: patient through an outage of a day, then a person decides."""

VENDOR_WRITE: Options = {
    "start_to_close_timeout": timedelta(minutes=5),  # longer than any connector's declared upstream timeout: a test checks
    "heartbeat_timeout": timedelta(seconds=10),  # a dead worker is noticed soon, not after five minutes
    "schedule_to_close_timeout": timedelta(hours=24),  # every attempt together; then a person decides
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
    "cancellation_type": ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,  # else an undo could overtake the write
}

VENDOR_UNDO: Options = {
    "start_to_close_timeout": timedelta(minutes=5),
    "heartbeat_timeout": timedelta(seconds=10),
    "schedule_to_close_timeout": timedelta(hours=24),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
}

BOOKS: Options = {
    "start_to_close_timeout": timedelta(seconds=30),
    "heartbeat_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=30)),
    "cancellation_type": ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,  # as for vendors: no undo overtakes what it undoes
}
"""Our own database: there is no handoff without it, so it is waited for."""

BULK: Options = {
    "start_to_close_timeout": timedelta(hours=2),  # a month of a big firm in one poll, after an outage
    "heartbeat_timeout": timedelta(seconds=30),  # it beats by itself, however slow the vendor is
    "schedule_to_close_timeout": timedelta(hours=24),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
}
"""Many pages from one system into the ledger; what was kept before a failure is known when it is read again."""

BULK_WRITE: Options = {
    "start_to_close_timeout": timedelta(hours=2),
    "heartbeat_timeout": timedelta(seconds=10),  # it beats by itself: a dead worker's batches are taken up soon
    "schedule_to_close_timeout": timedelta(hours=24),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
    "cancellation_type": ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
}
"""Many batches to one account, each through the write protocol; what was begun is finished first when it is tried again."""

DRY_RUN: Options = {
    "start_to_close_timeout": timedelta(minutes=1),
    "heartbeat_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(maximum_attempts=3),
}
"""Somebody waits at a prompt: a few tries, then the failure itself is the answer."""

SWEEP: Options = {
    "start_to_close_timeout": timedelta(minutes=10),
    "heartbeat_timeout": timedelta(seconds=30),
    "retry_policy": RetryPolicy(maximum_attempts=3),
}

POLL: Options = {
    "start_to_close_timeout": timedelta(hours=2),
    "heartbeat_timeout": timedelta(seconds=30),
    "retry_policy": RetryPolicy(maximum_attempts=3),
}
"""A round's question to one system: one that is away is asked again in the next round, and holds up no other."""

URGENT = Priority(priority_key=1)
MILESTONES = Priority(priority_key=2)
NORMAL = Priority(priority_key=3)
TIME = Priority(priority_key=4)
"""The lanes (R122): invoices that are released first, then milestones, then whatever people wait for, then time in bulk."""


def fair(engagement: str, *, urgent: bool = False, lane: Priority = NORMAL) -> Priority:
    """An engagement's place in a lane (``urgent``: the first): no engagement's many steps hold up another's few."""
    lane = URGENT if urgent else lane
    return Priority(priority_key=lane.priority_key, fairness_key=engagement[:64])
