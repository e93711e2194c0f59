"""Tax documents at AvaTax: recorded once, adjusted, found, voided, credited, rounded."""

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from canonical.errors import AnswerLost, Failure, Malformed, NotFound, PeriodIsClosed, Rejected
from canonical.money import Money
from connectors.avatax import mapping
from connectors.avatax.client import connect
from tests.connectors.avatax_firm import BERLIN, RECORD, a_question, an_account, current, joined, register, settings
from tests.connectors.contract import Bench
from tests.sandbox.avatax_world import a_world

ALREADY_CANCELLED = {
    "error": {"code": "TransactionAlreadyCancelled", "message": "Already.", "details": [{"code": "TransactionAlreadyCancelled"}]}
}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    account = an_account()
    register(account)
    async with joined(account) as bench:
        yield bench


# Documents.


async def test_a_probe_records_nothing(bench: Bench) -> None:
    answer = await bench.connector.probe(a_question())
    assert (answer.tax, answer.target_id, answer.is_committed) == (Money.of("1650.00", "USD"), "", False)
    line = answer.lines[0]
    assert (line.number, line.taxable, line.rate, line.is_taxable) == (1, Money.of(20000, "USD"), Decimal("0.0825"), True)
    assert line.jurisdictions == ("US-TX", "US-TX Austin")
    assert bench.vendor.state["transactions"] == {}


async def test_what_is_recorded_is_committed_and_read_back_line_by_line(bench: Bench) -> None:
    written = await bench.connector.record(a_question("20000", "0.60"), key=RECORD)
    assert written.details == {
        "tax": "1650.05", "certificate": "", "company": "US01", "type": "SalesInvoice", "status": "Committed",
    }  # fmt: skip
    answer = await bench.connector.read_answer("INV-1")
    assert (answer.target_id, answer.is_committed, answer.tax) == ("INV-1", True, Money.of("1650.05", "USD"))
    assert [line.tax.amount for line in answer.lines] == [1650, Decimal("0.05")]


async def test_a_saved_document_is_not_a_recorded_one(bench: Bench) -> None:
    written = await bench.connector.record(a_question(), key=RECORD)
    current(bench.vendor.state)[0]["status"] = "Saved"
    assert await bench.connector.find_recorded("INV-1", key=RECORD) is None
    assert (await bench.connector.record(a_question(), key=RECORD)).target_id == written.target_id
    assert [record["status"] for record in current(bench.vendor.state)] == ["Committed"]


async def test_a_lost_adjustment_is_not_mistaken_for_what_it_adjusts(bench: Bench) -> None:
    first, second = f"{RECORD}/1", f"{RECORD}/2"
    await bench.connector.record(a_question(), key=first)
    await bench.fault(kind="answer", status=504, on={"path": "createoradjust"})
    with pytest.raises(Failure):
        await bench.connector.record(a_question("100"), key=second)
    assert await bench.connector.find_recorded("INV-1", key=second) is None, "the revision on record is the first one's"
    await bench.fault(kind="lose_answer", on={"path": "createoradjust"})
    with pytest.raises(Failure):
        await bench.connector.record(a_question("100"), key=second)
    found = await bench.connector.find_recorded("INV-1", key=second)
    assert found is not None and (found.details["tax"], found.version) == ("8.25", "2")


async def test_a_document_is_found_in_whichever_company_it_is(bench: Bench) -> None:
    both = connect("avatax", settings(bench.url, companies={"US01": "US01", "DE01": "DE01"}))
    question = a_question("100", entity="DE01", currency="EUR", ship_from=BERLIN, ship_to=BERLIN)
    await both.record(question, key=RECORD)
    found = await both.find_recorded("INV-1", key=RECORD)
    assert found is not None and found.details["company"] == "DE01"
    await both.void("INV-1", "wrong entity", key="void/INV-1")
    await both.record(a_question(), key=RECORD)
    assert (await both.read_answer("INV-1")).tax == Money.of(1650, "USD"), "the void one in the other company is passed over"
    await both.aclose()


async def test_a_long_reference_gets_a_code_that_fits_and_is_found_by_it(bench: Bench) -> None:
    reference = "INV-" + "R" * 76
    written = await bench.connector.record(a_question(reference=reference), key=RECORD)
    assert written.target_id == reference and len(written.number) == 50
    assert await bench.connector.find_recorded(reference, key=RECORD)
    assert mapping.document_code(reference[:-1] + "S") != written.number


