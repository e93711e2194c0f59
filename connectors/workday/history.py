"""A worker's way through the window, read backwards: Workday tells the state of a day, not what was before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from connectors.workday.schemas import Job, Worker

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """The days whose postings are told, both included."""

    start: date
    end: date


@dataclass(frozen=True)
class Stretch:
    """A job from a day on; ``until`` is its last day where a gap follows."""

    since: date
    job: Job
    until: date | None = None


class Trail:
    """What is known of one worker: the state on the window's last day, and before, as far as it was asked."""

    def __init__(self, latest: Worker, changes: Iterable[date], window: Window) -> None:
        self.latest = latest
        self.ended = latest.ended
        self.stretches: list[Stretch] = []
        self.ask: date | None = None
        self._changes, self._window = sorted(changes), window
        self._gap_after: date | None = None
        self.take(window.end, latest)

    def take(self, day: date, then: Worker | None) -> None:
        """The state on a day; ``ask`` becomes the day whose state must be asked next, if any is left in the window."""
        if then is None or then.job is None:
            self._go_before(day, None if then is None else then.ended)
            return
        since = self._since(day, then)
        self.stretches.append(Stretch(since, then.job, self._gap_after))
        self._gap_after = None
        self.ask = since - DAY if since > self._window.start else None

    def _go_before(self, day: date, ended: date | None) -> None:
        """Nothing holds on that day: what held on the last day of an employment before it is asked, if there was one."""
        self._gap_after = ended if self.stretches else None
        before = None if ended is None else min(ended, day - DAY)
        self.ask = before if before is not None and before >= self._window.start else None

    def _since(self, day: date, then: Worker) -> date:
        """Since when the state of that day holds, by all that tells of a change: job, pay, hire, transaction log."""
        told = [then.hired, then.job.job_since, then.job.pay_since] if then.job else []
        past = [each for each in (*told, *self._changes) if each is not None and each <= day]
        return max(past, default=self._window.start)
