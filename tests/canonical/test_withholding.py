"""Withholding: certified tax settles, the rest stays open and is asked for."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.money import Money
from canonical.payment import Application
from canonical.rules.withholding import WithholdingPolicy, recognized, settled_by, uncertified
from tests.build import usd
from tests.canonical.documents import a_payment

LENIENT = WithholdingPolicy(needs_certificate=False)


def an_application(withheld: int | None = 1_000, certificate: str = "WHT-7") -> Application:
    tax = None if withheld is None else usd(withheld)
    return Application(target_id="1", number="INV-1", amount=usd(9_000), withheld=tax, certificate=certificate)


@pytest.mark.parametrize(
    ("application", "policy", "settled"),
    [
        (an_application(), None, 10_000),  # S28 b
        (an_application(certificate=""), None, 9_000),
        (an_application(certificate=""), LENIENT, 10_000),
        (an_application(withheld=None), None, 9_000),
    ],
)
def test_what_settles_an_invoice(application: Application, policy: WithholdingPolicy | None, settled: int) -> None:
    assert settled_by(application, policy) == usd(settled)


def test_a_missing_certificate_is_asked_for_with_its_money() -> None:
    (finding,) = uncertified(a_payment(9_000, applications=(an_application(certificate=""),)))
    assert (finding.code, finding.money, finding.subject) == ("WITHHOLDING_CERTIFICATE_MISSING", usd(1_000), "INV-1")
    assert not uncertified(a_payment(9_000, applications=(an_application(), an_application(withheld=None))))


def test_what_the_law_lets_a_customer_keep() -> None:
    assert WithholdingPolicy(rate=Decimal("0.10")).expected(usd(10_000)) == usd(1_000)
    assert WithholdingPolicy().expected(usd(10_000)) == usd(0)


@given(st.integers(0, 10**8), st.integers(0, 10**8), st.booleans(), st.booleans())
def test_withheld_tax_is_either_recognized_or_asked_for(cash: int, tax: int, is_certified: bool, is_needed: bool) -> None:
    application = Application(
        target_id="1",
        amount=Money.from_minor_units(cash, "USD"),
        withheld=Money.from_minor_units(tax, "USD"),
        certificate="W" if is_certified else "",
    )
    policy = WithholdingPolicy(needs_certificate=is_needed)
    asked = Money.sum((f.money for f in uncertified(a_payment(1, applications=(application,)), policy) if f.money), "USD")
    assert application.withheld == recognized(application, policy) + asked
