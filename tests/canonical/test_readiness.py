"""Readiness of a month: what hinders is said in words, and an accrual holds exactly what waits and is not accrued yet."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from canonical.closing import AccruedAccount, ClosingJournal, InFlight, Readiness, WaitingMoney
from canonical.money import Money
from canonical.period import Period
from canonical.rules.close import Accruable, propose_accrual
from canonical.rules.readiness import hindrances, month, to_accrue
from tests.build import usd

JUNE = Period.month(2026, 6)


def a_readiness(**changes: Any) -> Readiness:
    return Readiness(**{"entity": "US01", "period": JUNE, "as_of": datetime(2026, 7, 1, tzinfo=UTC), **changes})


def test_nothing_stands_in_the_way_of_an_empty_month() -> None:
    assert list(hindrances(a_readiness())) == []


def test_each_hindrance_names_its_remedy() -> None:
    journal = ClosingJournal(
        reference="ACCR-1", purpose="accrual", state="proposed", currency="USD", amount=usd(9), accounting_date=date(2026, 6, 30)
    )
    found = a_readiness(
        in_flight=(InFlight(system="netsuite", kind="invoice", state="unknown", count=2),),
        waiting=(
            WaitingMoney(state="held", code="PO_EXHAUSTED", amount=usd(1500), items=3),
            WaitingMoney(state="open", amount=usd(5), items=1),
        ),
        to_recognize=4,
        to_accrue=(AccruedAccount(currency="USD", account="4000", amount=Decimal(100)),),
        journals=(journal,),
    )
    said = list(hindrances(found))
    assert [words.split(" ")[0] for words in said] == ["2", "1,500.00", "4", "Journal", "100.00"]
    assert "handoff revenue run US01 2026-06" in said[2] and "handoff close run US01 2026-06" in said[4]


def test_what_is_accrued_is_not_accrued_again_and_what_was_billed_since_is_taken_back() -> None:
    waiting = [Accruable(account="4000", amount=usd(1_564_000), items=1840), Accruable(account="4010", amount=usd(2_115_000))]
    everything = [
        AccruedAccount(currency="USD", account="4000", amount=Decimal(1_564_000)),
        AccruedAccount(currency="USD", account="4010", amount=Decimal(2_115_000)),
    ]
    assert to_accrue(waiting, everything) == []
    [back] = to_accrue(waiting[:1], everything)
    assert (back.account, back.amount) == ("4010", usd(-2_115_000))
    journal = propose_accrual("ACCR", "US01", JUNE, [back])
    assert journal and [(one.account, one.debit, one.credit) for one in journal.lines] == [
        ("1150", None, usd(2_115_000)),
        ("4010", usd(2_115_000), None),
    ]


ACCOUNTS = st.sampled_from(["4000", "4010", "4030"])
UNITS = st.integers(1, 10**9)


@given(st.lists(st.tuples(ACCOUNTS, UNITS), max_size=6), st.lists(st.tuples(ACCOUNTS, UNITS), max_size=6))
def test_accrued_and_still_to_accrue_are_what_waits(waiting: list[tuple[str, int]], accrued: list[tuple[str, int]]) -> None:
    waits = [Accruable(account=account, amount=Money.from_minor_units(units, "USD")) for account, units in waiting]
    before = [AccruedAccount(currency="USD", account=account, amount=Decimal(units) / 100) for account, units in accrued]
    left = to_accrue(waits, before)
    total = Money.sum((one.amount for one in left), "USD").amount + sum((one.amount for one in before), Decimal(0))
    assert total == Money.sum((one.amount for one in waits), "USD").amount
    again = [*before, *(AccruedAccount(currency="USD", account=one.account, amount=one.amount.amount) for one in left)]
    assert to_accrue(waits, again) == []


@given(st.text(max_size=9))
def test_only_a_month_is_read_as_one(text: str) -> None:
    found = month(text)
    assert found is None or f"{found.start:%Y-%m}".removeprefix("0") == text.removeprefix("0")


def test_months_are_written_with_two_digits() -> None:
    assert month("2026-04") == Period.month(2026, 4)
    assert [month(text) for text in ("2026-4", "2026-13", "2026-00", "26-04", "2026-04-01", "april", "٢٠٢٦-٠٤")] == [None] * 7
