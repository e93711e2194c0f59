"""What people are asked about payments, when time alone asks again, what account teams are told (S13, S16, S28, R101, R102)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.billing_view import Exposure
from canonical.invoice import DocumentLine, Invoice
from canonical.money import Money
from canonical.payment import Application, Payment, PaymentKind, PaymentState
from canonical.receivable import CustomerStanding, HeldPayment, OpenInvoice
from canonical.rules.advances import reclassified
from canonical.rules.cash_application import CashTerms, bucket_of, cash_findings
from canonical.rules.exchange import AdvancePolicy, Carried, FrozenRate, converted, revenue_carried
from canonical.rules.next_look import next_look
from canonical.rules.postings import Chart
from canonical.rules.standing import account_standing, identity, note_of
from tests.build import usd

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TERMS = CashTerms(tolerance=(usd(10),))
CENTS = st.integers(min_value=1, max_value=10**9).map(lambda cents: Money.of(Decimal(cents) / 100, "USD"))


def an_invoice(**changes: Any) -> OpenInvoice:
    facts: dict[str, Any] = {
        "reference": "ENG-1.R1", "number": "INV1", "contract": "ENG-1", "entity": "US01", "customer": "CUST-1", "state": "posted",
        "system": "netsuite", "target_id": "7", "due": date(2026, 12, 1), "total": usd(10_000), "open": usd(10_000),
        "paid": usd(0), "disputed": usd(0),
    }  # fmt: skip
    return OpenInvoice(**{**facts, **changes})


def a_payment(*lines: Application, amount: Money | None = None, unknown: Money | None = None, **changes: Any) -> HeldPayment:
    facts: dict[str, Any] = {
        "system": "netsuite", "source_id": "55", "source_version": "1", "reference": "PAY-1", "entity": "US01",
        "customer": "CUST-1", "amount": amount or usd(10_000), "received_on": date(2026, 11, 19), "applications": lines,
    }  # fmt: skip
    seen = changes.pop("first_seen_at", NOW - timedelta(hours=1))
    return HeldPayment(payment=Payment(**{**facts, **changes}), first_seen_at=seen, contract="ENG-1", unknown=unknown or usd(0))


def standing(*things: OpenInvoice | HeldPayment) -> CustomerStanding:
    return CustomerStanding(
        customer="CUST-1",
        read_at=NOW,
        invoices=tuple(one for one in things if isinstance(one, OpenInvoice)),
        payments=tuple(one for one in things if isinstance(one, HeldPayment)),
    )


def asked(*things: OpenInvoice | HeldPayment, terms: CashTerms = TERMS) -> list[tuple[str, Money | None]]:
    return [(one.finding.code, one.finding.money) for one in cash_findings(standing(*things), terms)]


@pytest.mark.parametrize(
    ("left", "code"),
    [(10, "SMALL_DIFFERENCE"), (11, "SHORT_PAYMENT"), (1_000, "SHORT_PAYMENT"), (1_001, None), (6_000, None), (0, None)],
)
def test_a_remainder_is_small_short_or_an_instalment(left: int, code: str | None) -> None:
    found = asked(an_invoice(open=usd(left), paid=usd(10_000 - left), state="partly_paid"))
    assert found == ([(code, usd(left))] if code else [])


def test_what_is_disputed_is_neither_short_nor_overdue() -> None:
    late = {"due": date(2026, 10, 1), "open": usd(2_400), "paid": usd(12_600), "total": usd(15_000)}
    assert asked(an_invoice(**late, disputed=usd(2_400))) == []
    assert asked(an_invoice(**late, disputed=usd(1_400))) == [("SHORT_PAYMENT", usd(1_000)), ("INVOICE_OVERDUE", usd(1_000))]
    assert asked(an_invoice(**late)) == [("INVOICE_OVERDUE", usd(2_400))]


def test_a_bucket_asks_anew_and_the_same_day_does_not() -> None:
    keys = []
    for days in (0, 1, 30, 31, 91):
        due = NOW.date() - timedelta(days=days)
        keys += [one.key for one in cash_findings(standing(an_invoice(due=due)), TERMS)]
    assert [key.rpartition("/")[2] for key in keys] == ["1-30 days", "1-30 days", "31-60 days", "more than 90 days"]
    assert len(set(keys)) == 3


@given(days=st.integers(min_value=-400, max_value=400))
def test_every_age_has_one_bucket(days: int) -> None:
    found = bucket_of(days)
    assert (found == "not due") == (days <= 0)
    if found.startswith("more"):
        assert days > 90
    elif found != "not due":
        low, high = map(int, found.removesuffix(" days").split("-"))
        assert low <= days <= high


def test_payments_ask_for_what_is_over_unapplied_bounced_and_uncertified() -> None:
    over = a_payment(Application(target_id="7", amount=usd(10_000)), amount=usd(10_500))
    assert asked(over) == [("OVER_PAYMENT", usd(500))]
    assert asked(a_payment(amount=usd(300))) == [("PAYMENT_UNAPPLIED", usd(300))]
    assert asked(a_payment(state=PaymentState.BOUNCED)) == [("PAYMENT_BOUNCED", usd(10_000))]
    kept = Application(target_id="7", amount=usd(0), withheld=usd(1_000))
    assert asked(a_payment(kept, amount=usd(0))) == [("WITHHOLDING_CERTIFICATE_MISSING", usd(1_000))]
    assert asked(a_payment(kept.changed(certificate="W-1"), amount=usd(0))) == []
    assert asked(a_payment(amount=usd(300), kind=PaymentKind.DEPOSIT)) == []


def test_money_for_what_is_not_known_is_parked_for_a_day_and_then_raised_every_day() -> None:
    line = Application(target_id="?", amount=usd(10_000))
    young, old = (
        a_payment(line, unknown=usd(10_000)),
        a_payment(line, unknown=usd(10_000), first_seen_at=NOW - timedelta(hours=25)),
    )
    assert asked(young) == []
    assert asked(old) == [("PAYMENT_FOR_UNKNOWN_INVOICE", usd(10_000))]
    assert next_look(standing(young), TERMS) == NOW + timedelta(hours=23)
    assert next_look(standing(old), TERMS) == NOW + timedelta(hours=23)


@given(days=st.integers(min_value=-120, max_value=120), hours=st.integers(min_value=0, max_value=200))
def test_between_two_looks_nothing_is_missed(days: int, hours: int) -> None:
    line = Application(target_id="?", amount=usd(5))
    held = a_payment(line, amount=usd(5), unknown=usd(5), first_seen_at=NOW - timedelta(hours=hours))
    now = standing(an_invoice(due=NOW.date() + timedelta(days=days)), held)
    again = next_look(now, TERMS)
    assert again is not None and again > NOW
    just_before = now.changed(read_at=again - timedelta(microseconds=1))
    codes = [[one.key for one in cash_findings(one, TERMS)] for one in (now, just_before)]
    assert codes[0] == codes[1]


@given(opens=st.lists(CENTS, min_size=1, max_size=8), seed=st.integers(0, 7))
def test_a_deal_is_told_the_sum_of_its_invoices_whatever_their_order(opens: list[Money], seed: int) -> None:
    invoices = [an_invoice(reference=f"I{n}", contract=f"ENG-{n % 3}", open=one, total=one) for n, one in enumerate(opens)]
    turned = invoices[seed % len(invoices) :] + invoices[: seed % len(invoices)]
    told, again = account_standing(standing(*invoices)), account_standing(standing(*turned))
    assert Money.sum((deal.open for deal in told.deals), "USD") == Money.sum(opens, "USD")
    assert [(d.contract, d.open) for d in told.deals] == [(d.contract, d.open) for d in again.deals]


@given(own=st.lists(CENTS, min_size=1, max_size=4), others=st.lists(CENTS, max_size=4))
def test_a_deal_is_told_what_all_of_its_payers_owe(own: list[Money], others: list[Money]) -> None:
    invoices = [an_invoice(reference=f"I{n}", open=one, total=one) for n, one in enumerate(own)]
    shared = [an_invoice(reference=f"O{n}", customer="CUST-2", open=one, total=one) for n, one in enumerate(others)]
    elsewhere = an_invoice(reference="E", customer="CUST-2", contract="ENG-OTHER")
    told = account_standing(standing(*invoices).changed(shared=(*shared, elsewhere)))
    assert [deal.open for deal in told.deals] == [Money.sum([*own, *others], "USD")]


def test_a_deal_that_came_to_nothing_is_told_once() -> None:
    exposure = Exposure(
        customer="CUST-1", open=usd(0), overdue=usd(0), disputed=usd(0), credit=usd(0), parked=usd(0), documents=0
    )
    paid = standing(an_invoice(open=usd(0), paid=usd(10_000), state="paid")).changed(exposures=(exposure,))
    told = account_standing(paid)
    assert [(deal.open, deal.words) for deal in told.deals] == [(usd(0), "")]
    assert identity(told) == identity(account_standing(standing().changed(exposures=(exposure,))))
    assert note_of(an_invoice(state="partly_paid")).status == "partly paid"
    assert note_of(an_invoice(disputed=usd(1))).status == "disputed"


def an_invoice_in(currency: str, amounts: list[tuple[str, Decimal]]) -> Invoice:
    lines = tuple(
        DocumentLine(number=n, description="x", amount=Money(amount=amount, currency=currency), account=account)
        for n, (account, amount) in enumerate(amounts, 1)
    )
    return Invoice(
        reference="ENG-13.R1", contract="ENG-13", entity="CN01", customer="CUST-13", currency=currency,
        invoice_date=date(2026, 11, 20), accounting_date=date(2026, 11, 20), lines=lines, tax=Money.zero(currency),
    )  # fmt: skip


def test_s13_a_non_monetary_advance_moves_the_loss_to_revenue() -> None:
    invoice = an_invoice_in("USD", [("4010", Decimal(200))])
    journal = reclassified(invoice, Money.of("-200", "CNY"), Chart(), on=date(2026, 11, 20))
    assert [(line.account, line.debit, line.credit) for line in journal.lines] == [
        ("4010", Money.of(200, "CNY"), None),
        (Chart().exchange, None, Money.of(200, "CNY")),
    ]
    quote = FrozenRate(base="USD", quoted="CNY", rate=Decimal(8))
    advance = Carried(amount=usd(100), carried_at=Money.of(600, "CNY"))
    kept = revenue_carried(usd(200), quote, advance, AdvancePolicy.NON_MONETARY)
    assert kept == Money.of(1_400, "CNY") == converted(usd(200), quote) - Money.of(200, "CNY")


@given(
    cents=st.integers(min_value=-(10**8), max_value=10**8).filter(bool),
    parts=st.lists(st.integers(min_value=1, max_value=10**7), min_size=1, max_size=5),
)
def test_a_reclassified_gain_balances_and_loses_nothing(cents: int, parts: list[int]) -> None:
    invoice = an_invoice_in("USD", [(f"40{n}0", Decimal(part) / 100) for n, part in enumerate(parts)])
    gain = Money.of(Decimal(cents) / 100, "CNY")
    journal = reclassified(invoice, gain, Chart(), on=date(2026, 11, 20))
    [exchange] = [line for line in journal.lines if line.account == Chart().exchange]
    assert (exchange.debit or exchange.credit) == (gain if cents > 0 else -gain)