async def test_what_is_void_or_unknown_is_not_there_and_stays_so(bench: Bench) -> None:
    unknown = await bench.connector.void("INV-0", "never made", key="void/INV-0")
    assert (unknown.target_id, unknown.details) == ("INV-0", {"void": "it does not exist"})
    with pytest.raises(NotFound, match="INV-0"):
        await bench.connector.read_answer("INV-0")
    await bench.connector.record(a_question(), key=RECORD)
    voided = await bench.connector.void("INV-1", "wrong customer", key="void/INV-1")
    assert voided.details["status"] == "Cancelled"
    with pytest.raises(NotFound, match="a void one"):
        await bench.connector.read_answer("INV-1")
    again = await bench.connector.record(a_question(), key=f"{RECORD}/2")
    assert again.target_id == "INV-1" and await bench.connector.find_recorded("INV-1", key=f"{RECORD}/2")


async def test_two_who_void_at_once_both_succeed(bench: Bench) -> None:
    await bench.connector.record(a_question(), key=RECORD)
    await bench.fault(kind="lose_answer", on={"path": "/void"}, status=400, body=ALREADY_CANCELLED)
    assert (await bench.connector.void("INV-1", "x", key="void/INV-1")).details["status"] == "Cancelled"


async def test_a_document_that_was_filed_is_credited_not_changed(bench: Bench) -> None:
    await bench.connector.record(a_question(), key=RECORD)
    current(bench.vendor.state)[0]["locked"] = True
    for change in (
        bench.connector.record(a_question("1"), key=f"{RECORD}/2"),
        bench.connector.void("INV-1", "x", key="void/INV-1"),
    ):
        with pytest.raises(PeriodIsClosed) as refused:
            await change
        assert "you must credit it" in refused.value.remedy


async def test_a_refusal_names_the_field(bench: Bench) -> None:
    with pytest.raises(Rejected) as refused:
        await bench.connector.probe(a_question(exemption="E" * 26))
    assert "exemptionNo" in refused.value.remedy and refused.value.evidence["vendor_code"] == "StringLengthError"


@pytest.mark.parametrize(("body", "failure"), [("<html>", AnswerLost), ({"id": 1}, Malformed)])
async def test_an_answer_that_is_none_is_not_believed(bench: Bench, body: Any, failure: type[Failure]) -> None:
    await bench.fault(kind="answer", status=200, body=body)
    with pytest.raises(failure):
        await bench.connector.probe(a_question())


# Credits.


async def test_a_credit_is_negative_there_and_positive_here(bench: Bench) -> None:
    credit = a_question("2000", reference="CM-1", is_credit=True)
    assert (await bench.connector.probe(credit)).tax == Money.of(165, "USD")
    await bench.connector.record(credit, key="tax_document/CM-1")
    held = current(bench.vendor.state)[0]
    assert (held["type"], held["totalAmount"], held["totalTax"]) == ("ReturnInvoice", -2000, -165)
    found = await bench.connector.find_recorded("CM-1", key="tax_document/CM-1")
    assert found is not None and found.details["tax"] == "165.00"
    assert (await bench.connector.read_answer("CM-1")).lines[0].tax == Money.of(165, "USD")
    await bench.connector.void("CM-1", "x", key="void/CM-1")
    assert current(bench.vendor.state)[0]["status"] == "Cancelled"


async def test_a_credit_is_taxed_as_its_invoice_was_and_reported_when_it_is_made(bench: Bench) -> None:
    city = a_world()["jurisdictions"]["AUSTIN"]
    bench.vendor.seed({"jurisdictions": {"AUSTIN": city | {"endDate": "2026-07-31"}}})
    credit = a_question("2000", reference="CM-1", is_credit=True, document_date=date(2026, 8, 5))
    assert (await bench.connector.record(credit, key="tax_document/CM-1")).details["tax"] == "165.00"
    assert current(bench.vendor.state)[0]["date"] == "2026-08-05"


async def test_a_negative_line_of_an_invoice_lessens_its_tax(bench: Bench) -> None:
    assert (await bench.connector.probe(a_question("1000", "-400"))).tax == Money.of("49.50", "USD")


# Rounding (S12).


@pytest.mark.parametrize(("entity", "tax"), [("US01", "29.94"), ("DE01", "29.93")])
async def test_tax_is_rounded_as_the_company_is_configured(bench: Bench, entity: str, tax: str) -> None:
    connector = connect("avatax", settings(bench.url, companies={entity: entity}))
    question = a_question("52.50", "52.50", "52.50", entity=entity, currency="EUR", ship_from=BERLIN, ship_to=BERLIN)
    answer = await connector.probe(question.model_copy(update={"exchange_rate": Decimal("1.0500")}))
    assert answer.tax == Money.of(tax, "EUR") == Money.sum((line.tax for line in answer.lines), "EUR")
    await connector.aclose()
