"""The circuit of an account: after failures in a row nobody calls it for a while, then one call sees if it is back (R120)."""

import time
from collections.abc import Callable
from datetime import timedelta

from canonical.errors import AnswerLost, Failure, NotReached, Unavailable

IN_A_ROW = 5
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=30)
_AFTER_THE_FIRST_LANE = timedelta(seconds=5)
_AILING = (Unavailable, NotReached, AnswerLost)


class Circuit:
    """Closed while calls succeed. Whoever is refused while it is open surely sent nothing, and learns when to come again.

    Who is in the first lane is told to come sooner than the others, so that what is urgent finds the account free (R122).
    """

    def __init__(self, system: str = "The system", *, clock: Callable[[], float] = time.monotonic) -> None:
        self._system, self._clock = system, clock
        self._failures, self._until, self._pause = 0, 0.0, timedelta()
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls are refused, but for the one that looks whether the account is back."""
        return bool(self._pause)

    def admit(self, *, first_lane: bool = False) -> None:
        """Let a call through, or refuse it; of those that come when the pause is over one is let through."""
        if not self.is_open:
            return
        rest = timedelta(seconds=self._until - self._clock())
        if rest <= timedelta() and not self._probing:
            self._probing = True
            return
        wait = max(rest, FIRST_PAUSE)
        raise NotReached(
            f"{self._system} did not answer {self._failures} times in a row; it is left alone for a while",
            evidence={"failures": self._failures, "pause": self._pause.total_seconds()},
            retry_after=wait if first_lane else wait + min(self._pause, _AFTER_THE_FIRST_LANE),
        )

    def succeeded(self) -> None:
        """The account answers."""
        self._failures, self._pause, self._probing = 0, timedelta(), False

    def failed(self, failure: Failure) -> None:
        """A call failed; what the account refuses in its right mind is an answer too."""
        if not isinstance(failure, _AILING):
            self.succeeded()
            return
        self._failures += 1
        self._probing = False
        if self._failures >= IN_A_ROW:
            asked = min(failure.retry_after or timedelta(), LONGEST_PAUSE * 10)
            self._pause = max(min(self._pause * 2 or FIRST_PAUSE, LONGEST_PAUSE), asked)
            self._until = self._clock() + self._pause.total_seconds()

    def left(self) -> None:
        """A call was given up before it ended: another one may look."""
        self._probing = False
