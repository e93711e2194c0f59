"""A firm's billing as tests tell it: items with defaults, a claim with defaults, credits by name of the item."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from canonical.billable import Balance, Billable, BillableKind, CreditDisposition, Work
from canonical.claim import Claim, Claimed
from canonical.intake import Intake
from canonical.invoice import CreditedAllocation, CreditMemo, DocumentRecord, DocumentState, InvoiceState
from canonical.money import Money
from canonical.period import Period
from canonical.provenance import Origin
from canonical.sub_ledger import SubLedger, SubLedgerKind, Want
from ledger.billing.book import BillingLedger
from ledger.database import Database

WHO = Origin(correlation="COR-1", engagement="ENG-1", actor="test")
TODAY = date(2026, 8, 4)


def usd(amount: str | int | Decimal) -> Money:
    return Money.of(amount, "USD")


JUNE = date(2026, 6, 15)


def an_item(reference: str, hours: str = "1", rate: str | None = "200", day: date = JUNE, **changes: Any) -> Billable:
    quantity = Decimal(hours)
    facts: dict[str, Any] = {
        "reference": reference,
        "kind": BillableKind.TIME,
        "contract": "C-1",
        "line": "L1",
        "entity": "US01",
        "customer": "CUST-ACME",
        "currency": "USD",
        "service": Period(start=day, end=day + timedelta(days=1)),
        "quantity": quantity,
        "unit": "hour",
        "rate": usd(rate) if rate else None,
        "rate_version": "RC-1/1",
        "amount": (usd(rate or 0) * quantity).rounded(),
        "work": Work(person="P-1", role="Senior", task="T-1", approved_by="boss", note=reference),
        "source": "kantata",
        "source_version": "2026-06-16T08:00:00Z",
        "evidence": {"clause": "4.2"},
    }
    return Billable(**{**facts, **changes})


class Firm:
    """The billing ledger of a test, with one contract unless it says otherwise."""

    def __init__(self, database: Database, contract: str = "C-1") -> None:
        self.database = database
        self.ledger = BillingLedger.over(database)
        self.contract, self.customer = contract, f"CUST-{contract}"

    async def approve(self, *items: Billable, anew: bool = False) -> Intake:
        named = [item.model_copy(update={"contract": self.contract, "customer": self.customer}) for item in items]
        return await self.ledger.entries.accept(named, batch="B", origin=WHO, anew=anew)

    async def bill(self, run: str, through: date | None = None, **changes: Any) -> Claimed:
        facts: dict[str, Any] = {
            "run": run,
            "reference": run,
            "contracts": (self.contract,),
            "through": through,
            "document_date": TODAY,
            "accounting_date": TODAY,
        }
        return await self.ledger.claims.claim(Claim(**{**facts, **changes}), origin=WHO)

    async def post(self, reference: str, number: str = "") -> None:
        found = await self.ledger.documents.read(reference)
        if found.state is InvoiceState.PROPOSED:
            await self.ledger.documents.move(reference, InvoiceState.RELEASED, origin=WHO)
        record = DocumentRecord(
            target_id=f"id-{reference}", number=number or f"NS-{reference}", state=DocumentState.OPEN, net=found.net,
            tax=found.tax, total=found.total, open=found.total, posted_on=TODAY, version="1",
        )  # fmt: skip
        await self.ledger.documents.posted(reference, record, system="erp", origin=WHO)

    async def credit(
        self, memo: str, invoice: str, parts: Sequence[tuple[str, str, CreditDisposition]] | None = None, **changes: Any
    ) -> str:
        """Parts by item and amount ('' for all of it); without parts everything that is left, re-opened."""
        standing = {one.billable: one for one in await self.ledger.documents.allocations(invoice)}
        wanted = parts or [(name, "", CreditDisposition.REOPENED) for name, one in standing.items() if one.left.amount]
        named = [
            CreditedAllocation(
                allocation=standing[name].allocation,
                amount=Money.of(amount, standing[name].amount.currency) if amount else standing[name].left,
                quantity=min(
                    standing[name].left_quantity,
                    (standing[name].quantity * Decimal(amount) / standing[name].amount.amount).quantize(Decimal("0.000001")),
                ) if amount else standing[name].left_quantity,
                disposition=how,
            )
            for name, amount, how in wanted
        ]  # fmt: skip
        head = CreditMemo(
            reference=memo, invoice=invoice, contract=self.contract, entity="US01", customer=self.customer, currency="USD",
            memo_date=TODAY, accounting_date=TODAY, reason="as agreed", lines=(), tax=usd(0),
        )  # fmt: skip
        return await self.ledger.credits.credit(head, named, origin=WHO, **changes)

    async def balance(self, reference: str) -> Balance:
        (found,) = await self.ledger.billables.read([reference])
        return found.balance


def nets(claimed: Claimed) -> list[str]:
    return [f"{document.net.amount:.2f}" for document in claimed.documents]


async def a_retainer(firm: Firm, funded: str, agreed: str = "20000", threshold: str = "4000") -> None:
    account = SubLedger(
        kind=SubLedgerKind.RETAINER,
        contract=firm.contract,
        name="L4",
        currency="USD",
        agreed=usd(agreed),
        threshold=usd(threshold),
    )
    await firm.ledger.sub_ledgers.open(account, origin=WHO)
    want = Want(
        kind=SubLedgerKind.RETAINER, contract=firm.contract, name="L4", key="signing", amount=usd(funded), reason="funded"
    )
    await firm.ledger.sub_ledgers.fund(want, origin=WHO)


async def retainer(firm: Firm) -> str:
    account = await firm.ledger.sub_ledgers.read(SubLedgerKind.RETAINER, firm.contract, "L4")
    assert account and account.balance
    return str(account.balance)


async def a_limit(firm: Firm, kind: SubLedgerKind, name: str, ceiling: str, used: str = "0", tolerance: str = "0") -> None:
    account = SubLedger(
        kind=kind, contract=firm.contract, name=name, currency="USD", ceiling=usd(ceiling), tolerance=usd(tolerance)
    )
    await firm.ledger.sub_ledgers.open(account, origin=WHO)
    if Decimal(used):
        await firm.ledger.sub_ledgers.take(
            [Want(kind=kind, contract=firm.contract, name=name, key="used before", amount=usd(used))]
        )


async def used(firm: Firm, kind: SubLedgerKind, name: str) -> str:
    account = await firm.ledger.sub_ledgers.read(kind, firm.contract, name)
    assert account and account.balance
    return str(account.balance)
