"""What samples come to: percentiles by nearest rank, medians over rounds, and ratios of ours to the bare way. Pure."""

import math
from collections.abc import Sequence
from statistics import median

from pydantic import BaseModel

NOT_OURS = ("vendors", "driver")


class Round(BaseModel):
    """One uninterrupted stretch of work on one side: how long each piece took, and how long all of them together."""

    milliseconds: list[float]
    seconds: float
    processor: dict[str, float] = {}
    calls: dict[str, int] = {}

    @property
    def rate(self) -> float:
        """Pieces a second."""
        return len(self.milliseconds) / self.seconds


class Side(BaseModel):
    """What one side came to: rate and p50 as medians over rounds, p99 over all samples, since a round is too short for one.

    ``processor`` is the processor time of one piece by part, in milliseconds: other work on the machine does not change it much.
    """

    count: int
    per_second: float
    p50: float
    p99: float
    calls: float = 0
    processor: dict[str, float] = {}


class Comparison(BaseModel):
    """Both sides at one setting, and ours divided by the bare way's; ``processor`` without the vendors and the bench itself."""

    setting: str
    ours: Side
    bare: Side
    rate: float
    p50: float
    p99: float
    processor: float = 0


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least this share of all does not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def side(rounds: Sequence[Round]) -> Side:
    """One side over its rounds."""
    samples = [sample for one in rounds for sample in one.milliseconds]
    return Side(
        count=len(samples),
        per_second=median(one.rate for one in rounds),
        p50=median(percentile(one.milliseconds, 0.5) for one in rounds),
        p99=percentile(samples, 0.99),
        calls=sum(sum(one.calls.values()) for one in rounds) / len(samples),
        processor={name: 1000 * sum(one.processor[name] for one in rounds) / len(samples) for name in rounds[0].processor},
    )


def _own(one: Side) -> float:
    return sum(spent for part, spent in one.processor.items() if part not in NOT_OURS)


def comparison(setting: str, ours: Sequence[Round], bare: Sequence[Round]) -> Comparison:
    """Ours beside the bare way."""
    mine, theirs = side(ours), side(bare)
    return Comparison(
        setting=setting,
        ours=mine,
        bare=theirs,
        rate=mine.per_second / theirs.per_second,
        p50=mine.p50 / theirs.p50,
        p99=mine.p99 / theirs.p99,
        processor=_own(mine) / max(_own(theirs), 1e-9),
    )
