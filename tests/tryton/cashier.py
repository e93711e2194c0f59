"""What a person in accounting does in Tryton's own client, and what stands in its journal then; none of it is ours."""

from decimal import Decimal

from tests.tryton.relay import Books, decimal


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
    (method,) = books.call("account.invoice.payment.method", "search", [["name", "=", "Bank"]])
    (held,) = books.rows("account.invoice", [["id", "=", int(invoice)]], "account", "company", "currency", "lines_to_pay")
    start = {
        "payee": int(customer),
        "amount": {"__class__": "Decimal", "decimal": amount},
        "currency": held["currency"],
        "company": held["company"],
        "invoice_account": held["account"],
        "payment_method": method,
        "date": {"__class__": "date", "year": 2026, "month": 11, "day": 20},
        "description": "SEPA 4711",
    }
    steps = [("choice", {"start": start}), *([("pay", {"ask": {"type": how, "lines": held["lines_to_pay"]}})] if how else [])]
    books.wizard("account.invoice.pay", "account.invoice", int(invoice), steps)
