"""Tax: rounded where the target rounds, given out without loss, never zero for want of a registration."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.money import Money, minor_unit
from canonical.rules.taxation import (
    Taxable,
    TaxPolicy,
    amounts,
    apportioned,
    nexus_findings,
    rounded_together,
    taxes,
    with_line_taxes,
)
from canonical.tax import TaxAnswer, TaxedLine
from canonical.written import RoundingLevel
from tests.build import usd

BY_LINE, BY_DOCUMENT = TaxPolicy(level=RoundingLevel.LINE), TaxPolicy(level=RoundingLevel.DOCUMENT)
VAT = Decimal("0.19")


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def test_s12_by_line_and_by_document() -> None:
    exact = [eur("149.99") * Decimal("0.35")] * 3
    assert Money.sum(amounts(exact, BY_LINE), "EUR") == eur("157.50")
    assert Money.sum(amounts(exact, BY_DOCUMENT), "EUR") == eur("157.49")
    lines = [Taxable(amount=amount, rate=VAT) for amount in amounts(exact, BY_LINE)]
    assert Money.sum(taxes(lines, BY_DOCUMENT), "EUR") == eur("29.93")
    assert taxes(lines, BY_DOCUMENT) == [eur("9.98"), eur("9.98"), eur("9.97")]
    assert taxes(lines, BY_LINE) == [eur("9.98")] * 3


def test_s17_20000_at_8_25_percent() -> None:
    assert taxes([Taxable(amount=usd(20_000), rate=Decimal("0.0825"))]) == [usd("1650.00")]


def test_a_missing_nexus_holds_the_document_with_its_money() -> None:  # S17
    answer = TaxAnswer(tax=usd(0), missing_nexus=("TX",))
    (finding,) = nexus_findings(answer, usd(20_000), entity="US01", subject="INV-1")
    assert (finding.code, finding.money, finding.can_override) == ("TAX_NEXUS_MISSING", usd(20_000), False)
    both = TaxAnswer(tax=usd(0), missing_nexus=("US-TX", "US-TX Austin"))
    (finding,) = nexus_findings(both, usd(20_000), entity="US01", subject="INV-1")  # the money is at risk once
    assert finding.money == usd(20_000) and "US-TX, US-TX Austin" in finding.sentence
    assert not nexus_findings(TaxAnswer(tax=usd(0), exemption_certificate="C-1"), usd(1), entity="US01", subject="INV-1")


def test_the_engines_lines_add_up_to_the_documents_tax() -> None:
    lines = tuple(TaxedLine(number=n, taxable=eur("52.50"), tax=eur("9.98"), rate=VAT) for n in (1, 2, 3))
    told = with_line_taxes(TaxAnswer(tax=eur("29.93"), lines=lines))
    assert Money.sum((line.tax for line in told), "EUR") == eur("29.93")


def test_the_cent_that_is_missing_goes_to_the_largest_remainder() -> None:
    assert rounded_together([usd("0.001"), usd("0.009")]) == [usd(0), usd("0.01")]
    assert apportioned(usd("2.01"), [usd("1.002"), usd("1.004")]) == [usd("1.00"), usd("1.01")]


def test_lines_that_are_exact_already_stay_as_they_are() -> None:
    assert apportioned(usd(2), [usd(-1), usd(3)]) == [usd(-1), usd(3)]


def test_no_lines_bear_no_tax() -> None:
    assert taxes([]) == [] and amounts([]) == [] and amounts([], BY_DOCUMENT) == []


LINES = st.lists(
    st.builds(
        lambda units, rate: Taxable(amount=Money.from_minor_units(units, "EUR"), rate=Decimal(rate)),
        st.integers(-(10**7), 10**8),
        st.sampled_from(["0", "0.07", "0.19", "0.0825"]),
    ),
    max_size=10,
)


@given(LINES)
def test_by_document_each_rates_tax_is_its_rounded_sum_and_no_line_is_a_cent_off(lines: list[Taxable]) -> None:
    told = taxes(lines, BY_DOCUMENT)
    for rate in {line.rate for line in lines}:
        exact = Money.sum((line.amount * rate for line in lines if line.rate == rate), "EUR")
        borne = Money.sum((tax for line, tax in zip(lines, told, strict=True) if line.rate == rate), "EUR")
        assert borne == exact.rounded()
    for line, tax in zip(lines, told, strict=True):
        assert tax.is_exact
        assert abs((tax - line.amount * line.rate).amount) < minor_unit("EUR")


@given(LINES)
def test_by_line_each_tax_is_rounded_by_itself(lines: list[Taxable]) -> None:
    assert taxes(lines, BY_LINE) == [(line.amount * line.rate).rounded() for line in lines]


@given(st.integers(-(10**8), 10**8), st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_whatever_total_was_told_the_lines_add_up_to_it(units: int, parts: list[int]) -> None:
    total = Money.from_minor_units(units, "USD")
    told = apportioned(total, [Money.of(part, "USD") * Decimal("0.00333") for part in parts])
    assert Money.sum(told, "USD") == total


@pytest.mark.parametrize("level", [RoundingLevel.LINE, RoundingLevel.NONE])
def test_a_target_that_names_no_level_rounds_lines(level: RoundingLevel) -> None:
    lines = [Taxable(amount=eur("52.50"), rate=VAT)] * 3
    assert Money.sum(taxes(lines, TaxPolicy(level=level)), "EUR") == eur("29.94")
