"""What came in, what it came to, and how quickly it was acknowledged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from policies.shape import Shape
from rehearsal.checks.judge import Judge, differs
from rehearsal.record import Json
from rehearsal.scene import Scene
from rehearsal.words import Stretch, spoken


class DeliveriesCheck(Shape):
    """What came in (about a contract) and what it came to; ``all`` counts every copy."""

    contract: str | None = None
    all: int | None = None
    taken: int | None = None
    duplicates: int | None = None
    parked: int | None = None
    conflicting: int | None = None


class AcknowledgedCheck(Shape):
    """How quickly deliveries were acknowledged."""

    p95_below: Stretch


class DeliveryChecks(Shape):
    """The checks of this topic."""

    deliveries: DeliveriesCheck | None = None
    acknowledged: AcknowledgedCheck | None = None


@dataclass(frozen=True)
class DeliveryJudge(Judge):
    """Knows the inbox, and how long each acknowledgment took, in seconds."""

    inbox: list[Json]
    seconds: list[float]

    @classmethod
    async def informed(cls, scene: Scene, wanted: Sequence[Any]) -> Self:
        sent = [one for vendor in scene.stage.vendors.by_name.values() for one in await vendor.deliveries()]
        webhooks = [seconds for delivery in sent for seconds in delivery["seconds"]]
        return cls(await scene.view.inbox(), [*scene.acknowledged, *webhooks])

    def deliveries(self, wanted: DeliveriesCheck) -> Iterator[str]:
        rows = [row for row in self.inbox if wanted.contract in {None, row["contract"]}]
        by_outcome = {outcome: sum(row["outcome"] == outcome for row in rows) for outcome in ("taken", "parked", "conflicting")}
        arrived = sum(row["deliveries"] for row in rows)
        counts = {"all": arrived, **by_outcome, "duplicates": arrived - sum(by_outcome.values())}
        for name, count in wanted.model_dump(exclude_none=True, exclude={"contract"}).items():
            yield from differs(f"the number of deliveries ({name})", count, counts[name])

    def acknowledged(self, wanted: AcknowledgedCheck) -> Iterator[str]:
        times = sorted(self.seconds)
        p95 = times[int(len(times) * 0.95)] if times else None
        if p95 is None or p95 >= wanted.p95_below.total_seconds():
            measured = "nothing" if p95 is None else f"{p95:.3f} s over {len(times)}"
            yield f"expected 95 % of the acknowledgments within {spoken(wanted.p95_below)}, found {measured}"
