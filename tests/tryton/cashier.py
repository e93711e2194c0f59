"""What a person in accounting does in Tryton's own client, and what stands in its journal then; none of it is ours."""

from decimal import Decimal
from typing import Any

from tests.tryton.relay import Books, decimal

# Tryton numbers invoices in the order of their dates: one dated later would keep every other test from posting.
_TODAY = {"__class__": "date", "year": 2026, "month": 11, "day": 20}


def postings(books: Books, move: str) -> dict[str, str]:
    """Debit less credit of an entry, by account."""
    number = int(move.removeprefix("account.move,"))
    rows = books.rows("account.move.line", [["move", "=", number]], "account.code", "debit", "credit")
    sums: dict[str, Decimal] = {}
    for row in rows:
        code = row["account."]["code"]
        sums[code] = sums.get(code, Decimal(0)) + Decimal(decimal(row["debit"])) - Decimal(decimal(row["credit"]))
    return {code: str(amount) for code, amount in sorted(sums.items())}


def take_money(books: Books, invoice: str, customer: str, amount: str, *, how: str = "") -> None:
    """Book what came in for an invoice on 20 November; ``how`` says what Tryton asks where it is not just what is owed."""
    company = books.context["company"]
    (method,) = books.call("account.invoice.payment.method", "search", [["name", "=", "Bank"], ["company", "=", company]])
    (held,) = books.rows("account.invoice", [["id", "=", int(invoice)]], "account", "company", "currency", "lines_to_pay")
    start = {
        "payee": int(customer),
        "amount": {"__class__": "Decimal", "decimal": amount},
        "currency": held["currency"],
        "company": held["company"],
        "invoice_account": held["account"],
        "payment_method": method,
        "date": _TODAY,
        "description": "SEPA 4711",
    }
    asked: dict[str, Any] = {"type": how, "lines": held["lines_to_pay"]}
    if how == "writeoff":
        (asked["writeoff"],) = books.call("account.move.reconcile.write_off", "search", [["company", "=", company]])
    steps = [("choice", {"start": start}), *([("pay", {"ask": asked})] if how else [])]
    books.wizard("account.invoice.pay", "account.invoice", int(invoice), steps)


def return_money(books: Books, payment: str) -> None:
    """The bank takes it back: the entry is cancelled, and what was matched with it is not any more."""
    move = int(payment.removeprefix("account.move,"))
    lines = books.rows("account.move.line", [["move", "=", move], ["reconciliation", "!=", None]], "id")
    if lines:
        books.wizard("account.move.unreconcile_lines", "account.move.line", lines[0]["id"], [("unreconcile", {})])
    books.wizard("account.move.cancel", "account.move", move, [("cancel", {"default": {"description": "", "reversal": True}})])


def make_again(books: Books, invoice: str) -> str:
    """Somebody copies an invoice and posts the copy; its id."""
    (made,) = books.call("account.invoice", "copy", [int(invoice)], {"invoice_date": _TODAY})
    books.call("account.invoice", "post", [made])
    return str(made)


def give_back(books: Books, invoice: str) -> None:
    """Somebody credits all of an invoice."""
    books.wizard(
        "account.invoice.credit",
        "account.invoice",
        int(invoice),
        [("credit", {"start": {"with_refund": True, "invoice_date": _TODAY}})],
    )
