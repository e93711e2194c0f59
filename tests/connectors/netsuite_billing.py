"""The world of the NetSuite connector's billing tests: a valid default of everything billed, and people at work there."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2 as httpx

from canonical.billable import Billable, BillableKind, Work
from canonical.charge import ChargeLine
from canonical.invoice import CreditMemo, DocumentLine, Invoice
from canonical.journal import Journal, JournalLine
from canonical.money import Money
from canonical.period import Period
from canonical.project import Dimensions
from canonical.written import Written
from tests.connectors.contract import Bench
from tests.connectors.netsuite_world import a_customer, usd

JUNE = date(2026, 6, 30)
DIMENSIONS = Dimensions(practice="Advisory", region="East", revenue_treatment="as_billed", cost_center="CC-1")


def days(start: date, last: date | None = None) -> Period:
    return Period.through(start, last or start)


def a_line(number: int = 1, amount: str = "10000", **fields: Any) -> DocumentLine:
    given = {"description": "Senior, June", "account": "4000", "dimensions": DIMENSIONS, "line": "L2"}
    return DocumentLine(number=number, amount=usd(amount), **{**given, **fields})


def an_invoice(reference: str = "INV-100", **fields: Any) -> Invoice:
    given = {
        "contract": "C-1",
        "entity": "US01",
        "customer": "CUST-1",
        "currency": "USD",
        "invoice_date": JUNE,
        "accounting_date": JUNE,
        "due_date": date(2026, 7, 30),
        "purchase_order": "4500-1",
        "lines": (a_line(),),
        "tax": usd("0"),
    }
    return Invoice(reference=reference, **{**given, **fields})


def a_credit_memo(reference: str = "CM-100", **fields: Any) -> CreditMemo:
    given = {
        "invoice": "INV-100",
        "contract": "C-1",
        "entity": "US01",
        "customer": "CUST-1",
        "currency": "USD",
        "memo_date": date(2026, 7, 2),
        "accounting_date": date(2026, 7, 2),
        "reason": "3.5 hours were disputed",
        "lines": (a_line(amount="700"),),
        "tax": usd("0"),
    }
    return CreditMemo(reference=reference, **{**given, **fields})


def a_billable(number: int = 1, **fields: Any) -> Billable:
    given = {
        "kind": BillableKind.TIME,
        "contract": "C-1",
        "line": "L2",
        "entity": "US01",
        "customer": "CUST-1",
        "currency": "USD",
        "service": days(date(2026, 6, 1 + number % 28)),
        "quantity": Decimal("7.5"),
        "rate": usd("225"),
        "amount": usd("1687.50"),
        "description": "Design review",
        "dimensions": DIMENSIONS,
        "work": Work(person="P-7", role="Senior", task="C-1.P1.T1"),
    }
    return Billable(reference=f"kantata.{number}", **{**given, **fields})


def charged_to(project_id: str, *billables: Billable, code: str = "") -> list[ChargeLine]:
    """Items on their way to one project."""
    return [ChargeLine(billable=one, project_id=project_id, billing_code=code) for one in billables]


def a_journal(reference: str = "JRN-100", **fields: Any) -> Journal:
    given = {
        "entity": "US01",
        "currency": "USD",
        "accounting_date": JUNE,
        "memo": "Subscription earned in June",
        "lines": (
            JournalLine(account="2300", debit=usd("6000"), memo="earned", dimensions=DIMENSIONS),
            JournalLine(account="4020", credit=usd("6000")),
        ),
    }
    return Journal(reference=reference, **{**given, **fields})


async def a_buyer(connector: Any, reference: str = "CUST-1", **fields: Any) -> str:
    """A customer's id there, made if it is not."""
    customer = a_customer(reference, **fields)
    key = f"create_customer/{reference}.{customer.entity}"
    found = await connector.find_customer(reference, key=key)
    return str((found or await connector.create_customer(customer, key=key)).target_id)


async def invoiced(connector: Any, invoice: Invoice | None = None, **fields: Any) -> Written:
    """An invoice, posted."""
    wanted = invoice or an_invoice(**fields)
    customer_id = await a_buyer(connector, wanted.customer, entity=wanted.entity, currency=wanted.currency, credit_limit=None)
    key = f"create_invoice/{wanted.reference}"
    return await connector.post_invoice(wanted, customer_id=customer_id, project_id="", key=key)  # type: ignore[no-any-return]


async def at_work(bench: Bench, verb: str, path: str, **body: Any) -> Any:
    """Somebody works in the account: takes in a payment, voids, closes a period, looks at the books."""
    async with httpx.AsyncClient() as http:
        query, sent = (body, None) if verb == "GET" else (None, body)
        answer = await http.request(verb, f"{bench.url}/_sandbox/netsuite/{path}", params=query, json=sent)
    answer.raise_for_status()
    return answer.json()


async def paid(bench: Bench, invoice: Written, amount: str, **more: Any) -> str:
    """A payment that came in for an invoice."""
    stored = bench.vendor.state["records"]["invoice"][invoice.target_id]
    applied = more.pop("apply", [{"invoice": invoice.target_id, "amount": float(amount)}])
    body = {"customer": stored["entity"]["id"], "amount": float(amount), "apply": applied, **more}
    return str((await at_work(bench, "POST", "payments", **body))["payment"])


async def books(bench: Bench, subsidiary: str = "US01") -> dict[str, Decimal]:
    """The trial balance: what stands on each account, debits positive."""
    found = await at_work(bench, "GET", "trial-balance", subsidiary=subsidiary)
    assert found["balanced"], found
    return {number: Decimal(sums["balance"]) for number, sums in found["accounts"].items() if Decimal(sums["balance"])}


async def fed(feed: Any, since: timedelta = timedelta(minutes=1)) -> list[Any]:
    """Everything of a feed that changed just now."""
    now = datetime.now(UTC)
    return [one async for page in feed(now - since, now + timedelta(seconds=2)) for one in page]


def posted(journals: Any) -> dict[str, Money]:
    """What the one journal of a document comes to on each account, debits positive; it must balance."""
    (journal,) = journals
    sums: dict[str, Money] = {}
    for line in journal.lines:
        net = line.debit or -line.credit
        sums[line.account] = sums.get(line.account, Money.zero(net.currency)) + net
    assert sum(money.amount for money in sums.values()) == 0, journal
    return sums
