"""Exceptions: how many, whose, about which money."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from canonical.exception import CaseState
from policies.shape import Shape
from rehearsal.checks.judge import Judge, differs, lacks, money
from rehearsal.record import Json
from rehearsal.scene import Scene
from rehearsal.words import MoneyText


class ExceptionsCheck(Shape):
    """How many exceptions there are of a code (in a state, of a contract, about a subject), and what each holds."""

    code: str
    contract: str | None = None
    subject: str | None = None
    state: CaseState | None = None
    count: int = 1
    money: MoneyText | None = None
    owner: str | None = None
    says: str | None = None


class ExceptionChecks(Shape):
    """The checks of this topic."""

    exceptions: ExceptionsCheck | None = None


@dataclass(frozen=True)
class ExceptionJudge(Judge):
    """Knows every exception, oldest first."""

    cases: list[Json]

    @classmethod
    async def informed(cls, scene: Scene, wanted: Sequence[Any]) -> Self:
        return cls(await scene.view.cases())

    def exceptions(self, wanted: ExceptionsCheck) -> Iterator[str]:
        of_code = [
            case
            for case in self.cases
            if case["code"] == wanted.code
            and wanted.contract in {None, case["engagement"]}
            and wanted.subject in {None, case["subject"]}
        ]
        chosen = [case for case in of_code if wanted.state in {None, case["state"]}]
        what = " ".join(filter(None, [wanted.code, wanted.subject, wanted.state and f"({wanted.state.value})"]))
        if len(chosen) != wanted.count:
            others = "; ".join(f"{case['code']} {case['subject']} {case['state']}".strip() for case in self.cases)
            yield f"expected {wanted.count} exceptions {what}, found {len(chosen)}; all there are: {others or 'none'}"
        for case in chosen:
            at_risk = money(case["money_amount"], case["money_currency"])
            yield from differs(f"the money at risk of {what}", wanted.money, at_risk)
            yield from differs(f"the owner of {what}", wanted.owner, case["owner_role"])
            yield from lacks(f"the sentence of {what}", wanted.says, case["sentence"])
