"""Engagements on the board, and how long their activation took."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, Self

from pydantic import Field

from canonical.engagement import EngagementStatus
from policies.shape import Shape
from rehearsal.checks.judge import Judge, differs, lacks, listed, money
from rehearsal.record import Json
from rehearsal.scene import Scene
from rehearsal.words import MoneyText, Stretch

Target = Literal["customer", "psa_project", "erp_project", "schedule", "workspace", "signed_contract", "staffing"]


class EngagementCheck(Shape):
    """An engagement on the board: where it stands, what it is worth, which records it has."""

    contract: str
    status: EngagementStatus | None = None
    value: MoneyText | None = None
    version: int | None = None
    has: tuple[Target, ...] = ()
    lacks: tuple[Target, ...] = ()
    says: str | None = Field(default=None, description="words that its note holds")


class ActivationTimeCheck(Shape):
    """From the execution of a contract to its activation, in business time."""

    contract: str
    at_least: Stretch | None = None
    at_most: Stretch | None = None


class EngagementChecks(Shape):
    """The checks of this topic."""

    engagement: EngagementCheck | None = None
    engagements: int | None = Field(default=None, description="how many there are")
    activation_time: ActivationTimeCheck | None = None


@dataclass(frozen=True)
class EngagementJudge(Judge):
    """Knows the board."""

    board: dict[str, Json]

    @classmethod
    async def informed(cls, scene: Scene, wanted: Sequence[Any]) -> Self:
        return cls({row["reference"]: row for row in await scene.view.engagements()})

    def engagement(self, wanted: EngagementCheck) -> Iterator[str]:
        row = self.board.get(wanted.contract)
        if row is None:
            yield f"expected an engagement {wanted.contract}, found none"
            return
        value = money(row["value_amount"], row["value_currency"])
        who = f"engagement {wanted.contract}"
        yield from differs(f"the status of {who}", wanted.status and wanted.status.value, row["status"])
        yield from differs(f"the value of {who}", wanted.value, value)
        yield from differs(f"the version of {who}", wanted.version, row["version"])
        targets = row["targets"] or {}
        for name in wanted.has:
            if not any(_is_target(held, name) for held in targets):
                yield f"expected {who} to have a {name}, found {listed(targets)}"
        for name in wanted.lacks:
            if any(_is_target(held, name) for held in targets):
                yield f"expected {who} to have no {name}, found {listed(targets)}"
        yield from lacks(f"the note of {who}", wanted.says, row["note"])

    def engagements(self, wanted: int) -> Iterator[str]:
        yield from differs("the number of engagements", wanted, len(self.board))

    def activation_time(self, wanted: ActivationTimeCheck) -> Iterator[str]:
        row = self.board.get(wanted.contract)
        if row is None or row["executed_at"] is None or row["activated_at"] is None:
            yield f"expected {wanted.contract} to have been executed and activated, found that it was not"
            return
        took: timedelta = row["activated_at"] - row["executed_at"]
        if (wanted.at_least and took < wanted.at_least) or (wanted.at_most and took > wanted.at_most):
            bounds = f"between {wanted.at_least} and {wanted.at_most}"
            yield f"expected the activation of {wanted.contract} to take {bounds}, found {took}"


def _is_target(held: str, name: str) -> bool:
    """Targets are kept by kind, in front of which a board may name the system and behind which a part may stand."""
    return held == name or held.endswith(f" {name}") or held.split(" ")[-1].startswith(f"{name}.")
