"""Proposals of credits: exact allocations, tax and retainers in proportion, and every balance back once it is billed again."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.billable import Balance, BillableKind, CreditDisposition
from canonical.billing_document import Allocated, BillingDocument, DocumentKind
from canonical.credit import CreditPart, CreditRequest, Rebill
from canonical.errors import Rejected
from canonical.invoice import DocumentLine, InvoiceState, LineKind
from canonical.money import Money
from canonical.rules.balances import credited
from canonical.rules.proposing import Amounts, Billed, propose, require_funds
from canonical.sub_ledger import SubLedger, SubLedgerKind
from tests.build import usd

DAY = date(2026, 6, 30)
ITEMS = st.lists(
    st.tuples(st.integers(1, 10**6), st.integers(1, 2_400)).map(
        lambda one: (str(Decimal(one[0]).scaleb(-2)), str(Decimal(one[1]).scaleb(-2)))
    ),
    min_size=1,
    max_size=5,
)
SHARES = st.lists(st.decimals("0.01", "0.99", places=2), max_size=4)


def an_invoice(*items: tuple[str, str], drawn: str = "0", tax: str = "0", **changes: Any) -> Billed:
    """Items as (amount, hours), one line each, the first line with all of the tax; a retainer paid ``drawn`` for any of them."""
    total = Money.sum((usd(amount) for amount, _ in items), "USD")
    facts: dict[str, Any] = {
        "reference": "C-1.june", "kind": DocumentKind.INVOICE, "contract": "C-1", "entity": "US01", "customer": "CUST-1",
        "state": InvoiceState.POSTED, "document_date": DAY, "accounting_date": DAY, "net": total - usd(drawn), "tax": usd(tax),
        "total": total - usd(drawn) + usd(tax), "open": total, "created_at": datetime(2026, 6, 30, tzinfo=UTC),
    }  # fmt: skip
    lines = [
        DocumentLine(number=n, description="Senior", amount=usd(amount), tax=usd(tax if n == 1 else 0))
        for n, (amount, _) in enumerate(items, start=1)
    ]
    draw = DocumentLine(number=10_001, kind=LineKind.RETAINER_DRAW, line="R", description="Retainer", amount=-usd(drawn))
    return Billed(
        document=BillingDocument(**{**facts, **changes}),
        lines=(*lines, draw) if draw.amount.amount else tuple(lines),
        allocations=tuple(
            Allocated(
                allocation=n, billable=f"k.{n}", line=n, amount=usd(amount), quantity=Decimal(hours), left=usd(amount),
                left_quantity=Decimal(hours),
            )
            for n, (amount, hours) in enumerate(items, start=1)
        ),
    )  # fmt: skip


def asked(*parts: CreditPart, **changes: Any) -> CreditRequest:
    facts: dict[str, Any] = {"reference": "C-1.june.CR1", "invoice": "C-1.june", "reason": "as agreed"}
    return CreditRequest(**{**facts, **({"parts": parts} if parts else {}), **changes})


def proposed(invoice: Billed, *parts: CreditPart, **changes: Any) -> Amounts:
    return propose(asked(*parts, **changes), {"C-1.june": invoice})


def after(invoice: Billed, amounts: Amounts) -> Billed:
    """The invoice once the credit was made."""
    taken = [one.credited for one in amounts.parts]
    left = tuple(
        one.changed(
            left=one.left - Money.sum((part.amount for part in taken if part.allocation == one.allocation), "USD"),
            left_quantity=one.left_quantity
            - sum((part.quantity for part in taken if part.allocation == one.allocation), Decimal(0)),
        )
        for one in invoice.allocations
    )
    return invoice.changed(allocations=left, restored={"R": given_back(invoice) + amounts.restored})


def given_back(invoice: Billed) -> Money:
    return invoice.restored.get("R", usd(0))


def test_s06_credits_exactly_the_named_item() -> None:
    amounts = proposed(an_invoice(("900", "4.5"), ("700", "3.5")), CreditPart(billable="k.2"))
    assert (amounts.net, amounts.restored, amounts.tax) == (usd(700), usd(0), usd(0))
    assert [(one.billable, one.credited.quantity) for one in amounts.parts] == [("k.2", Decimal("3.5"))]


def test_s08_a_whole_credit_gives_the_draw_back_and_a_part_is_of_money_first() -> None:
    invoice = an_invoice(("9000", "45"), ("1000", "5"), drawn="1000")
    assert proposed(invoice).restored == usd(1000)
    first = proposed(invoice, CreditPart(amount=usd(8500)))
    assert (first.net, first.restored) == (usd(8500), usd(0))
    assert proposed(after(invoice, first)).restored == usd(1000)


def of_line(invoice: Billed, number: int, line: str) -> Billed:
    """The invoice with one of its lines being work of a line of the contract."""
    return invoice.changed(lines=tuple(one.changed(line=line) if one.number == number else one for one in invoice.lines))


def test_work_that_a_retainer_paid_for_goes_back_to_it_and_the_rest_is_of_money() -> None:
    invoice = of_line(an_invoice(("9000", "45"), ("1000", "5"), drawn="800"), 2, "R")
    assert proposed(invoice, CreditPart(line=1)).restored == usd(0)
    first = proposed(invoice, CreditPart(line=2, amount=usd(300)))
    assert (first.net, first.restored) == (usd(300), usd(100))  # 700 of its work stand, and it goes on paying for those
    assert proposed(after(invoice, first), CreditPart(line=2)).restored == usd(700)


@given(ITEMS, st.integers(0, 100), SHARES)
def test_a_retainer_never_pays_for_more_than_stands_of_its_work(
    items: list[tuple[str, str]], drawn: int, shares: list[Decimal]
) -> None:
    own = usd(items[0][0])
    draw = (own * Decimal(drawn) * Decimal("0.01")).rounded()
    invoice = of_line(an_invoice(*items, drawn=str(draw.amount)), 1, "R")
    for share in [*shares, Decimal(1)]:
        part = (own_left(invoice) * share).rounded()
        if part.is_zero:
            continue
        invoice = after(invoice, proposed(invoice, CreditPart(line=1, amount=part)))
        assert draw - given_back(invoice) == min(draw, own_left(invoice))


def topped_up(*items: tuple[str, str], drawn: str, number: int = 1) -> Billed:
    """An invoice on which work of the retainer's line is drawn from it, and its top-up is a line as well."""
    invoice = of_line(of_line(an_invoice(*items, drawn=drawn), 2, "R"), number, "R")
    lines = tuple(
        one.changed(billing=BillableKind.RETAINER) if one.number == number and one.kind is LineKind.CHARGE else one
        for one in invoice.lines
    )
    return invoice.changed(lines=lines)


