"""A document rounded as a whole: its lines come to the exact sum, rounded once, and credits of all take all of it back."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from canonical.billable import BillableKind
from canonical.invoice import DocumentLine, LineKind
from canonical.money import Money, Rounding
from canonical.rules.document_rounding import rounding_lines, roundings_credited
from tests.build import usd

_RATE = st.decimals("0.01", "400", places=2)
_HOURS = st.decimals("0.01", "24", places=2)
_ITEMS = st.lists(st.tuples(_RATE, _HOURS), min_size=1, max_size=4)
_LINES = st.lists(st.tuples(_ITEMS, st.sampled_from(["L1", "L2"]), st.sampled_from(["", "SVC"])), min_size=1, max_size=5)
_HOW = st.sampled_from([Rounding.HALF_UP, Rounding.HALF_EVEN])


def a_line(number: int, amount: Money, *, line: str = "L1", tax_code: str = "", kind: LineKind = LineKind.CHARGE) -> DocumentLine:
    return DocumentLine(
        number=number, kind=kind, billing=BillableKind.TIME, line=line, description="Senior", amount=amount, tax_code=tax_code,
        account="4000",
    )  # fmt: skip


def a_document(
    given_lines: list[tuple[list[tuple[Decimal, Decimal]], str, str]], how: Rounding = Rounding.HALF_UP
) -> tuple[list[DocumentLine], dict[int, Money]]:
    """Lines of items that were each rounded when rated, and what each line is worth before that."""
    lines, exact = [], {}
    for number, (items, line, tax_code) in enumerate(given_lines, start=1):
        worth = [Money(amount=rate * hours, currency="USD") for rate, hours in items]
        lines.append(a_line(number, Money.sum((one.rounded(how) for one in worth), "USD"), line=line, tax_code=tax_code))
        exact[number] = Money.sum(worth, "USD")
    return lines, exact


def total(lines: list[DocumentLine]) -> Money:
    return Money.sum((line.amount for line in lines), "USD")


def taxed(lines: list[DocumentLine]) -> Money:
    return Money.sum((line.tax for line in lines if line.tax), "USD")


def test_s12_three_lines_of_52_4965_are_157_49() -> None:
    lines, exact = a_document([([(Decimal("149.99"), Decimal("0.35"))], "L1", "SVC")] * 3)
    (made,) = rounding_lines(lines, exact, account="7010")
    assert (made.amount, made.number, made.kind) == (usd(0) - Money.of("0.01", "USD"), 4, LineKind.ROUNDING)
    assert (made.account, made.tax_code, made.line, made.items) == ("7010", "SVC", "L1", 0)


def test_what_is_exact_needs_no_line_and_a_retainers_work_stays_as_rated() -> None:
    lines, exact = a_document([([(Decimal("149.99"), Decimal("0.35"))], "R", "")] * 3)
    assert not rounding_lines(lines, exact, account="7010", exempt={"R"})
    assert not rounding_lines([a_line(1, usd(10))], {}, account="7010") and not rounding_lines([], {}, account="7010")


@given(_LINES, _HOW)
def test_the_lines_come_to_the_exact_sum_rounded_once(
    given_lines: list[tuple[list[tuple[Decimal, Decimal]], str, str]], how: Rounding
) -> None:
    lines, exact = a_document(given_lines, how)
    made = rounding_lines(lines, exact, account="7010", rounding=how)
    assert total([*lines, *made]) == Money.sum(exact.values(), "USD").rounded(how)
    assert len({line.number for line in [*lines, *made]}) == len(lines) + len(made)
    assert all(not line.amount.is_zero and line.account == "7010" for line in made)
    items = sum(len(items) for items, _, _ in given_lines)
    assert sum(abs(line.amount.in_minor_units()) for line in made) <= items + len(lines)


@given(_LINES, st.lists(st.decimals("0", "1", places=2), max_size=4), st.integers(-3, 3))
def test_credits_of_all_that_was_rounded_take_all_of_it_back(
    given_lines: list[tuple[list[tuple[Decimal, Decimal]], str, str]], shares: list[Decimal], tax: int
) -> None:
    lines, exact = a_document(given_lines)
    made = [line.changed(tax=Money.from_minor_units(tax, "USD")) for line in rounding_lines(lines, exact, account="7010")]
    invoice, credited = [*lines, *made], {line.number: usd(0) for line in lines}
    taken = list[DocumentLine]()
    for share in [*shares, Decimal(1)]:
        now = {line.number: ((line.amount - credited[line.number]) * share).rounded() for line in lines}
        taken += roundings_credited(invoice, credited, now)
        credited = {number: credited[number] + amount for number, amount in now.items()}
    if all(line.amount.amount > 0 for line in lines):  # what is rounded to nothing is never credited
        assert total(taken) == total(made)
        assert taxed(taken) == taxed(made)
