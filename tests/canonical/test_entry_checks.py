"""Bad input: every fault has its own code, holds its own entry and nothing else of the batch."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.exception import Finding
from canonical.journal import AccountingPeriod, PeriodState
from canonical.money import Money
from canonical.period import Period
from canonical.person import Person, Posting
from canonical.project import ProjectState
from canonical.rules.close import LatePolicy
from canonical.rules.door import admitted
from canonical.rules.entry_checks import (
    Checked,
    Circumstances,
    Entry,
    ProjectTerms,
    categorized,
    category_of,
    check_batch,
    content_of,
)
from canonical.time_entry import ApprovalState, ExpenseItem, TimeEntry
from tests.build import usd
from tests.canonical.test_rating import an_entry

ANN = Person(
    system="workday",
    source_id="W1",
    reference="ann",
    name="Ann",
    postings=(Posting(since=date(2026, 1, 1), entity="US01", role="Senior"),),
)


def an_expense(**changes: Any) -> ExpenseItem:
    facts: dict[str, Any] = {
        "system": "kantata",
        "source_id": "E1",
        "source_version": "1",
        "project": "ENG-100",
        "person": "ann",
        "category": "travel",
        "state": ApprovalState.APPROVED,
        "spent_on": date(2026, 4, 17),
        "amount": usd("119.00"),
    }
    return ExpenseItem(**{**facts, **changes})


def around(**changes: Any) -> Circumstances:
    facts: dict[str, Any] = {
        "today": date(2026, 5, 12),
        "projects": {
            "ENG-100": ProjectTerms(
                entity="US01",
                state=ProjectState.ACTIVE,
                currencies=("USD",),
                tasks=frozenset({"T-1", "T-2"}),
                term=Period(start=date(2026, 2, 1), end=date(2026, 7, 1)),
            ),
            "ENG-ANY": ProjectTerms(entity="US01", state=ProjectState.ACTIVE, currencies=("USD",)),
            "ENG-OLD": ProjectTerms(entity="US01", state=ProjectState.ARCHIVED, currencies=("USD",)),
        },
        "people": {"ann": ANN},
        "periods": {
            "US01": (AccountingPeriod(entity="US01", period=Period.month(2026, 4), state=PeriodState.CLOSED),),
        },
    }
    return Circumstances(**{**facts, **changes})


FAULTY: list[tuple[str, Entry]] = [
    ("ENTRY_NO_PROJECT", an_entry(project="")),
    ("PROJECT_UNKNOWN", an_entry(project="ENG-999")),
    ("PROJECT_CLOSED", an_entry(project="ENG-OLD")),
    ("OUTSIDE_TERM", an_entry(work_date=date(2026, 7, 1))),
    ("OUTSIDE_TERM", an_entry(work_date=date(2026, 1, 31))),
    ("OUTSIDE_TERM", an_expense(spent_on=date(2026, 7, 1))),
    ("ENTRY_NO_TASK", an_entry(task="")),
    ("TASK_UNKNOWN", an_entry(task="TBD")),
    ("ENTRY_NO_PERSON", an_entry(person="")),
    ("PERSON_UNKNOWN", an_entry(person="bob")),
    ("PERSON_UNKNOWN", an_entry(project="ENG-ANY", work_date=date(2025, 12, 31))),
    ("HOURS_NOT_POSITIVE", an_entry("0")),
    ("HOURS_NOT_POSITIVE", an_entry("-2")),
    ("HOURS_ABOVE_A_DAY", an_entry("24.25")),
    ("CURRENCY_NOT_ACCEPTED", an_entry(rate=Money.of(200, "EUR"))),
    ("EXPENSE_NO_PROJECT", an_expense(project="")),
    ("EXPENSE_NO_PERSON", an_expense(person="")),
    ("EXPENSE_NO_CATEGORY", an_expense(category="")),
    ("CURRENCY_NOT_ACCEPTED", an_expense(amount=Money.of(100, "EUR"))),
    ("TOO_MANY_DIGITS", an_expense(amount=usd("119.005"))),
    ("TOO_MANY_DIGITS", an_expense(tax=usd("19.001"))),
    ("AMOUNT_NOT_POSITIVE", an_expense(amount=usd(0))),
    ("AMOUNT_NOT_POSITIVE", an_expense(tax=usd("-19"))),
    ("TAX_ABOVE_AMOUNT", an_expense(tax=usd(120))),
    ("SUBCONTRACTOR_PO_MISSING", an_expense(is_subcontractor=True)),
]


@pytest.mark.parametrize(("code", "entry"), FAULTY)
def test_each_fault_has_its_code_its_entry_and_its_remedy(code: str, entry: Entry) -> None:
    (finding,) = check_batch([entry], around()).findings
    assert (finding.code, finding.subject, finding.evidence["entry"]) == (code, entry.reference, entry.reference)
    assert finding.remedy.endswith(".") and entry.reference in finding.sentence


def test_what_no_contract_covers_may_be_let_pass_and_a_flight_is_booked_before() -> None:
    late, early = an_entry(work_date=date(2026, 7, 1)), an_expense(spent_on=date(2026, 1, 15))
    own = an_entry(source_id="T2", work_date=date(2026, 7, 1), is_billable=False)
    assert check_batch([early, own], around()).findings == ()
    assert check_batch([late], around(), overridden=frozenset({("OUTSIDE_TERM", late.reference)})).passed == (late,)


def test_a_sound_entry_and_a_sound_expense_pass() -> None:
    batch: list[Entry] = [an_entry(), an_expense(), an_expense(source_id="E2", is_subcontractor=True, purchase_order="SUB-1")]
    assert check_batch(batch, around()) == Checked(passed=tuple(sorted(batch, key=lambda entry: entry.reference)))


def test_a_whole_day_and_a_receipt_that_is_all_tax_are_possible() -> None:
    batch: list[Entry] = [an_entry("24"), an_expense(tax=usd("119.00"))]
    assert not check_batch(batch, around()).findings


def test_no_category_is_known_from_entry_or_person() -> None:
    nobody = ANN.model_copy(update={"postings": (Posting(since=date(2026, 1, 1), entity="US01"),)})
    entry = an_entry(role="")
    assert category_of(entry, around()) == "Senior"
    assert not check_batch([entry], around()).findings
    (finding,) = check_batch([entry], around(people={"ann": nobody})).findings
    assert finding.code == "ENTRY_NO_CATEGORY"
    assert not check_batch([an_entry(role="", is_billable=False)], around(people={"ann": nobody})).findings


def test_a_finding_carries_the_money() -> None:
    (time,) = check_batch([an_entry("8", project="", rate=usd(165))], around()).findings
    (expense,) = check_batch([an_expense(project="")], around()).findings
    assert (time.money, expense.money) == (usd(1320), usd(119))


def test_a_closed_period_holds_only_by_policy() -> None:  # S27
    late = an_entry("10", work_date=date(2026, 4, 28), rate=usd(165))
    assert check_batch([late], around()).passed == (late,)
    (finding,) = check_batch([late], around(late=LatePolicy.HOLD)).findings
    assert (finding.code, finding.money, finding.evidence["age_in_days"]) == ("PERIOD_CLOSED", usd(1650), "14")


def test_the_same_content_under_another_id_is_a_duplicate() -> None:
    first, second = an_entry(source_id="1"), an_entry(source_id="2", source_version="7")
    for batch in ([first, second], [second, first]):
        checked = check_batch(batch, around())
        assert checked.passed == (first,)
        assert [(one.code, one.subject) for one in checked.findings] == [("DUPLICATE_ENTRY", "kantata.2")]
    earlier = around(seen={content_of(first): "kantata.1"})
    assert [one.code for one in check_batch([second], earlier).findings] == ["DUPLICATE_ENTRY"]
    assert check_batch([first], earlier).passed == (first,)
    assert check_batch([an_entry(source_id="3", note="afternoon")], earlier).passed
    let_pass = frozenset({("DUPLICATE_ENTRY", "kantata.2")})
    assert check_batch([second], earlier, overridden=let_pass).passed == (second,)


def test_a_fault_that_may_not_be_overridden_stays() -> None:
    entry = an_entry(project="")
    assert check_batch([entry], around(), overridden=frozenset({("ENTRY_NO_PROJECT", entry.reference)})).findings


@pytest.mark.parametrize("state", [state for state in ApprovalState if state is not ApprovalState.APPROVED])
def test_only_approved_entries_are_judged_or_billed(state: ApprovalState) -> None:  # R61, S15
    entry = an_entry(state=state, project="")
    assert check_batch([entry], around()) == Checked(waiting=(entry,))


def test_an_entry_that_came_twice_is_judged_once_as_it_is_now() -> None:
    faulty, corrected = an_entry(task="", source_version="1"), an_entry(source_version="2")
    for batch in ([faulty, corrected], [corrected, faulty], [corrected, faulty, corrected]):
        assert check_batch(batch, around()) == Checked(passed=(corrected,))


@given(st.lists(st.sampled_from([entry for _, entry in FAULTY]), max_size=8), st.integers(1, 6), st.randoms())
def test_the_rest_of_the_batch_goes_on_in_any_order(faulty: list[Entry], sound: int, chance: Any) -> None:
    good = [an_entry(source_id=f"good{n}", note=str(n)) for n in range(sound)]
    bad = [entry.changed(source_id=f"bad{n}", note=f"bad {n}") for n, entry in enumerate(faulty)]
    batch: list[Entry] = [*good, *bad]
    chance.shuffle(batch)
    checked = check_batch(batch, around())
    assert list(checked.passed) == sorted(good, key=lambda entry: entry.reference)
    assert {finding.subject for finding in checked.findings} == {entry.reference for entry in bad}


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("100", "EUX", "CURRENCY_UNKNOWN"),
        ("100", "", "CURRENCY_UNKNOWN"),
        ("1.005", "USD", "TOO_MANY_DIGITS"),
        ("1.5", "JPY", "TOO_MANY_DIGITS"),
        ("ten", "USD", "AMOUNT_UNREADABLE"),
        ("NaN", "USD", "AMOUNT_UNREADABLE"),
    ],
)
def test_money_that_is_none_is_refused_at_the_door(amount: str, currency: str, code: str) -> None:
    finding = admitted(amount, currency, subject="kantata.7")
    assert isinstance(finding, Finding)
    assert (finding.code, finding.subject) == (code, "kantata.7")


@given(st.integers(-(10**9), 10**9), st.sampled_from(["USD", "JPY", "KWD"]))
def test_money_that_fits_is_admitted_unchanged(units: int, currency: str) -> None:
    money = Money.from_minor_units(units, currency)
    assert admitted(str(money.amount), currency, subject="x") == money
    finer = Decimal(money.amount) + Decimal("0.0001")
    assert isinstance(admitted(finer, currency, subject="x"), Finding)


def test_what_the_door_refused_is_told_as_it_is_and_holds_its_own_entry_only() -> None:
    refused = admitted("12.345", "USD", subject="kantata.expense-E1")
    assert isinstance(refused, Finding)
    odd = an_expense(amount=Money.of(0, "XXX"), refused=(refused,))
    checked = check_batch([odd, an_expense(source_id="E2", note="another")], around())
    assert checked.findings == (refused,)
    assert [one.source_id for one in checked.passed] == ["E2"]


def test_a_project_that_converts_expenses_takes_any_currency_with_its_tax_in_the_same() -> None:
    terms = around().projects["ENG-100"].changed(converts_expenses=True)
    converting = around(projects={"ENG-100": terms})
    francs = an_expense(amount=Money.of("50.00", "CHF"))
    assert check_batch([francs], converting).findings == ()
    mixed = an_expense(amount=Money.of("50.00", "CHF"), tax=usd("1.00"))
    assert [one.code for one in check_batch([mixed], converting).findings] == ["CURRENCY_NOT_ACCEPTED"]
    assert [one.code for one in check_batch([francs], around()).findings] == ["CURRENCY_NOT_ACCEPTED"]


def test_the_state_that_a_record_brings_with_it_counts() -> None:
    entry = an_entry(project_state=ProjectState.COMPLETED)
    assert [one.code for one in check_batch([entry], around()).findings] == ["PROJECT_CLOSED"]


def test_a_person_whom_hr_does_not_know_is_told_only_where_hr_knows_everybody() -> None:
    stranger = an_entry(person="stranger@elsewhere.example")
    (finding,) = check_batch([stranger], around()).findings
    assert finding.code == "PERSON_UNKNOWN"
    assert not check_batch([stranger], around(knows_everybody=False)).findings


def test_an_hour_without_a_labor_category_has_that_of_its_person_on_the_day() -> None:
    given = categorized(an_entry(role="", person="ANN"), around())
    assert isinstance(given, TimeEntry) and given.role == "Senior"
    named = an_entry(role="Architect")
    assert categorized(named, around()) is named
    asked_nobody = an_entry(role="")
    assert categorized(asked_nobody, around(people={})) is asked_nobody
