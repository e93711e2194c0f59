"""Split billing: shares by weight lose nothing, and each is converted once."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from canonical.money import Money
from canonical.rules.exchange import FrozenRate, converted
from canonical.rules.splitting import Share, portions, share_billed
from canonical.rules.taxation import Taxable, taxes
from tests.build import usd

EURO = FrozenRate(base="EUR", quoted="USD", rate=Decimal("1.0800"), source="contract")


def a_share(entity: str, weight: str, currency: str = "USD", rate: FrozenRate | None = None) -> Share:
    return Share(entity=entity, customer=f"ACME-{entity}", weight=Decimal(weight), currency=currency, rate=rate)


def test_s04_to_the_cent() -> None:
    germany, america = portions(usd(50_000), [a_share("DE01", "0.6", "EUR", EURO), a_share("US01", "0.4")])
    net = Money.of("27777.78", "EUR")
    (vat,) = taxes([Taxable(amount=net, rate=Decimal("0.19"))])
    assert (germany.billed, vat, net + vat) == (net, Money.of("5277.78", "EUR"), Money.of("33055.56", "EUR"))
    assert converted(germany.billed, EURO) == germany.agreed == usd(30_000)
    assert america.billed == usd(20_000)
    assert share_billed([america], usd(50_000)) == Decimal("0.4")


def test_s04_thirds() -> None:
    found = portions(usd("10000.01"), [a_share(entity, "1") for entity in ("A", "B", "C")])
    assert [one.billed for one in found] == [usd("3333.34"), usd("3333.34"), usd("3333.33")]


@given(st.integers(1, 10**10), st.lists(st.integers(1, 100), min_size=1, max_size=6), st.decimals("0.5", 2, places=4))
def test_shares_agree_to_the_whole(units: int, weights: list[int], rate: Decimal) -> None:
    amount, quote = Money.from_minor_units(units, "USD"), EURO.changed(rate=rate)
    shares = [a_share(f"E{n}", str(weight), *(("EUR", quote) if n % 2 else ())) for n, weight in enumerate(weights)]
    found = portions(amount, shares)
    assert Money.sum((one.agreed for one in found), "USD") == amount
    assert share_billed(found, amount) == 1
    for one in found:
        assert one.billed.is_exact
        assert abs(one.billed.amount * (rate if one.billed.currency == "EUR" else 1) - one.agreed.amount) <= Decimal("0.01")
