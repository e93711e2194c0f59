"""Credit memos with their postings, what of them is the customer's credit, and the proposals behind them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from pydantic import Field

from canonical.credit import ProposalState
from policies.shape import Shape
from rehearsal.checks.judge import Judge, differs, money
from rehearsal.record import Json
from rehearsal.scene import Scene
from rehearsal.words import Amount, MoneyText


class CreditCheck(Shape):
    """The credits of a contract (of one billing run's invoice, of one name): how many, where each stands, what it comes to.

    ``lines`` are the amounts of the memo's lines in any order, ``posts`` what its journal comes to by account: debits positive;
    ``open`` is applied to nothing and is the customer's credit.
    """

    contract: str
    run: str = ""
    name: str = ""
    count: int = 1
    state: ProposalState | None = None
    net: MoneyText | None = Field(default=None, description="of the memo: retainers deducted")
    tax: MoneyText | None = None
    total: MoneyText | None = None
    open: Amount | None = None
    lines: tuple[Amount, ...] = ()
    posts: dict[str, Amount] = {}
    approved_by: str | None = None


class CreditChecks(Shape):
    """The checks of this topic."""

    credits: CreditCheck | None = None


@dataclass(frozen=True)
class CreditJudge(Judge):
    """Knows the credit memos and their proposals."""

    proposals: list[Json]
    memos: dict[str, Json]

    @classmethod
    async def informed(cls, scene: Scene, wanted: Sequence[Any]) -> Self:
        documents = await scene.view.billing_documents()
        memos = {one["reference"]: one for one in documents if one["kind"] == "credit_memo"}
        return cls(await scene.view.rows("SELECT * FROM credit_proposals ORDER BY reference"), memos)

    def credits(self, wanted: CreditCheck) -> Iterator[str]:
        invoice = f"{wanted.contract}.{wanted.run}" if wanted.run else ""
        chosen = [
            one
            for one in self.proposals
            if one["contract"] == wanted.contract
            and invoice in {"", one["invoice"]}
            and (not wanted.name or one["reference"] == f"{one['invoice']}.{wanted.name}")
        ]
        what = f"credits of {invoice or wanted.contract}"
        if len(chosen) != wanted.count:
            names = ", ".join(f"{one['reference']} {one['state']}" for one in chosen)
            yield f"expected {wanted.count} {what}, found {len(chosen)}: {names or 'none'}"
        for one in chosen:
            yield from differs(f"the state of {one['reference']}", wanted.state and wanted.state.value, one["state"])
            yield from differs(f"who decided {one['reference']}", wanted.approved_by, one["decided_by"])
            yield from self._memo(wanted, one["reference"])

    def _memo(self, wanted: CreditCheck, reference: str) -> Iterator[str]:
        asks = wanted.lines or wanted.posts or any(v is not None for v in (wanted.net, wanted.tax, wanted.total, wanted.open))
        memo = self.memos.get(reference)
        if memo is None:
            if asks:
                yield f"expected a credit memo {reference}, found none"
            return
        for name in ("net", "tax", "total"):
            yield from differs(f"the {name} of {reference}", getattr(wanted, name), money(memo[name], memo["currency"]))
        yield from differs(f"the customer's credit of {reference}", wanted.open, memo["open_amount"])
        if wanted.lines and sorted(wanted.lines) != sorted(memo["lines"]):
            yield f"expected the lines of {reference} to be {sorted(wanted.lines)}, found {sorted(memo['lines'])}"
        posted = {account: Decimal(amount) for account, amount in memo["posts"].items()}
        if wanted.posts and wanted.posts != posted:
            yield f"expected {reference} to post {_by_account(wanted.posts)}, found {_by_account(posted)}"


def _by_account(posts: dict[str, Decimal]) -> str:
    return ", ".join(f"{account} {amount:,.2f}" for account, amount in sorted(posts.items())) or "nothing"
