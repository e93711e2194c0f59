"""Invoices with their postings, what they bill, and retainers, purchase orders and caps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Self

from pydantic import Field

from canonical.billable import BillableKind
from canonical.billing_view import BacklogRow
from canonical.invoice import InvoiceState
from canonical.sub_ledger import SubLedgerKind
from policies.shape import Shape
from rehearsal.checks.judge import Judge, differs, lacks, money
from rehearsal.record import Json
from rehearsal.scene import Scene
from rehearsal.words import Amount, MoneyText


class InvoiceCheck(Shape):
    """The invoices of a contract (of one billing run, on one purchase order): how many, in which state, what each comes to.

    ``lines`` are the amounts of its lines in any order, ``posts`` what its journal comes to by account: debits positive;
    ``says`` are words of its lines, ``bill_to`` the number of the company that is billed.
    """

    contract: str
    run: str = ""
    count: int = 1
    state: InvoiceState | None = None
    net: MoneyText | None = None
    tax: MoneyText | None = None
    total: MoneyText | None = None
    purchase_order: str | None = None
    certificate: str | None = Field(default=None, description="by which it is exempt from tax")
    bill_to: str | None = None
    says: str | None = None
    accounted: date | None = None
    prior_period: bool | None = None
    lines: tuple[Amount, ...] = ()
    posts: dict[str, Amount] = {}


class SubLedgerCheck(Shape):
    """A retainer (what is left), or a purchase order or cap (what is used)."""

    kind: SubLedgerKind = SubLedgerKind.RETAINER
    contract: str
    name: str
    balance: Amount


class BillablesCheck(Shape):
    """The items of a contract (of a kind): how many, what was approved, what is billed and not credited."""

    contract: str
    kind: BillableKind | None = None
    count: int | None = None
    approved: Amount | None = None
    billed: Amount | None = None


class EvidenceCheck(Shape):
    """What stands behind each item of a contract (of a kind): cost, receipt, purchase order, clause, exchange rate."""

    contract: str
    kind: BillableKind | None = None
    holds: dict[str, str]


class BacklogCheck(Shape):
    """What waits of a contract in a state (pending_approval, open, held ...), under a code where it has one."""

    contract: str
    state: str
    code: str | None = None
    items: int | None = None
    hours: Amount | None = None
    amount: Amount | None = None


class BillingChecks(Shape):
    """The checks of this topic."""

    backlog: BacklogCheck | None = None
    evidence: EvidenceCheck | None = None

    invoices: InvoiceCheck | None = None
    sub_ledger: SubLedgerCheck | None = None
    billables: BillablesCheck | None = None


@dataclass(frozen=True)
class BillingJudge(Judge):
    """Knows the billing ledger."""

    documents: list[Json]
    sub_ledgers: list[Json]
    items: list[Json]
    waiting: dict[str, Sequence[BacklogRow]]

    @classmethod
    async def informed(cls, scene: Scene, wanted: Sequence[Any]) -> Self:
        view, desk = scene.view, scene.office.billing
        asked = {one.contract for one in wanted if isinstance(one, BacklogCheck)}
        waiting = {contract: await desk.backlog(contract=contract) for contract in sorted(asked)}
        return cls(await view.billing_documents(), await view.sub_ledgers(), await view.billables(), waiting)

    def evidence(self, wanted: EvidenceCheck) -> Iterator[str]:
        chosen = [
            one
            for one in self.items
            if one["contract"] == wanted.contract and wanted.kind in {None, one["kind"]} and one["state"] != "withdrawn"
        ]
        if not chosen:
            yield f"expected items of {wanted.contract}, found none"
        for one in chosen:
            for name, value in wanted.holds.items():
                yield from differs(f"the {name} of {one['reference']}", value, one["evidence"].get(name))

    def backlog(self, wanted: BacklogCheck) -> Iterator[str]:
        rows = [one for one in self.waiting[wanted.contract] if one.state == wanted.state and wanted.code in {None, one.code}]
        what = f"what is {wanted.state.replace('_', ' ')} of {wanted.contract}"
        yield from differs(f"the number of items of {what}", wanted.items, sum(one.items for one in rows))
        yield from differs(f"the hours of {what}", wanted.hours, sum((one.hours for one in rows), Decimal(0)))
        yield from differs(f"the amount of {what}", wanted.amount, sum((one.amount.amount for one in rows), Decimal(0)))

    def invoices(self, wanted: InvoiceCheck) -> Iterator[str]:
        run = f"{wanted.contract}/{wanted.run}"
        chosen = [
            one
            for one in self.documents
            if one["kind"] == "invoice"
            and one["contract"] == wanted.contract
            and (not wanted.run or one["run"] == run)
            and wanted.purchase_order in {None, one["purchase_order"]}
        ]
        what = f"invoices of {run.rstrip('/')}" + (f" on {wanted.purchase_order}" if wanted.purchase_order else "")
        if len(chosen) != wanted.count:
            names = ", ".join(one["reference"] for one in chosen)
            yield f"expected {wanted.count} {what}, found {len(chosen)}: {names or 'none'}"
        for one in chosen:
            yield from _of_invoice(wanted, one)

    def sub_ledger(self, wanted: SubLedgerCheck) -> Iterator[str]:
        which = (wanted.kind.value, wanted.contract, wanted.name)
        found = [one for one in self.sub_ledgers if (one["kind"], one["contract"], one["name"]) == which]
        if not found:
            yield f"expected a {wanted.kind.value} {wanted.name} of {wanted.contract}, found none"
        for one in found:
            yield from differs(f"the balance of {wanted.kind.value} {wanted.name}", wanted.balance, one["balance"])

    def billables(self, wanted: BillablesCheck) -> Iterator[str]:
        chosen = [
            one
            for one in self.items
            if one["contract"] == wanted.contract and wanted.kind in {None, one["kind"]} and one["state"] != "withdrawn"
        ]
        what = f"{wanted.kind.value if wanted.kind else 'billable'} items of {wanted.contract}"
        yield from differs(f"the number of {what}", wanted.count, len(chosen))
        yield from differs(f"what was approved of {what}", wanted.approved, sum((one["approved"] for one in chosen), Decimal(0)))
        net = sum((one["billed"] - one["credited"] for one in chosen), Decimal(0))
        yield from differs(f"what is billed of {what}", wanted.billed, net)


def _of_invoice(wanted: InvoiceCheck, one: Json) -> Iterator[str]:
    which = f"invoice {one['reference']}"
    yield from differs(f"the state of {which}", wanted.state and wanted.state.value, one["state"])
    for name in ("net", "tax", "total"):
        yield from differs(f"the {name} of {which}", getattr(wanted, name), money(one[name], one["currency"]))
    yield from differs(f"the exemption certificate of {which}", wanted.certificate, one["exemption_certificate"])
    yield from lacks(f"the customer of {which}", wanted.bill_to, one["customer"])
    yield from lacks(f"the lines of {which}", wanted.says, "; ".join(one["descriptions"]))
    yield from differs(f"the accounting date of {which}", wanted.accounted, one["accounting_date"])
    yield from differs(f"whether {which} is of a prior period", wanted.prior_period, one["is_prior_period"])
    if wanted.lines and sorted(wanted.lines) != sorted(one["lines"]):
        yield f"expected the lines of {which} to be {_amounts(wanted.lines)}, found {_amounts(one['lines'])}"
    posted = {account: Decimal(amount) for account, amount in one["posts"].items()}
    if wanted.posts and wanted.posts != posted:
        yield f"expected {which} to post {_by_account(wanted.posts)}, found {_by_account(posted)}"


def _amounts(amounts: Iterable[Decimal]) -> str:
    return ", ".join(f"{amount:,.2f}" for amount in sorted(amounts)) or "none"


def _by_account(posts: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{account} {amount:,.2f}" for account, amount in sorted(posts.items())) or "nothing"
