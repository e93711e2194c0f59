"""What people of accounting do in Tryton's own client: book money, cancel what bounced, close a month, copy or credit."""

from datetime import UTC, date, datetime
from decimal import Decimal

from rehearsal.tryton.books import Books, BooksRefused, Json
from runtime.embedded.tryton.firm import BANK, WITHHELD

_POSTED = [["type", "=", "out"], ["state", "in", ["posted", "paid"]]]
_OWED = ("reference", "account", "company", "currency", "party", "lines_to_pay", "amount_to_pay")
_INVOICE, _MOVE = "account.invoice", "account.move"


class Accounting:
    """In one company's books."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def receive(self, money: Json) -> None:
        """Money came: for an invoice (by its reference or its id) by Tryton's wizard, else on account."""
        if not money.get("invoice"):
            await self._on_account(money)
            return
        named = str(money["invoice"])
        which: list[object] = ["id", "=", int(named)] if named.isdigit() else ["reference", "=", named]
        found = await self._books.rows(_INVOICE, [which, *_POSTED], *_OWED)
        if not found:
            raise BooksRefused(f"Tryton has no posted invoice {named} that could be paid")
        await self._pay(found[0], money)

    async def bounce(self, payment: str) -> None:
        """The entry is cancelled; what was matched with it is owed again."""
        move = int(payment.removeprefix(f"{_MOVE},"))
        lines = await self._books.rows("account.move.line", [["move", "=", move], ["reconciliation", "!=", None]], "id")
        if lines:
            ids = [int(line["id"]) for line in lines]
            await self._books.wizard("account.move.unreconcile_lines", "account.move.line", ids, ("unreconcile", {}))
        answers = {"default": {"description": "returned by the bank", "reversal": True}}
        await self._books.wizard("account.move.cancel", _MOVE, [move], ("cancel", answers))

    async def set_period(self, month: str, state: str) -> None:
        """Closed, or open again; a month that is so already stays so."""
        found = await self._period(f"{month}-01")
        if not found:
            raise BooksRefused(f"Tryton has no accounting period {month}; its books begin in 2026 and end in 2027")
        if found["state"] != state:
            await self._books.press("account.period", "close" if state == "closed" else "reopen", found["id"])

    async def copy(self, invoice: int) -> None:
        """The invoice is made again by hand, and posted."""
        [made] = await self._books.call(f"model.{_INVOICE}.copy", [invoice], {})
        await self._books.press(_INVOICE, "post", made)

    async def credit(self, invoice: int) -> None:
        """The whole invoice is given back by hand."""
        answers = {"start": {"with_refund": True, "invoice_date": None}}
        await self._books.wizard("account.invoice.credit", _INVOICE, [invoice], ("credit", answers))

    async def _pay(self, invoice: Json, money: Json) -> None:
        amount, open_amount = Decimal(money["amount"]), Decimal(invoice["amount_to_pay"])
        start = {
            "payee": invoice["party"],
            "amount": _decimal(amount),
            "currency": invoice["currency"],
            "company": invoice["company"],
            "invoice_account": invoice["account"],
            "payment_method": await self._named("account.invoice.payment.method", BANK),
            "date": _day(_booked_on(money)),
            "description": money.get("name") or money.get("description") or "SEPA",
        }
        steps: list[tuple[str, Json]] = [("choice", {"start": start})]
        if amount != open_amount:
            answer = await self._answer(invoice, is_over=amount > open_amount, is_withheld=bool(money.get("withheld")))
            steps.append(("pay", {"ask": answer}))
        await self._books.wizard("account.invoice.pay", _INVOICE, [int(invoice["id"])], *steps)

    async def _answer(self, invoice: Json, *, is_over: bool, is_withheld: bool) -> Json:
        """What Tryton asks where it is not just what is owed."""
        if is_withheld:
            found = await self._named("account.move.reconcile.write_off", WITHHELD)
            return {"type": "writeoff", "writeoff": found, "lines": invoice["lines_to_pay"]}
        return {"type": "overpayment" if is_over else "partial", "lines": invoice["lines_to_pay"]}

    async def _on_account(self, money: Json) -> None:
        """An entry in the cash journal, which no invoice knows of."""
        day = _booked_on(money)
        amount, none = _decimal(Decimal(money["amount"])), _decimal(Decimal(0))
        period = await self._period(day) or {}
        lines = [
            {"account": await self._account("1000"), "debit": amount, "credit": none},
            {"account": await self._account("1100"), "debit": none, "credit": amount, "party": int(money["customer"])},
        ]
        [journal] = await self._books.rows("account.journal", [["code", "=", "CASH"]], "code")
        values = {
            "company": await self._books.company(),
            "journal": journal["id"],
            "period": period.get("id"),
            "date": _day(day),
            "description": money.get("name") or "on account",
            "lines": [["create", lines]],
        }
        [made] = await self._books.call(f"model.{_MOVE}.create", [values])
        await self._books.press(_MOVE, "post", made)

    async def _period(self, day: str) -> Json | None:
        where = [["start_date", "<=", _day(day)], ["end_date", ">=", _day(day)], ["type", "=", "standard"]]
        of_company = ["fiscalyear.company", "=", await self._books.company()]
        return next(iter(await self._books.rows("account.period", [*where, of_company], "state")), None)

    async def _account(self, code: str) -> int:
        where = [["code", "=", code], ["company", "=", await self._books.company()]]
        [found] = await self._books.rows("account.account", where, "code")
        return int(found["id"])

    async def _named(self, model: str, name: str) -> int:
        [found] = await self._books.rows(model, [["name", "=", name], ["company", "=", await self._books.company()]], "name")
        return int(found["id"])


def _booked_on(money: Json) -> str:
    return str(money.get("on") or datetime.now(UTC).date())


def _day(text: str) -> Json:
    day = date.fromisoformat(text)
    return {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}


def _decimal(amount: Decimal) -> Json:
    return {"__class__": "Decimal", "decimal": str(amount)}
