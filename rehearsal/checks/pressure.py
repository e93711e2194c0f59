"""Money at risk, what was posted in bulk, what went first, and how often a system was called in vain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal, Self

from canonical.pressure import Pressure
from policies.shape import Shape
from rehearsal.checks.judge import Judge, differs
from rehearsal.record import Json
from rehearsal.scene import Scene
from rehearsal.systems.registry import SystemName
from rehearsal.words import Amount, MoneyText


class AtRiskCheck(Shape):
    """Approved and not posted as an invoice: how many items, of all entities, and what they come to."""

    items: int | None = None
    amount: MoneyText | None = None


class ChargedCheck(Shape):
    """The live charges that the ERP holds: how many, none twice, and what they come to."""

    count: int
    total: Amount | None = None


class AccountedCheck(Shape):
    """Invoices whose accounting date is this day: how many items they bill, and what they come to before tax."""

    on: date
    items: int
    net: MoneyText


class SoonerCheck(Shape):
    """Of the calls that a system carried out, the first of these came before the first of those (words in method and path)."""

    system: SystemName
    these: str
    those: str


class InVainCheck(Shape):
    """How many calls a system answered with this status, at most."""

    system: SystemName
    status: Literal[429, 503]
    at_most: int


class PressureChecks(Shape):
    """The checks of this topic."""

    at_risk: AtRiskCheck | None = None
    charged: ChargedCheck | None = None
    accounted: AccountedCheck | None = None
    sooner: SoonerCheck | None = None
    in_vain: InVainCheck | None = None


@dataclass(frozen=True)
class PressureJudge(Judge):
    """Knows the queue, the ERP's charges, our documents with their items, and every call."""

    pressure: Pressure
    held: list[Json]
    documents: list[Json]
    seen: dict[SystemName, list[Json]]

    @classmethod
    async def informed(cls, scene: Scene, wanted: Sequence[Any]) -> Self:
        records = (await scene.stage.vendors["netsuite"].state())["records"].get("charge", {})
        documents = await scene.view.rows(
            "SELECT d.*, (SELECT sum(l.items) FROM billing_document_lines l WHERE l.document = d.reference) AS items"
            " FROM billing_documents d WHERE d.kind = 'invoice' AND d.state = 'posted'"
        )
        seen = {name: await vendor.calls() for name, vendor in scene.stage.vendors.by_name.items()}
        return cls(await scene.office.books.billing.pressure.read(), list(records.values()), documents, seen)

    def at_risk(self, wanted: AtRiskCheck) -> Iterator[str]:
        items = sum(one.items for one in self.pressure.at_risk)
        yield from differs("the items at risk", wanted.items, items)
        if wanted.amount is not None:
            amounts = [one.amount for one in self.pressure.at_risk if one.amount.currency == wanted.amount.currency]
            found = wanted.amount.sum(amounts, wanted.amount.currency)
            yield from differs("the money at risk", wanted.amount, found)

    def charged(self, wanted: ChargedCheck) -> Iterator[str]:
        live = [one for one in self.held if one.get("stage", {}).get("id") != "NON_BILLABLE"]
        yield from differs("the number of charges", wanted.count, len(live))
        yield from differs("the number of items that are charged", wanted.count, len({one["externalId"] for one in live}))
        total = sum((Decimal(str(one["amount"])) for one in live), Decimal(0))
        yield from differs("the sum of the charges", wanted.total, total)

    def accounted(self, wanted: AccountedCheck) -> Iterator[str]:
        found = [one for one in self.documents if one["accounting_date"] == wanted.on and one["posted_on"] == wanted.on]
        yield from differs(f"the items invoiced on {wanted.on}", wanted.items, sum(int(one["items"] or 0) for one in found))
        net = sum((one["net"] for one in found if one["currency"] == wanted.net.currency), Decimal(0))
        yield from differs(f"the net of the invoices of {wanted.on}", wanted.net.amount, net)

    def sooner(self, wanted: SoonerCheck) -> Iterator[str]:
        calls = [f"{call['method']} {call['path']}" for call in self.seen[wanted.system] if (call["status"] or 500) < 400]
        first = {
            words: next((n for n, call in enumerate(calls) if words in call), None) for words in (wanted.these, wanted.those)
        }
        these, those = first[wanted.these], first[wanted.those]
        if these is None or those is None or these > those:
            yield f"expected {wanted.these} before {wanted.those}, found them at places {these} and {those}"

    def in_vain(self, wanted: InVainCheck) -> Iterator[str]:
        calls = [call for call in self.seen[wanted.system] if call["status"] == wanted.status]
        if len(calls) > wanted.at_most:
            yield f"expected at most {wanted.at_most} calls that {wanted.system} answered {wanted.status}, found {len(calls)}"
