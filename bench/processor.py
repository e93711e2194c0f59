"""How much processor time each part of the stack used, read from the system, so that it shows what a bench really measures."""

import contextlib
import time
from collections.abc import Iterator, Mapping

import psutil


class Meter:
    """Reads the processor seconds of groups of processes, with everything that they started."""

    def __init__(self, groups: Mapping[str, list[int]]) -> None:
        self._groups = groups

    def read(self) -> dict[str, float]:
        """Seconds used so far, by group."""
        return {name: sum(_seconds(pid) for pid in pids) for name, pids in self._groups.items()}

    @contextlib.contextmanager
    def measuring(self) -> Iterator[dict[str, float]]:
        """What the block uses, by group, and ``elapsed``; filled in when the block ends."""
        found: dict[str, float] = {}
        before, begun = self.read(), time.perf_counter()
        yield found
        elapsed = time.perf_counter() - begun
        found.update({name: used - before[name] for name, used in self.read().items()}, elapsed=elapsed)


def _seconds(pid: int) -> float:
    total = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                times = one.cpu_times()
                total += times.user + times.system
    return total
