"""What SIGTERM and SIGINT do to a process that holds others: it ends them in order before it goes."""

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def sigterm_cancels_this_task() -> Iterator[None]:
    """SIGTERM cancels the task that enters, as Ctrl-C does; where somebody else answers the signal already, nothing changes."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def end(number: int, _: FrameType | None) -> None:
        if task and loop.is_running() and not task.done():
            loop.call_soon_threadsafe(task.cancel)
        else:  # a fixture's task is over while its stack runs: die as anybody would, and let the kernel end the children
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def told_by_signal() -> Iterator[asyncio.Event]:
    """An event that SIGTERM or SIGINT sets, instead of what they do otherwise."""
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    try:
        yield told
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