def test_a_retainer_paid_for_work_and_not_for_its_own_top_up() -> None:
    invoice = topped_up(("20000", "1"), ("7850", "39.25"), drawn="5000")
    assert proposed(invoice, CreditPart(line=2)).restored == usd(5000)
    first = proposed(invoice, CreditPart(line=1))
    assert (first.restored, first.unfunded) == (usd(0), {"R": usd(20000)})
    assert proposed(invoice).unfunded == {"R": usd(15000)}  # 5,000 come back to it in the same step


@given(balance=st.integers(0, 10_000), wanted=st.integers(1, 10_000))
def test_a_funding_is_credited_as_far_as_the_retainer_still_holds_it(balance: int, wanted: int) -> None:
    pool = SubLedger(kind=SubLedgerKind.RETAINER, contract="C-1", name="R", currency="USD", balance=usd(balance))
    unfunded = proposed(topped_up(("10000", "1"), ("1", "1"), drawn="1"), CreditPart(line=1, amount=usd(wanted))).unfunded
    if wanted <= balance:
        require_funds(unfunded, [pool])
    else:
        with pytest.raises(Rejected) as refused:
            require_funds(unfunded, [pool])
        assert refused.value.specific_code == "RETAINER_EXHAUSTED"


def own_left(invoice: Billed) -> Money:
    return invoice.allocations[0].left


def test_s07_the_tax_of_a_whole_credit_is_the_invoices() -> None:
    assert proposed(an_invoice(("40000", "200"), tax="8000")).tax == usd(8000)


def test_s16_seven_hours_are_written_off_and_five_re_opened() -> None:
    invoice = an_invoice(("2400", "12"))
    parts = (
        CreditPart(quantity=Decimal(7), disposition=CreditDisposition.WRITTEN_OFF),
        CreditPart(quantity=Decimal(5)),
    )
    assert [str(one.credited.amount) for one in proposed(invoice, *parts).parts] == ["1,400.00 USD", "1,000.00 USD"]
    with pytest.raises(Rejected):
        proposed(invoice, *parts, CreditPart(quantity=Decimal(1)))


