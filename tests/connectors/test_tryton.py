"""What of the Tryton connector needs no Tryton: what goes over the wire, the table of its refusals, its rounding against ours."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from canonical.errors import Failure, Misconfigured, NotFound, Rejected, Throttled, Unavailable
from canonical.invoice import DocumentLine
from canonical.money import Money
from connectors.tryton.mapping import commercial, line_values, work_comment, work_reference
from connectors.tryton.refusals import Warned, result_of
from connectors.tryton.settings import Settings
from connectors.tryton.wire import Quantity, aware, decoded, encoded, identity, reference_in, utc

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12)


def answer(status: int = 200, **body: Any) -> httpx.Response:
    request = httpx.Request("POST", "http://127.0.0.1/erp/rpc/")
    return httpx.Response(status, content=json.dumps({"id": 1, **body}).encode(), request=request)


@given(AMOUNTS)
def test_an_amount_goes_and_comes_without_losing_a_digit(amount: Decimal) -> None:
    assert decoded(encoded({"amount": amount})) == {"amount": amount}


@given(AMOUNTS)
def test_a_quantity_goes_as_a_plain_number_digit_by_digit(quantity: Decimal) -> None:
    assert encoded({"quantity": Quantity(quantity)}).decode() == f'{{"quantity": {quantity:f}}}'


@pytest.mark.parametrize("value", [date(2026, 11, 20), datetime(2026, 11, 20, 8, 30, 1, 5), timedelta(hours=12, minutes=30)])  # noqa: DTZ001
def test_dates_times_and_durations_come_back(value: object) -> None:
    assert decoded(encoded({"value": value})) == {"value": value}


def test_their_times_are_ours_in_utc() -> None:
    moment = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    assert aware(utc(moment)) == moment


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (["UserError", ["The code on party must be unique.", "", None]], Rejected),
        (["UserWarning", ["5d41.invoice_taxes", "Taxes differ", ""]], Warned),
        (["ConcurrencyException", "Records were modified in the meanwhile"], Throttled),
        (["LoginException", ["password", "Password for integration", "password"]], Misconfigured),
        (["'nonsense'", ""], Rejected),
    ],
)
def test_each_refusal_has_its_failure_and_a_remedy(error: list[object], failure: type[Failure]) -> None:
    with pytest.raises(failure) as refused:
        result_of(answer(error=error), system="erp", method="model.party.party.create")
    assert refused.value.remedy


def test_a_warning_says_what_answers_it() -> None:
    with pytest.raises(Warned) as warned:
        result_of(answer(error=["UserWarning", ["5d41.invoice_taxes", "Taxes differ", ""]]), system="erp", method="m")
    assert (warned.value.name, warned.value.about) == ("5d41.invoice_taxes", "invoice_taxes")


@pytest.mark.parametrize(
    ("status", "failure"),
    [(401, Misconfigured), (403, Misconfigured), (404, Misconfigured), (423, Throttled), (429, Throttled), (503, Unavailable)],
)
def test_each_status_has_its_failure(status: int, failure: type[Failure]) -> None:
    with pytest.raises(failure):
        result_of(answer(status), system="erp", method="m")


@pytest.mark.parametrize(
    ("base", "theirs", "ours"),
    [
        ("157.50", "29.92", "29.93"),  # 29.925: Tryton rounds to even, we round up (S12)
        ("-157.50", "-29.92", "-29.93"),
        ("27777.78", "5277.78", "5277.78"),
        ("157.50", "29.90", "29.90"),  # not a matter of rounding: it stays, and the document is refused
    ],
)
def test_a_tax_between_two_cents_is_rounded_as_we_round(base: str, theirs: str, ours: str) -> None:
    found = commercial(Money.of(base, "EUR"), Decimal("0.19"), Money.of(theirs, "EUR"))
    assert found == Money.of(ours, "EUR")


@given(st.decimals(min_value="0.01", max_value="9999", places=2), st.decimals(min_value="0.01", max_value="999", places=2))
def test_quantity_times_price_is_always_the_amount_however_tryton_rounds(quantity: Decimal, rate: Decimal) -> None:
    amount = Money.of(quantity * rate, "EUR").rounded()
    line = DocumentLine(number=1, description="Senior", quantity=quantity, rate=Money.of(rate, "EUR"), amount=amount)
    values = line_values(line, account=1, taxes=[], currency=1, company=1, gives_back=False)
    comes_to = values["quantity"].value * values["unit_price"]
    assert comes_to.quantize(Decimal("0.01"), rounding="ROUND_HALF_EVEN") == amount.amount


@pytest.mark.parametrize("part", ["", "P1", "P1.T2"])
def test_a_comment_leads_back_to_project_and_part(part: str) -> None:
    assert work_reference(work_comment("C-100", part, "create_project/C-100") + "\nvalue: 1") == ("C-100", part)


def test_a_comment_of_others_leads_nowhere() -> None:
    assert work_reference("Handled by Anna") == ("", "")


def test_a_key_is_the_code_of_a_party() -> None:
    assert reference_in("create_customer/CUST-1/DE01") == "CUST-1.DE01"


def test_an_id_of_another_system_is_refused() -> None:
    with pytest.raises(NotFound):
        identity("account.move,7")


def test_an_address_in_the_open_is_refused() -> None:
    with pytest.raises(ValidationError, match="https"):
        Settings(
            base_url="http://erp.firm.example",
            database="erp",
            login="integration",
            password=SecretStr("p"),
            companies={"DE01": "DE01"},
        )
