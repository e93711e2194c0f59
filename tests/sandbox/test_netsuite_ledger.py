"""The books of the simulated NetSuite: what each document posts, at which rates, in which periods; and that they balance."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sandbox.netsuite import periods
from sandbox.netsuite.account import NetSuite
from sandbox.netsuite.errors import Refusal
from sandbox.netsuite.trial_balance import journal, open_receivables, trial_balance
from sandbox.netsuite.voiding import void
from tests.sandbox.netsuite_books import an_account, an_invoice, apply, balances, change, create, item, postings

CHINA = {"customer": {"id": "19"}, "currency": {"id": "1"}}


def tax(*amounts: float) -> dict[str, Any]:
    """Tax amounts of the caller, for the lines in their order."""
    details = [{"taxDetailsReference": str(n), "taxType": "VAT", "taxAmount": amount} for n, amount in enumerate(amounts, 1)]
    return {"taxDetailsOverride": True, "taxDetails": {"items": details}}


def refused(vendor: NetSuite, kind: str, body: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(Refusal) as raised:
        create(vendor, kind, body)
    return raised.value.code, raised.value.detail


def test_an_invoice_posts_receivable_revenue_by_item_deferral_and_the_draw_on_a_retainer() -> None:
    vendor = an_account()
    lines = (item(40000, "4010"), item(33532.5), item(6000, "2300"), item(-6300, "2350"))
    april = create(vendor, "invoice", an_invoice(*lines, tranDate="2026-04-30"))
    assert april["total"] == 73232.5
    assert postings(vendor, "invoice", april) == {
        "1100": "73232.50", "4010": "-40000.00", "4000": "-33532.50", "2300": "-6000.00", "2350": "6300.00"
    }  # fmt: skip


def test_crediting_an_invoice_that_drew_on_a_retainer_gives_the_retainer_back() -> None:
    """S08: a pool of 5,000, an invoice of 10,000 with a draw of 1,000, fully credited."""
    vendor = an_account()
    create(vendor, "invoice", an_invoice(item(5000, "2350"), tranDate="2026-04-01"))
    invoice = create(vendor, "invoice", an_invoice(item(10000), item(-1000, "2350")))
    assert (invoice["total"], balances(vendor)["2350"]) == (9000, "-4000.00")
    body = an_invoice(item(10000), item(-1000, "2350"), apply=apply((invoice["id"], 9000)))
    memo = create(vendor, "creditMemo", body)
    assert postings(vendor, "creditMemo", memo) == {"4000": "10000.00", "1100": "-9000.00", "2350": "-1000.00"}
    assert (invoice["status"], memo["status"], balances(vendor)) == (
        {"id": "B"},
        {"id": "B"},
        {"1100": "5000.00", "2350": "-5000.00"},
    )


def test_amounts_are_rounded_by_line_and_the_books_by_account_with_the_rest_on_rounding() -> None:
    """S12: three lines of 0.35 h at 149.99 EUR, VAT 29.93, at 1.05."""
    vendor = an_account()
    line = {"item": {"externalId": "ITEM-4000"}, "quantity": 0.35, "rate": 149.99}
    body = an_invoice(line, line, line, currency={"id": "2"}, exchangeRate=1.05, **tax(9.98, 9.98, 9.97))
    invoice = create(vendor, "invoice", body)
    assert (invoice["subtotal"], invoice["taxTotal"], invoice["total"]) == (157.5, 29.93, 187.43)
    assert balances(vendor) == {"1100": "196.80", "7010": "0.01", "4000": "-165.38", "2200": "-31.43"}


def test_tax_of_a_code_is_rounded_by_line_or_by_document_as_the_account_says() -> None:
    line = {"item": {"externalId": "ITEM-4000"}, "quantity": 0.35, "rate": 149.99, "taxCode": {"id": "9"}}
    for level, expected in (("line", 29.94), ("document", 29.93)):
        vendor = an_account(tax_rounding=level)
        vendor.seed({"salesTaxItem": {"9": {"itemId": "VAT-DE", "rate": 19}}})
        invoice = create(vendor, "invoice", an_invoice(line, line, line))
        assert (invoice["taxTotal"], invoice["total"]) == (expected, round(157.5 + expected, 2))


def test_a_deposit_at_another_rate_realizes_the_difference_when_it_is_applied() -> None:
    """S13: 100 USD at 6 CNY, applied to an invoice of 200 USD at 8."""
    vendor = an_account()
    deposit = create(vendor, "customerDeposit", {**CHINA, "payment": 100, "exchangeRate": 6, "tranDate": "2026-05-01"})
    body = {"entity": {"id": "19"}, "currency": {"id": "1"}, "exchangeRate": 8, "tranDate": "2026-06-01"}
    invoice = create(vendor, "invoice", {**body, "item": {"items": [item(200)]}})
    drawn = {"deposit": {"id": deposit["id"]}, "tranDate": "2026-06-01", "apply": apply((invoice["id"], 100))}
    application = create(vendor, "depositApplication", drawn)
    assert postings(vendor, "depositApplication", application) == {"2350": "600.00", "7000": "200.00", "1100": "-800.00"}
    assert (invoice["amountRemaining"], invoice["status"], deposit["status"]) == (100, {"id": "A"}, {"id": "C"})
    assert open_receivables(vendor.records) == Decimal(800)


def test_a_payment_applied_later_at_another_rate_posts_the_difference_by_itself() -> None:
    vendor = an_account()
    invoice = create(vendor, "invoice", an_invoice(currency={"id": "2"}, exchangeRate=1.1))
    euros = {"customer": {"id": "17"}, "currency": {"id": "2"}, "exchangeRate": 1.2, "tranDate": "2026-07-01"}
    payment = create(vendor, "customerPayment", {**euros, "payment": 1500})
    assert balances(vendor)["1100"] == "-700.00"
    change(vendor, "customerPayment", payment["id"], {"apply": apply((invoice["id"], 1000))})
    assert balances(vendor) == {"1000": "1800.00", "1100": "-600.00", "4000": "-1100.00", "7000": "-100.00"}
    assert (payment["id"], invoice["status"]) == (payment["id"], {"id": "B"})
    change(vendor, "customerPayment", payment["id"], {"apply": {"items": [{"doc": {"id": invoice["id"]}, "apply": False}]}})
    assert balances(vendor) == {"1000": "1800.00", "1100": "-700.00", "4000": "-1100.00"}
    assert invoice["amountRemaining"] == 1000


def test_an_application_that_is_sent_again_stays_as_it_is() -> None:
    vendor = an_account()
    invoice = create(vendor, "invoice", an_invoice(currency={"id": "2"}, exchangeRate=1.1))
    euros = {"customer": {"id": "17"}, "currency": {"id": "2"}, "exchangeRate": 1.2, "tranDate": "2026-07-01"}
    applied = {"apply": apply((invoice["id"], 400))}
    payment = create(vendor, "customerPayment", {**euros, "payment": 400, **applied})
    before = balances(vendor)
    for replace in ((), ("apply",)):
        change(vendor, "customerPayment", payment["id"], applied, *replace)
        assert (balances(vendor), invoice["amountRemaining"]) == (before, 600)


def test_a_bounced_payment_is_taken_back_on_its_day_and_reopens_what_it_paid() -> None:
    vendor = an_account()
    invoice = create(vendor, "invoice", an_invoice(item(10000)))
    body = {"customer": {"id": "17"}, "payment": 4000, "tranDate": "2026-06-20", "apply": apply((invoice["id"], 4000))}
    payment = create(vendor, "customerPayment", body)
    periods.set_state(vendor.records, "2026-06", None, "closed")
    with pytest.raises(Refusal):
        void(vendor.records, "customerPayment", payment, "2026-06-30")
    journal_entry = void(vendor.records, "customerPayment", payment, "2026-07-02")
    assert postings(vendor, "journalEntry", journal_entry) == {"1000": "-4000.00", "1100": "4000.00"}
    assert (payment["status"], invoice["amountRemaining"], payment["reversal"]["id"]) == (
        {"id": "V"},
        10000,
        journal_entry["id"],
    )
    assert vendor.records.get("customer", "17")["balance"] == 10000


def test_a_closed_period_takes_nothing_of_its_subsidiary_and_a_locked_one_no_receivables() -> None:
    vendor = an_account()
    draft = create(vendor, "invoice", an_invoice(approvalStatus={"id": "1"}))
    posted = create(vendor, "invoice", an_invoice())
    periods.set_state(vendor.records, "2026-06", "1", "closed")
    code, detail = refused(vendor, "invoice", an_invoice())
    assert code == "USER_ERROR" and "accounting period Jun 2026" in detail
    for key, body in ((draft["id"], {"approvalStatus": {"id": "2"}}), (posted["id"], {"item": {"items": [item(5)]}})):
        with pytest.raises(Refusal, match="accounting period"):
            change(vendor, "invoice", key, body)
    change(vendor, "invoice", posted["id"], {"memo": "not of the books"})
    create(vendor, "invoice", {**an_invoice(), "entity": {"id": "18"}})  # the other subsidiary's June is open
    periods.set_state(vendor.records, "2026-06", "1", "ar_locked")
    assert refused(vendor, "creditMemo", an_invoice())[0] == "USER_ERROR"
    accounts = [{"account": {"externalId": "1150"}, "debit": 5}, {"account": {"externalId": "4000"}, "credit": 5}]
    create(vendor, "journalEntry", {"subsidiary": {"id": "1"}, "tranDate": "2026-06-30", "line": {"items": accounts}})


def test_a_date_outside_its_period_is_refused_where_the_account_says_so() -> None:
    july = {"postingPeriod": {"id": periods.of_date(an_account().records, "2026-07-01")["id"]}}
    assert create(an_account(), "invoice", an_invoice(**july))["postingPeriod"] == july["postingPeriod"]
    code, detail = refused(an_account(date_outside_period="disallow"), "invoice", an_invoice(**july))
    assert (code, detail.endswith("is not within the date range of your accounting period.")) == ("USER_ERROR", True)


def test_a_journal_balances_and_reverses_itself_on_its_day() -> None:
    vendor = an_account()
    sides = [{"account": {"externalId": "1150"}, "debit": 3679000}, {"account": {"externalId": "4000"}, "credit": 1564000}]
    body = {"subsidiary": {"id": "1"}, "tranDate": "2026-06-30", "reversalDate": "2026-07-01", "line": {"items": sides}}
    assert refused(vendor, "journalEntry", body) == (
        "USER_ERROR",
        "Error while accessing a resource. Transaction was not in balance. Total = 2115000",
    )
    sides.append({"account": {"externalId": "4010"}, "credit": 2115000})
    accrual = create(vendor, "journalEntry", body)
    assert trial_balance(vendor.records, until="2026-06-30")["accounts"]["1150"]["balance"] == "3679000.00"
    assert balances(vendor) == {}
    reversal = vendor.records.get("journalEntry", accrual["reversal"]["id"])
    assert (reversal["tranId"], reversal["isReversal"], reversal["tranDate"]) == (accrual["reversalEntry"], True, "2026-07-01")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"account": {"externalId": "1100"}, "debit": 5}, "USER_ERROR"),
        ({"account": {"externalId": "1150"}, "debit": 5, "credit": 5}, "USER_ERROR"),
        ({"account": {"externalId": "9999"}, "debit": 5}, "INVALID_KEY_OR_REF"),
    ],
    ids=["a receivable of nobody", "both sides", "no such account"],
)
def test_a_journal_line_that_is_refused(line: dict[str, Any], code: str) -> None:
    other = {"account": {"externalId": "4000"}, "credit": 5}
    body = {"subsidiary": {"id": "1"}, "tranDate": "2026-06-30", "line": {"items": [line, other]}}
    assert refused(an_account(), "journalEntry", body)[0] == code


def test_a_world_can_begin_with_open_documents() -> None:
    vendor = an_account()
    migrated = {"entity": {"id": "17"}, "tranDate": "2026-05-31", "item": [{"item": {"id": "300"}, "amount": 186400}]}
    for _ in range(2):
        vendor.seed({"invoice": {"9001": {**migrated, "externalId": "LEGACY-1"}}})
    assert vendor.records.get("invoice", "eid:LEGACY-1")["amountRemaining"] == 186400
    assert open_receivables(vendor.records) == Decimal(186400)


AMOUNTS = st.decimals(min_value="0.01", max_value="5000", places=2).map(float)
RATES = st.decimals(min_value="0.5", max_value="9", places=4).map(float)
DAYS = st.integers(1, 28).flatmap(lambda day: st.sampled_from([f"2026-{month:02d}-{day:02d}" for month in range(4, 8)]))
ACCOUNTS = st.sampled_from(["4000", "4010", "2300", "2350", "7010"])
POSTED = ("invoice", "creditMemo", "customerPayment", "customerDeposit", "depositApplication", "journalEntry")


class Books(RuleBasedStateMachine):
    """Anything a connector or a person may post, in any order; what is refused changes nothing (U3)."""

    def __init__(self) -> None:
        super().__init__()
        self.vendor = an_account()
        self.records = self.vendor.records

    def some(self, kind: str, choice: int) -> str | None:
        keys = sorted(self.records.all(kind))
        return keys[choice % len(keys)] if keys else None

    def snapshot(self) -> str:
        return json.dumps({kind: self.records.all(kind) for kind in (*POSTED, "fxReval", "customer")})

    def attempt(self, kind: str, body: dict[str, Any], key: str | None = None, *replace: str) -> None:
        before = self.snapshot()
        try:
            if key:
                change(self.vendor, kind, key, body, *replace)
            else:
                create(self.vendor, kind, body)
        except Refusal:
            assert self.snapshot() == before

    @initialize(rates=st.lists(RATES, min_size=4, max_size=4), amounts=st.lists(AMOUNTS, min_size=4, max_size=4))
    def world(self, rates: list[float], amounts: list[float]) -> None:
        """Something to apply, and something to apply it to."""
        euros = [{"tranDate": "2026-04-15", "currency": {"id": "2"}, "exchangeRate": rate} for rate in rates]
        for n in (0, 1):
            create(self.vendor, "invoice", {**an_invoice(item(amounts[n])), **euros[n]})
        for n, kind in ((2, "customerPayment"), (3, "customerDeposit")):
            create(self.vendor, kind, {"customer": {"id": "17"}, "payment": amounts[n], **euros[n]})

    @rule(
        lines=st.lists(st.tuples(AMOUNTS, ACCOUNTS), min_size=1, max_size=4),
        day=DAYS,
        rate=RATES,
        draft=st.integers(0, 4),
        taxes=AMOUNTS,
        kind=st.sampled_from(["invoice", "creditMemo"]),
    )
    def document(self, lines: list[Any], day: str, rate: float, draft: int, taxes: float, kind: str) -> None:
        body = an_invoice(*(item(*line) for line in lines), tranDate=day, currency={"id": "2"}, exchangeRate=rate, **tax(taxes))
        approval = {"approvalStatus": {"id": "2" if draft else "1"}} if kind == "invoice" else {}
        self.attempt(kind, {**body, **approval})

    @rule(amount=AMOUNTS, day=DAYS, rate=RATES, kind=st.sampled_from(["customerPayment", "customerDeposit"]), part=AMOUNTS,
          choice=st.integers(0, 50), at_once=st.booleans())  # fmt: skip
    def receipt(self, amount: float, day: str, rate: float, kind: str, part: float, choice: int, at_once: bool) -> None:
        body = {"customer": {"id": "17"}, "payment": amount, "tranDate": day, "currency": {"id": "2"}, "exchangeRate": rate}
        invoice = self.some("invoice", choice)
        if at_once and invoice and kind == "customerPayment":
            body["apply"] = apply((invoice, min(part, amount)))
        self.attempt(kind, body)

    @precondition(lambda self: self.records.all("invoice"))
    @rule(kind=st.sampled_from(["customerPayment", "creditMemo", "depositApplication"]), source=st.integers(0, 50),
          goal=st.integers(0, 50), amount=st.none() | st.sampled_from([0.01, 1, 2.5]), day=DAYS, anew=st.booleans())  # fmt: skip
    def application(self, kind: str, source: int, goal: int, amount: float | None, day: str, anew: bool) -> None:
        document = self.some("invoice" if goal % 4 else "journalEntry", goal) or self.some("invoice", goal)
        line = {"doc": {"id": document}, "apply": True, "amount": amount}
        applied = {"items": [{name: value for name, value in line.items() if value is not None}]}
        deposit = self.some("customerDeposit", source)
        if kind == "depositApplication" and deposit:
            self.attempt(kind, {"deposit": {"id": deposit}, "tranDate": day, "apply": applied})
        elif (key := self.some(kind, source)) is not None:
            self.attempt(kind, {"apply": applied}, key, *(["apply"] if anew else []))

    @rule(amount=AMOUNTS, day=DAYS, side=st.sampled_from([("debit", "credit"), ("credit", "debit")]), back=st.booleans())
    def entry(self, amount: float, day: str, side: tuple[str, str], back: bool) -> None:
        receivable = {"account": {"externalId": "1100"}, "entity": {"id": "17"}, side[0]: amount}
        body = {"subsidiary": {"id": "1"}, "tranDate": day, "currency": {"id": "2"}, "exchangeRate": 1.333}
        later = {"reversalDate": "2026-08-01"} if back else {}
        lines = [receivable, {"account": {"externalId": "6900"}, side[1]: amount}]
        self.attempt("journalEntry", {**body, **later, "line": {"items": lines}})

    @rule(choice=st.integers(0, 50), amount=AMOUNTS, status=st.sampled_from(["2", "3", None]))
    def edit(self, choice: int, amount: float, status: str | None) -> None:
        key = self.some("invoice", choice)
        if key:
            body = {"approvalStatus": {"id": status}} if status else {"item": {"items": [item(amount)]}}
            self.attempt("invoice", body, key, *([] if status else ["item"]))

    @rule(kind=st.sampled_from(POSTED), choice=st.integers(0, 50), day=DAYS)
    def taken_back(self, kind: str, choice: int, day: str) -> None:
        key = self.some(kind, choice)
        before = self.snapshot()
        try:
            if key:
                void(self.records, kind, self.records.get(kind, key), day)
        except Refusal:
            assert self.snapshot() == before

    @rule(kind=st.sampled_from(POSTED), choice=st.integers(0, 50), day=DAYS, amount=st.none() | AMOUNTS)
    def moved(self, kind: str, choice: int, day: str, amount: float | None) -> None:
        key = self.some(kind, choice)
        if key:
            paid = {"payment": amount} if amount and kind in {"customerPayment", "customerDeposit"} else {}
            self.attempt(kind, {"tranDate": day, **paid}, key)

    @rule(kind=st.sampled_from(POSTED), choice=st.integers(0, 50))
    def deleted(self, kind: str, choice: int) -> None:
        key = self.some(kind, choice)
        before = balances(self.vendor)
        try:
            if key:
                self.records.delete(kind, key)
        except Refusal:
            pass
        assert balances(self.vendor) == before

    @rule(
        month=st.sampled_from(["2026-04", "2026-05", "2026-06", "2026-08"]),
        state=st.sampled_from(["open", "ar_locked", "closed"]),
    )
    def period(self, month: str, state: Any) -> None:
        periods.set_state(self.records, month, "1", state)

    @invariant()
    def every_journal_balances(self) -> None:
        for kind in (*POSTED, "fxReval"):
            for record in self.records.all(kind).values():
                lines = journal(self.records, kind, record)["lines"]
                assert sum(Decimal(line.get("debit", "0")) - Decimal(line.get("credit", "0")) for line in lines) == 0
                assert sum(Decimal(line["foreign"]) for line in lines) == 0

    @invariant()
    def receivables_are_the_open_documents(self) -> None:
        ledger = Decimal(balances(self.vendor).get("1100", "0"))
        customers = sum(Decimal(str(one["balance"])) for one in self.records.all("customer").values())
        assert ledger == open_receivables(self.records) == customers

    @invariant()
    def nothing_is_paid_twice(self) -> None:
        for record in self.records.all("invoice").values():
            assert 0 <= record["amountRemaining"] <= record["total"]
        for kind, left in (("customerPayment", "unapplied"), ("creditMemo", "unapplied"), ("customerDeposit", "_free")):
            assert all(record[left] >= 0 for record in self.records.all(kind).values())


TestBooks = Books.TestCase
TestBooks.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
