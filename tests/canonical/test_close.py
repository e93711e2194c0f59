"""Closing: late work goes to the next open period or waits; what could not be posted is accrued and reversed."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from canonical.journal import AccountingPeriod, PeriodState
from canonical.money import Money
from canonical.period import Period
from canonical.rules.close import (
    Accruable,
    Placed,
    closed_before,
    held_until_reopened,
    is_closed,
    open_for_receivables,
    place,
    propose_accrual,
)
from canonical.rules.postings import Chart
from tests.build import usd

YEAR = [Period.month(2026, month) for month in range(1, 13)]


def some_periods(closed_until: int) -> list[AccountingPeriod]:
    return [
        AccountingPeriod(entity="US01", period=period, state=PeriodState.CLOSED if number <= closed_until else PeriodState.OPEN)
        for number, period in enumerate(YEAR, 1)
    ]


def test_late_time_keeps_its_service_date_and_is_accounted_in_may() -> None:  # S27
    placed = place(date(2026, 4, 28), date(2026, 5, 12), some_periods(closed_until=4))
    assert placed == Placed(accounting_date=date(2026, 5, 12), is_prior_period=True)


def test_held_time_shows_money_and_age() -> None:  # S27, policy hold
    finding = held_until_reopened("10 h by ann", date(2026, 4, 28), date(2026, 5, 12), usd(1650), subject="kantata.1")
    assert (finding.code, finding.money, finding.evidence["age_in_days"]) == ("PERIOD_CLOSED", usd(1650), "14")


def test_an_open_period_takes_its_own_work_whenever_it_is_approved() -> None:  # S19: 30 June while the period is open
    assert place(date(2026, 6, 30), date(2026, 7, 2), some_periods(closed_until=5)) == Placed(accounting_date=date(2026, 6, 30))


def test_after_today_and_before_it_the_next_open_period_is_kept_to() -> None:
    april, periods = date(2026, 4, 28), some_periods(closed_until=4)
    assert place(april, date(2026, 6, 3), periods) == Placed(accounting_date=date(2026, 5, 31), is_prior_period=True)
    assert place(april, date(2026, 4, 30), periods) == Placed(accounting_date=date(2026, 5, 1), is_prior_period=True)


def test_a_day_that_the_ledger_has_no_period_for_takes_no_posting() -> None:
    assert is_closed(date(2025, 12, 31), some_periods(closed_until=0))
    assert place(date(2025, 12, 31), date(2026, 1, 9), some_periods(closed_until=0)) == Placed(
        accounting_date=date(2026, 1, 9), is_prior_period=True
    )
    assert not is_closed(date(2025, 12, 31), [])


def test_where_nothing_is_open_nothing_is_placed() -> None:
    assert place(date(2026, 4, 28), date(2026, 12, 31), some_periods(closed_until=12)) is None


@given(st.integers(0, 364), st.integers(0, 364), st.integers(0, 12))
def test_nothing_is_ever_placed_in_a_closed_period(service: int, today: int, closed_until: int) -> None:
    first, periods = date(2026, 1, 1), some_periods(closed_until)
    placed = place(first + timedelta(days=service), first + timedelta(days=today), periods)
    if placed is None:
        assert closed_until == 12
        return
    assert not is_closed(placed.accounting_date, periods)
    assert placed.is_prior_period == (placed.accounting_date != first + timedelta(days=service))


JUNE = Period.month(2026, 6)


def test_what_an_outage_kept_from_posting_is_accrued() -> None:  # S19
    waiting = [
        Accruable(account="4000", amount=usd(1_564_000), items=1840),
        Accruable(account="4010", amount=usd(2_115_000), items=37),
    ]
    journal = propose_accrual("ACCR-US01-2026-06", "US01", JUNE, waiting)
    assert journal is not None
    assert [(line.account, line.debit, line.credit) for line in journal.lines] == [
        ("1150", usd(3_679_000), None),
        ("4000", None, usd(1_564_000)),
        ("4010", None, usd(2_115_000)),
    ]
    assert (journal.accounting_date, journal.reverses_on) == (date(2026, 6, 30), date(2026, 7, 1))
    assert "1877 approved items" in journal.memo


def test_no_work_is_no_accrual() -> None:
    assert propose_accrual("A", "US01", JUNE, []) is None
    assert propose_accrual("A", "US01", JUNE, [Accruable(account="4000", amount=usd(0))]) is None


@given(st.lists(st.tuples(st.sampled_from(["4000", "4010", "4020"]), st.integers(1, 10**9)), min_size=1, max_size=9))
def test_an_accrual_balances_and_is_the_sum_of_what_waits(found: list[tuple[str, int]]) -> None:
    waiting = [Accruable(account=account, amount=Money.from_minor_units(units, "USD")) for account, units in found]
    journal = propose_accrual("A", "US01", JUNE, waiting, Chart(contract_asset="1155"))
    assert journal is not None
    assert journal.lines[0].account == "1155"
    assert journal.lines[0].debit == Money.from_minor_units(sum(units for _, units in found), "USD")


def locked(month: int) -> list[AccountingPeriod]:
    periods = some_periods(closed_until=month - 1)
    return [one.changed(receivables_locked=one.period.start.month == month) for one in periods]


def test_a_period_whose_receivables_are_locked_takes_journals_and_no_invoices() -> None:  # S19: it closes first
    last, today = date(2026, 6, 30), date(2026, 7, 3)
    assert place(last, today, locked(6)) == Placed(accounting_date=last)
    assert place(last, today, locked(6), receivables=True) == Placed(accounting_date=today, is_prior_period=True)
    assert closed_before(today, locked(6)) == date(2026, 7, 1)
    assert [one.start.month for one in open_for_receivables(locked(6))] == [7, 8, 9, 10, 11, 12]


@given(st.integers(0, 364), st.integers(0, 364), st.integers(1, 12))
def test_an_invoice_is_never_placed_where_receivables_are_locked(service: int, today: int, month: int) -> None:
    first, periods = date(2026, 1, 1), locked(month)
    placed = place(first + timedelta(days=service), first + timedelta(days=today), periods, receivables=True)
    assert (placed is None) == (month == 12)
    if placed is not None:
        assert any(placed.accounting_date in one for one in open_for_receivables(periods))
        before = closed_before(placed.accounting_date, periods)
        assert before is not None and before <= placed.accounting_date


def test_where_nothing_is_closed_nothing_is_of_a_prior_period() -> None:
    assert closed_before(date(2026, 6, 30), some_periods(closed_until=0)) is None
    assert closed_before(date(2026, 6, 30), []) is None
