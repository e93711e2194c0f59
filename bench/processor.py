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
        """Seconds used so far, by group; ``driver`` is this process, which makes the load."""
        return {name: sum(_seconds(pid) for pid in pids) for name, pids in self._groups.items()} | {"driver": time.process_time()}

    @contextlib.contextmanager
    def measuring(self) -> Iterator[dict[str, float]]:
        """What the block uses, by group, and ``elapsed``; filled in when the block ends."""
        found: dict[str, float] = {}
        before, begun = self.read(), time.perf_counter()
        yield found
        elapsed = time.perf_counter() - begun
        found.update({name: used - before[name] for name, used in self.read().items()}, elapsed=elapsed)


def _seconds(pid: int) -> float:
    """Of a process, its children, and those of them that have ended, as PostgreSQL's do with their connections."""
    total = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += sum(one.cpu_times()[:4])  # user, system, and both of children that ended
    return total
