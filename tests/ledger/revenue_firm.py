"""An entity with engagements as revenue sees them: plans, items, and invoices that are accounted on a day."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from canonical.billable import Billable, BillableKind
from canonical.billing_document import LineTerms
from canonical.billing_schedule import RevenuePlan, RevenuePlanItem
from canonical.claim import Claim
from canonical.engagement import EngagementRow
from canonical.invoice import DocumentRecord, DocumentState, InvoiceState
from canonical.money import Money
from canonical.obligation import ProgressMeasure
from canonical.period import Period
from canonical.provenance import Origin
from canonical.quote import BillingKind
from canonical.revenue_event import Progress
from canonical.rules.postings import Chart
from ledger.books import Books

WHO = Origin(correlation="COR-1", engagement="ENG-1", actor="test")
APRIL, MAY = Period.month(2026, 4), Period.month(2026, 5)


def usd(amount: str | int) -> Money:
    return Money.of(amount, "USD")


def planned(line: str, kind: str, treatment: str, *months: tuple[Period, int]) -> list[RevenuePlanItem]:
    return [
        RevenuePlanItem(line=line, treatment=treatment, period=period, amount=usd(amount), kind=BillingKind(kind))
        for period, amount in months
    ]


@dataclass(frozen=True)
class Sold:
    """One engagement of an entity."""

    books: Books
    contract: str
    entity: str

    async def plan(self, *items: RevenuePlanItem, version: int = 1) -> None:
        await self.books.engagements.update(EngagementRow(reference=self.contract, entity=self.entity))
        plan = RevenuePlan(reference=self.contract, currency="USD", items=items)
        await self.books.plans.plan_revenue(plan, version=version, origin=WHO)

    async def measure(self, line: str, done: int, expected: int, on: date, version: int = 1) -> bool:
        progress = Progress(done=Decimal(done), expected=Decimal(expected))
        measure = ProgressMeasure(contract=self.contract, line=line, as_of=on, version=version, progress=progress)
        return await self.books.billing.revenue.measure(measure, origin=WHO)

    async def approve(self, kind: str, line: str, amount: int | str, day: date, number: int = 1, **changes: Any) -> str:
        facts: dict[str, Any] = {
            "reference": f"{self.contract}.{line}.{kind}.{number}",
            "kind": BillableKind(kind),
            "contract": self.contract,
            "line": line,
            "entity": self.entity,
            "customer": "CUST-1",
            "currency": "USD",
            "service": Period(start=day, end=day + timedelta(days=1)),
            "amount": usd(amount),
            "source": "test",
            "source_version": "1",
        }
        item = Billable(**{**facts, **changes})
        await self.books.billing.entries.accept([item], batch=item.reference, origin=WHO)
        return item.reference

    async def claim(self, run: str, on: date, **changes: Any) -> list[str]:
        facts: dict[str, Any] = {"run": run, "reference": run, "contracts": (self.contract,), "through": on}
        claim = Claim(**{**facts, "document_date": on, "accounting_date": on, **changes})
        return [one.reference for one in (await self.books.billing.claims.claim(claim, origin=WHO)).documents]

    async def bill(self, run: str, on: date, account: str = "", **changes: Any) -> None:
        """Everything that is open, posted and accounted on that day; its lines on the chart's accounts unless one is given."""
        for reference in await self.claim(run, on, **changes):
            await self.post(reference, on, account)

    async def post(self, reference: str, on: date, account: str = "") -> None:
        documents = self.books.billing.documents
        invoice = await documents.invoice(reference)
        chart, default = Chart(), BillableKind.TIME
        lines = [
            LineTerms(number=one.number, account=account or chart.billed_to(one.billing or default)) for one in invoice.lines
        ]
        await documents.complete(reference, usd(0), lines, origin=WHO)
        await documents.move(reference, InvoiceState.RELEASED, origin=WHO)
        await documents.posted(reference, _record(reference, invoice.net, on), system="netsuite", origin=WHO)

    async def posted_credit(self, reference: str, on: date) -> None:
        """A memo that was made is posted; the credit is made when a person agreed, so it is released already."""
        documents = self.books.billing.documents
        net = (await documents.credit_memo(reference)).net
        await documents.posted(reference, _record(reference, net, on), system="netsuite", origin=WHO)


def _record(reference: str, net: Money, on: date) -> DocumentRecord:
    return DocumentRecord(
        target_id=f"id-{reference}",
        number=f"NS-{reference}",
        state=DocumentState.OPEN,
        net=net,
        tax=usd(0),
        total=net,
        open=net,
        posted_on=on,
        version="1",
    )
