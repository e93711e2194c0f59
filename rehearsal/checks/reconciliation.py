"""What the newest reconciliation of an entity found: by type, in money, gross and net, and what stands open."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from canonical.reconciliation import DiscrepancyType, Reconciliation
from policies.shape import Shape
from rehearsal.checks.judge import Judge, differs
from rehearsal.scene import Scene
from rehearsal.words import Amount, MoneyText


class FoundCheck(Shape):
    """One finding; ``money`` is signed: what is missing is below zero."""

    type: DiscrepancyType
    comparison: str
    money: MoneyText | None = None
    healed: bool | None = None


class ReconciledCheck(Shape):
    """The newest run of an entity. ``found`` is every finding, no more and no less (HELD ones need not be named);

    ``sums`` what one side of a comparison came to ("entries.left"), ``closed`` how many findings this run closed.
    """

    entity: str
    net: MoneyText | None = None
    gross: MoneyText | None = None
    late: MoneyText | None = None
    found: tuple[FoundCheck, ...] | None = None
    closed: int | None = None
    sums: dict[str, Amount] = {}
    standing: int | None = None


class ReconciliationChecks(Shape):
    """The checks of this topic."""

    reconciled: ReconciledCheck | None = None


@dataclass(frozen=True)
class ReconciliationJudge(Judge):
    """Knows the newest run of each entity that is asked for."""

    runs: dict[str, Reconciliation]
    standing: Counter[str]

    @classmethod
    async def informed(cls, scene: Scene, wanted: Sequence[Any]) -> Self:
        books, runs = scene.office.books.reconciliation, dict[str, Reconciliation]()
        for entity in {one.entity for one in wanted}:
            for newest in await books.runs(entity=entity, most=1):
                runs[entity] = await books.read(newest.number)
        open_ones = await books.findings.standing(most=10_000)
        return cls(runs, Counter(one.entity for one in open_ones if one.type.is_drift))

    def reconciled(self, wanted: ReconciledCheck) -> Iterator[str]:
        run = self.runs.get(wanted.entity)
        if run is None:
            yield f"expected a reconciliation of {wanted.entity}, found none"
            return
        yield from self._totals(wanted, run)
        yield from differs(f"how many findings of {wanted.entity} this run closed", wanted.closed, len(run.closed))
        yield from differs(f"how many drifts of {wanted.entity} stand open", wanted.standing, self.standing[wanted.entity])
        for name, amount in wanted.sums.items():
            yield from differs(f"the sum of {name}", amount, _sum(run, name))
        if wanted.found is not None:
            yield from _found(wanted.found, run)

    def _totals(self, wanted: ReconciledCheck, run: Reconciliation) -> Iterator[str]:
        for name in ("net", "gross", "late"):
            money = getattr(wanted, name)
            if money is None:
                continue
            held = next((getattr(one, name) for one in run.totals if one.currency == money.currency), Decimal(0))
            yield from differs(f"the {name} of {wanted.entity}", money.amount, held)


def _sum(run: Reconciliation, name: str) -> Decimal:
    comparison, _, side = name.partition(".")
    return sum((getattr(one, f"{side}_sum") for one in run.buckets if one.comparison == comparison), Decimal(0))


def _found(wanted: Sequence[FoundCheck], run: Reconciliation) -> Iterator[str]:
    rest = list(run.findings)
    for one in wanted:
        fits = [
            found
            for found in rest
            if (found.type, found.comparison) == (one.type, one.comparison)
            and (one.money is None or found.money == one.money)
            and one.healed in {None, found.is_healed}
        ]
        if fits:
            rest.remove(fits[0])
        else:
            healed = "" if one.healed is None else " healed" if one.healed else " not healed"
            yield f"expected a finding {one.type.value} in {one.comparison} over {one.money or 'anything'}{healed}, found none"
    for found in rest:
        if found.type is not DiscrepancyType.HELD:
            yield f"found {found.type.value} in {found.comparison} over {found.money}: {found.key}, which nobody expected"