@given(data=st.data(), order=st.permutations(range(4)), wanted=st.integers(1, 1000))
def test_which_items_an_amount_credits_does_not_depend_on_the_order_in_which_they_came(
    data: st.DataObject, order: list[int], wanted: int
) -> None:
    shares = data.draw(st.lists(st.integers(1, 500), min_size=4, max_size=4))
    invoice = an_invoice(*((str(share), "1") for share in shares))
    one_line = [one.changed(line=1) for one in invoice.allocations]
    arrived = invoice.changed(
        allocations=tuple(one_line[number].changed(allocation=place) for place, number in enumerate(order, start=1))
    )
    part = CreditPart(amount=usd(min(wanted, sum(shares))))
    by_item = [
        {one.billable: one.credited.amount for one in proposed(told, part).parts}
        for told in (invoice.changed(allocations=tuple(one_line)), arrived)
    ]
    assert by_item[0] == by_item[1]


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (CreditPart(amount=usd("1600.01")), "CREDIT_ABOVE_BILLED"),
        (CreditPart(amount=usd(0)), "CREDIT_ABOVE_BILLED"),
        (CreditPart(billable="k.9"), "NOT_ON_INVOICE"),
        (CreditPart(line=3), "NOT_ON_INVOICE"),
        (CreditPart(amount=Money.of(1, "EUR")), "CURRENCY_NOT_ACCEPTED"),
        (CreditPart(amount=usd("0.001")), "TOO_MANY_DIGITS"),
    ],
)
def test_what_cannot_be_credited_is_refused(part: CreditPart, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        proposed(an_invoice(("900", "4.5"), ("700", "3.5")), part)
    assert refused.value.specific_code == code


@pytest.mark.parametrize("state", [InvoiceState.PROPOSED, InvoiceState.HELD, InvoiceState.RELEASED, InvoiceState.WITHDRAWN])
def test_only_what_is_posted_is_credited(state: InvoiceState) -> None:
    with pytest.raises(Rejected) as refused:
        proposed(an_invoice(("900", "4.5"), state=state))
    assert refused.value.specific_code == "INVOICE_NOT_POSTED"


def test_what_is_written_off_cannot_be_billed_again() -> None:
    with pytest.raises(Rejected) as refused:
        proposed(an_invoice(("900", "4.5")), CreditPart(disposition=CreditDisposition.WRITTEN_OFF), rebill=Rebill())
    assert refused.value.specific_code == "NOTHING_TO_REBILL"


def test_one_memo_does_not_credit_two_customers() -> None:
    other = an_invoice(("900", "4.5"), reference="C-1.may", customer="CUST-2")
    with pytest.raises(Rejected):
        propose(asked(CreditPart(), CreditPart(invoice="C-1.may")), {"C-1.june": an_invoice(("900", "4.5")), "C-1.may": other})


@given(ITEMS, st.integers(0, 100), st.integers(0, 10**5), SHARES)
def test_credits_in_parts_add_up_to_the_invoice(
    items: list[tuple[str, str]], drawn: int, tax: int, shares: list[Decimal]
) -> None:
    whole = Money.sum((usd(amount) for amount, _ in items), "USD")
    draw = (whole * Decimal(drawn) * Decimal("0.01")).rounded()
    invoice = an_invoice(*items, drawn=str(draw.amount), tax=str(Decimal(tax).scaleb(-2)))
    owed, total = invoice.document.total, usd(0)
    for share in [*shares, Decimal(1)]:
        left = Money.sum((one.left for one in invoice.allocations), "USD")
        part = left if share == 1 else (left * share).rounded()
        if part.is_zero:
            continue
        amounts = proposed(invoice, CreditPart(amount=part))
        assert amounts.net == part and usd(0) <= amounts.restored <= draw
        total = total + amounts.net - amounts.restored + amounts.tax
        invoice = after(invoice, amounts)
        assert all(usd(0) <= one.left <= one.amount for one in invoice.allocations)
    assert (total, given_back(invoice)) == (owed, draw)


@given(ITEMS, SHARES)
def test_credit_then_rebill_returns_every_balance(items: list[tuple[str, str]], shares: list[Decimal]) -> None:
    invoice = an_invoice(*items)
    approved = {one.billable: one.amount for one in invoice.allocations}
    balances = {name: Balance(approved=each, billed=each, credited=usd(0), closed=usd(0)) for name, each in approved.items()}
    for share in shares:
        left = Money.sum((one.left for one in invoice.allocations), "USD")
        part = (left * share).rounded()
        if part.is_zero:
            continue
        amounts = proposed(invoice, CreditPart(amount=part), rebill=Rebill())
        for one in amounts.parts:
            balances[one.billable] = credited(balances[one.billable], one.credited.amount, one.credited.disposition)
        invoice = after(invoice, amounts)
        assert Money.sum((one.open for one in balances.values()), "USD") == part
        balances = {name: one.changed(billed=one.billed + one.open) for name, one in balances.items()}
        assert all(one.net == approved[name] and one.open.is_zero for name, one in balances.items())
