"""Invoices, credit memos and payments with one valid default each."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from canonical.invoice import CreditMemo, DocumentLine, Invoice
from canonical.journal import JournalLine
from canonical.money import Money
from canonical.payment import Application, Payment
from canonical.rules.postings import Posting, booked

APRIL_END = date(2026, 4, 30)


def a_line(number: int, amount: str | int, account: str = "4000", *, currency: str = "USD", **changes: Any) -> DocumentLine:
    facts: dict[str, Any] = {
        "number": number,
        "description": f"line {number}",
        "line": "L1",
        "amount": Money.of(amount, currency),
        "account": account,
    }
    return DocumentLine(**{**facts, **changes})


def an_invoice(*lines: DocumentLine, tax: str | int = 0, **changes: Any) -> Invoice:
    currency = lines[0].amount.currency
    facts: dict[str, Any] = {
        "reference": "INV-1",
        "contract": "ENG-100",
        "entity": "US01",
        "customer": "CUST-ACME",
        "currency": currency,
        "invoice_date": APRIL_END,
        "accounting_date": APRIL_END,
        "lines": lines,
        "tax": Money.of(tax, currency),
    }
    return Invoice(**{**facts, **changes})


def a_credit_memo(*lines: DocumentLine, tax: str | int = 0, **changes: Any) -> CreditMemo:
    currency = lines[0].amount.currency
    facts: dict[str, Any] = {
        "reference": "CM-1",
        "invoice": "INV-1",
        "contract": "ENG-100",
        "entity": "US01",
        "customer": "CUST-ACME",
        "currency": currency,
        "memo_date": APRIL_END,
        "accounting_date": APRIL_END,
        "reason": "rebill",
        "lines": lines,
        "tax": Money.of(tax, currency),
    }
    return CreditMemo(**{**facts, **changes})


def a_payment(amount: str | int, *applied: tuple[str, str | int], currency: str = "USD", **changes: Any) -> Payment:
    facts: dict[str, Any] = {
        "system": "erp",
        "source_id": "P1",
        "source_version": "1",
        "reference": "PAY-1",
        "entity": "US01",
        "customer": "CUST-ACME",
        "amount": Money.of(amount, currency),
        "received_on": APRIL_END,
        "applications": tuple(Application(target_id=target, amount=Money.of(part, currency)) for target, part in applied),
    }
    return Payment(**{**facts, **changes})


def sides(postings: Iterable[Posting]) -> list[tuple[str, str, Decimal]]:
    """A journal of the postings, read as a bookkeeper would: (Dr or Cr, account, amount)."""
    return [_side(line) for line in booked("J-1", "US01", APRIL_END, list(postings)).lines]


def _side(line: JournalLine) -> tuple[str, str, Decimal]:
    if line.debit:
        return "Dr", line.account, line.debit.amount
    assert line.credit
    return "Cr", line.account, line.credit.amount
