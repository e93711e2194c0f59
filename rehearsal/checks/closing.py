"""The month end: journals by account as they stand in the mirrored books, and what a controller reads before closing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Self

from pydantic import Field

from canonical.closing import Readiness
from canonical.money import Money
from policies.shape import Shape
from rehearsal.checks.judge import Judge, differs
from rehearsal.record import Json
from rehearsal.scene import Scene
from rehearsal.words import Amount, MoneyText


class JournalsCheck(Shape):
    """The journals of an entity whose reference begins so (REV, ACCR), on a day: how many, and what they come to by account."""

    entity: str = "US01"
    about: str = Field(min_length=1)
    on: date | None = None
    count: int | None = None
    posts: dict[str, Amount] = {}


class ReadinessCheck(Shape):
    """What is read before a month is closed; ``waiting`` is by state and code (``held PO_EXHAUSTED``)."""

    entity: str = "US01"
    period: str
    ready: bool | None = None
    waiting: dict[str, MoneyText] = {}
    prior_period: MoneyText | None = None
    says: str | None = None


class ClosingChecks(Shape):
    """The checks of this topic."""

    journals: JournalsCheck | None = None
    readiness: ReadinessCheck | None = None


_JOURNALS = """
SELECT entity, reference, posted_on, account, sum(debit - credit) AS amount FROM journal_lines WHERE document = ''
GROUP BY 1, 2, 3, 4 ORDER BY 2, 4
"""


@dataclass(frozen=True)
class ClosingJudge(Judge):
    """Knows the journals of the month end, and asks for the readiness of the months that are checked."""

    lines: list[Json]
    months: dict[tuple[str, str], Readiness]

    @classmethod
    async def informed(cls, scene: Scene, wanted: Sequence[Any]) -> Self:
        asked = {(one.entity, one.period) for one in wanted if isinstance(one, ReadinessCheck)}
        months = {(entity, period): await scene.office.closing.readiness(entity, period) for entity, period in sorted(asked)}
        return cls(await scene.view.rows(_JOURNALS), months)

    def journals(self, wanted: JournalsCheck) -> Iterator[str]:
        chosen = [
            one
            for one in self.lines
            if one["entity"] == wanted.entity
            and one["reference"].startswith(wanted.about)
            and wanted.on in {None, one["posted_on"]}
        ]
        what = f"journals {wanted.about} of {wanted.entity}" + (f" on {wanted.on}" if wanted.on else "")
        names = sorted({one["reference"] for one in chosen})
        yield from differs(f"the number of {what}", wanted.count, len(names))
        posted: dict[str, Decimal] = {}
        for one in chosen:
            posted[one["account"]] = posted.get(one["account"], Decimal(0)) + one["amount"]
        if wanted.posts and wanted.posts != posted:
            yield f"expected {what} to post {_told(wanted.posts)}, found {_told(posted)}"

    def readiness(self, wanted: ReadinessCheck) -> Iterator[str]:
        found = self.months[wanted.entity, wanted.period]
        what, said = f"{wanted.entity} in {wanted.period}", " ".join(found.hindrances)
        yield from differs(f"whether {what} is ready", wanted.ready, found.is_ready)
        for name, money in wanted.waiting.items():
            held = [one.amount for one in found.waiting if f"{one.state} {one.code}".strip() == name]
            yield from differs(f"what waits as '{name}' of {what}", money, Money.sum(held, money.currency))
        if wanted.prior_period:
            amounts = [one.amount for one in found.prior]
            yield from differs(
                f"what {what} holds of prior periods", wanted.prior_period, Money.sum(amounts, wanted.prior_period.currency)
            )
        if wanted.says and wanted.says not in said:
            yield f"expected what stands in the way of {what} to say '{wanted.says}', found {said or 'nothing'}"


def _told(posts: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{account} {amount:,.2f}" for account, amount in sorted(posts.items())) or "nothing"
