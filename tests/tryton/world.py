"""The world of Tryton's tests: settings for a server, and one valid default of everything that is written to it."""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from pydantic import SecretStr

from canonical.invoice import CreditMemo, DocumentLine, Invoice
from canonical.journal import Journal, JournalLine
from canonical.money import Money
from canonical.party import Address, Customer, TaxRegistration
from canonical.period import Period
from canonical.project import Dimensions, Phase, Project, Task
from connectors.tryton.settings import Settings
from runtime.embedded.tryton.server import Tryton

TODAY = date(2026, 11, 20)
TERM = Period.through(date(2026, 7, 1), date(2026, 12, 31))
ADVISORY = Dimensions(practice="Advisory", region="EMEA", revenue_treatment="over_time", cost_center="CC-7")
_numbers = count(1)


def fresh(kind: str) -> str:
    """A reference that no other test of the session uses."""
    return f"{kind}-{next(_numbers)}"


def settings(tryton: Tryton, url: str = "", **fields: Any) -> Settings:
    given: dict[str, Any] = {
        "login": tryton.login,
        "password": SecretStr(tryton.passwords.integration),
        "companies": {"DE01": "DE01"},
        "taxes": {"VAT19": "VAT 19 %", "RC": "Reverse charge"},
    }
    return Settings(base_url=url or tryton.url, database=tryton.database, **{**given, **fields})


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def a_customer(reference: str, **fields: Any) -> Customer:
    address = Address(line1="Unter den Linden 1", line2="3rd floor", city="Berlin", postal_code="10117", country="DE")
    given: dict[str, Any] = {
        "legal_name": f"Acme {reference} GmbH",
        "currency": "EUR",
        "entity": "DE01",
        "addresses": (address,),
        "tax_registrations": (TaxRegistration(country="DE", number="DE129273398"),),
        "credit_limit": eur("250000.10"),
        "email": "ap@acme.example",
    }
    return Customer(reference=reference, **{**given, **fields})


def a_line(amount: str = "1000.00", **fields: Any) -> DocumentLine:
    given: dict[str, Any] = {"number": 1, "description": "Design accepted", "tax_code": "VAT19", "account": "4010"}
    return DocumentLine(amount=eur(amount), **{**given, **fields})


def hours(**fields: Any) -> DocumentLine:
    """62.5 hours at 225: 14,062.50."""
    given: dict[str, Any] = {"number": 2, "description": "Senior", "quantity": Decimal("62.5"), "rate": eur("225")}
    return a_line("14062.50", **{"account": "4000", "dimensions": ADVISORY, **given, **fields})


def an_invoice(reference: str, *lines: DocumentLine, **fields: Any) -> Invoice:
    given: dict[str, Any] = {
        "contract": "C-100",
        "entity": "DE01",
        "customer": "CUST-1",
        "currency": "EUR",
        "invoice_date": TODAY,
        "accounting_date": TODAY,
        "due_date": date(2026, 12, 20),
        "lines": lines or (a_line(),),
        "tax": eur("190.00"),
    }
    return Invoice(reference=reference, **{**given, **fields})


def a_memo(reference: str, invoice: str, amount: str = "1000.00", tax: str = "190.00", **fields: Any) -> CreditMemo:
    given: dict[str, Any] = {
        "contract": "C-100",
        "entity": "DE01",
        "customer": "CUST-1",
        "currency": "EUR",
        "memo_date": TODAY,
        "accounting_date": TODAY,
        "reason": "Disputed time",
        "lines": (a_line(amount),),
    }
    return CreditMemo(reference=reference, invoice=invoice, tax=eur(tax), **{**given, **fields})


def a_project(reference: str, **fields: Any) -> Project:
    given: dict[str, Any] = {
        "title": "Rollout",
        "entity": "DE01",
        "customer": "CUST-1",
        "currency": "EUR",
        "period": TERM,
        "value": eur("100000.30"),
        "phases": phases(1),
        "dimensions": ADVISORY,
    }
    return Project(reference=reference, **{**given, **fields})


def phases(*numbers: int) -> tuple[Phase, ...]:
    def tasks(n: int) -> tuple[Task, ...]:
        return tuple(Task(reference=f"P{n}.T{t}", title=f"Task {n}.{t}", hours=Decimal("12.5")) for t in (1, 2))

    return tuple(Phase(reference=f"P{n}", title=f"Phase {n}", line="L1", period=TERM, tasks=tasks(n)) for n in numbers)


def a_journal(reference: str, **fields: Any) -> Journal:
    lines = (
        JournalLine(account="2300", debit=eur("6000.00"), memo="November", dimensions=ADVISORY),
        JournalLine(account="4020", credit=eur("6000.00"), memo="November", dimensions=ADVISORY),
    )
    given: dict[str, Any] = {"entity": "DE01", "currency": "EUR", "accounting_date": TODAY, "lines": lines}
    return Journal(reference=reference, **{**given, **fields})


async def a_customer_id(connector: Any) -> str:
    """A new customer's id there."""
    reference = fresh("CUST")
    return str((await connector.create_customer(a_customer(reference), key=f"create_customer/{reference}/DE01")).target_id)


async def a_posted_invoice(connector: Any, *lines: DocumentLine, **fields: Any) -> tuple[str, str]:
    """The ids of an invoice over 1,190.00 and of its customer."""
    customer = await a_customer_id(connector)
    invoice = an_invoice(fields.pop("reference", "") or fresh("INV"), *lines, **fields)
    key = f"create_invoice/{invoice.reference}"
    return (await connector.post_invoice(invoice, customer_id=customer, project_id="", key=key)).target_id, customer
