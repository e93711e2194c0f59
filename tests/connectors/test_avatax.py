"""AvaTax: the common suite, and tax as documents, credits, registrations and certificates make it."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import httpx2 as httpx
import pytest
from pydantic import SecretStr, ValidationError

from activities.billing_ports import Tax
from canonical.errors import (
    AnswerLost,
    Conflict,
    Failure,
    Malformed,
    Misconfigured,
    NotFound,
    PeriodIsClosed,
    Rejected,
    Throttled,
)
from canonical.money import Money
from canonical.party import Address
from canonical.tax import TaxLine, TaxQuestion
from canonical.written import ClosedPeriod, RoundingLevel
from connectors.avatax import mapping
from connectors.avatax.client import AvaTax, connect
from connectors.avatax.refusals import refuse
from connectors.avatax.settings import Settings
from connectors.http import encoded
from connectors.registry import vendor
from sandbox.avatax.vendor import AvaTax as Account
from tests.connectors.contract import Bench, ConnectorContract, WriteCase
from tests.sandbox.avatax_contract import complaints
from tests.sandbox.avatax_world import ACCOUNT, KEY, US, a_world, texan_nexus

RECORD = "tax_document/INV-1"
AUSTIN = Address(line1="500 W 2nd St", city="Austin", region="TX", postal_code="78701", country="US")
SEATTLE = Address(line1="1100 2nd Ave", city="Seattle", region="WA", postal_code="98101", country="US")
BERLIN = Address(line1="Torstr. 1", city="Berlin", postal_code="10119", country="DE")


def settings(url: str, **fields: Any) -> Settings:
    given = {"account": ACCOUNT, "licence_key": KEY, "companies": {"US01": "US01"}}
    return Settings.model_validate({"base_url": url, **given, **fields})


def a_question(*amounts: str, **fields: Any) -> TaxQuestion:
    """What tax 20,000 of consulting bear that US01 bills to a customer in Austin."""
    currency = fields.get("currency", "USD")
    lines = tuple(
        TaxLine(number=number, amount=Money.of(amount, currency), tax_code="P0000000", description="Consulting")
        for number, amount in enumerate(amounts or ("20000",), 1)
    )
    given: dict[str, Any] = {
        "reference": "INV-1",
        "entity": "US01",
        "customer": "CUST-1",
        "currency": currency,
        "tax_date": date(2026, 7, 31),
        "ship_from": SEATTLE,
        "ship_to": AUSTIN,
        "lines": lines,
    }
    return TaxQuestion(**given | fields)


def current(state: dict[str, Any]) -> list[dict[str, Any]]:
    """The revisions that count."""
    return [record for record in state["transactions"].values() if record["status"] != "Adjusted"]


def register(vendor: Account) -> None:
    """US01 is registered in Texas from now on."""
    vendor.seed({"nexus": {"510": {"companyId": US, **texan_nexus()}}})


class TestAvaTax(ConnectorContract):
    reads = r"/transactions/create"

    def vendor(self) -> Account:
        account = Account()
        account.seed(a_world())
        register(account)
        return account

    def connect(self, url: str) -> AvaTax:
        return connect("avatax", settings(url))

    def connect_badly(self, url: str) -> AvaTax:
        return connect("avatax", settings(url, licence_key=SecretStr("wrong")))

    async def read(self, connector: AvaTax) -> Any:
        return await connector.probe(a_question())

    def cases(self) -> list[WriteCase]:
        return [
            WriteCase(
                "tax_document",
                r"/transactions/createoradjust",
                create=lambda c, _: c.record(a_question(), key=RECORD),
                find=lambda c, _: c.find_recorded("INV-1", key=RECORD),
                held=lambda state: len(current(state)),
                reverse=lambda c, written, _: c.void(written.target_id, "credited", key="void/INV-1"),
                is_reversed=lambda state: [record["status"] for record in current(state)] == ["Cancelled"],
                method="POST",
            )
        ]

    # What it is.

    async def test_it_is_a_tax_engine_and_declares_how_it_rounds(self, bench: Bench) -> None:
        engine: Tax = bench.connector
        assert isinstance(engine, Tax) and vendor("avatax").settings is Settings
        declared = engine.declares("tax_document")
        assert (declared.searchable_key, declared.reverse, declared.rounding) == ("code", "void", RoundingLevel.LINE)
        assert declared.closed_period is ClosedPeriod.REFUSES
        with pytest.raises(Misconfigured, match="writes no 'invoice'"):
            engine.declares("invoice")

    async def test_it_says_which_software_calls(self, bench: Bench) -> None:
        await bench.connector.check()
        assert [client.split("; ")[0] for client in bench.vendor.state["clients"]] == ["Handoff"]

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"companies": {"US01": "NOPE"}}, "no active company 'NOPE'"),
            ({"companies": {"DE01": "DE01"}}, "rounds by document, not by line"),
            ({"rounding": "document"}, "rounds by line, not by document"),
        ],
    )
    async def test_the_check_finds_what_the_settings_get_wrong(self, bench: Bench, fields: dict[str, Any], message: str) -> None:
        connector = connect("avatax", settings(bench.url, **fields))
        with pytest.raises(Misconfigured, match=message):
            await connector.check()
        await connector.aclose()

    async def test_an_entity_without_a_company_is_a_matter_of_settings(self, bench: Bench) -> None:
        with pytest.raises(Misconfigured, match="no company for the legal entity UK01"):
            await bench.connector.probe(a_question(entity="UK01"))

    # Documents.

    async def test_a_probe_records_nothing(self, bench: Bench) -> None:
        answer = await bench.connector.probe(a_question())
        assert (answer.tax, answer.target_id, answer.is_committed) == (Money.of("1650.00", "USD"), "", False)
        line = answer.lines[0]
        assert (line.number, line.taxable, line.rate, line.is_taxable) == (1, Money.of(20000, "USD"), Decimal("0.0825"), True)
        assert line.jurisdictions == ("US-TX", "US-TX Austin")
        assert bench.vendor.state["transactions"] == {}

    async def test_what_is_recorded_is_committed_and_read_back_line_by_line(self, bench: Bench) -> None:
        written = await bench.connector.record(a_question("20000", "0.60"), key=RECORD)
        assert written.details == {
            "tax": "1650.05", "certificate": "", "company": "US01", "type": "SalesInvoice", "status": "Committed",
        }  # fmt: skip
        answer = await bench.connector.read_answer("INV-1")
        assert (answer.target_id, answer.is_committed, answer.tax) == ("INV-1", True, Money.of("1650.05", "USD"))
        assert [line.tax.amount for line in answer.lines] == [1650, Decimal("0.05")]

    async def test_a_saved_document_is_not_a_recorded_one(self, bench: Bench) -> None:
        written = await bench.connector.record(a_question(), key=RECORD)
        current(bench.vendor.state)[0]["status"] = "Saved"
        assert await bench.connector.find_recorded("INV-1", key=RECORD) is None
        assert (await bench.connector.record(a_question(), key=RECORD)).target_id == written.target_id
        assert [record["status"] for record in current(bench.vendor.state)] == ["Committed"]

    async def test_a_lost_adjustment_is_not_mistaken_for_what_it_adjusts(self, bench: Bench) -> None:
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

    async def test_a_document_is_found_in_whichever_company_it_is(self, bench: Bench) -> None:
        both = connect("avatax", settings(bench.url, companies={"US01": "US01", "DE01": "DE01"}))
        question = a_question("100", entity="DE01", currency="EUR", ship_from=BERLIN, ship_to=BERLIN)
        await both.record(question, key=RECORD)
        found = await both.find_recorded("INV-1", key=RECORD)
        assert found is not None and found.details["company"] == "DE01"
        await both.void("INV-1", "wrong entity", key="void/INV-1")
        await both.record(a_question(), key=RECORD)
        assert (await both.read_answer("INV-1")).tax == Money.of(1650, "USD"), "the void one in the other company is passed over"
        await both.aclose()

    async def test_a_long_reference_gets_a_code_that_fits_and_is_found_by_it(self, bench: Bench) -> None:
        reference = "INV-" + "R" * 76
        written = await bench.connector.record(a_question(reference=reference), key=RECORD)
        assert written.target_id == reference and len(written.number) == 50
        assert await bench.connector.find_recorded(reference, key=RECORD)
        assert mapping.document_code(reference[:-1] + "S") != written.number

    async def test_what_is_void_or_unknown_is_not_there_and_stays_so(self, bench: Bench) -> None:
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

    async def test_two_who_void_at_once_both_succeed(self, bench: Bench) -> None:
        await bench.connector.record(a_question(), key=RECORD)
        await bench.fault(kind="lose_answer", on={"path": "/void"}, status=400, body=ALREADY_CANCELLED)
        assert (await bench.connector.void("INV-1", "x", key="void/INV-1")).details["status"] == "Cancelled"

    async def test_a_document_that_was_filed_is_credited_not_changed(self, bench: Bench) -> None:
        await bench.connector.record(a_question(), key=RECORD)
        current(bench.vendor.state)[0]["locked"] = True
        for change in (
            bench.connector.record(a_question("1"), key=f"{RECORD}/2"),
            bench.connector.void("INV-1", "x", key="void/INV-1"),
        ):
            with pytest.raises(PeriodIsClosed) as refused:
                await change
            assert "you must credit it" in refused.value.remedy

    async def test_a_refusal_names_the_field(self, bench: Bench) -> None:
        with pytest.raises(Rejected) as refused:
            await bench.connector.probe(a_question(exemption="E" * 26))
        assert "exemptionNo" in refused.value.remedy and refused.value.evidence["vendor_code"] == "StringLengthError"

    @pytest.mark.parametrize(("body", "failure"), [("<html>", AnswerLost), ({"id": 1}, Malformed)])
    async def test_an_answer_that_is_none_is_not_believed(self, bench: Bench, body: Any, failure: type[Failure]) -> None:
        await bench.fault(kind="answer", status=200, body=body)
        with pytest.raises(failure):
            await bench.connector.probe(a_question())

    # Credits.

    async def test_a_credit_is_negative_there_and_positive_here(self, bench: Bench) -> None:
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

    async def test_a_credit_is_taxed_as_its_invoice_was_and_reported_when_it_is_made(self, bench: Bench) -> None:
        city = a_world()["jurisdictions"]["AUSTIN"]
        bench.vendor.seed({"jurisdictions": {"AUSTIN": city | {"endDate": "2026-07-31"}}})
        credit = a_question("2000", reference="CM-1", is_credit=True, document_date=date(2026, 8, 5))
        assert (await bench.connector.record(credit, key="tax_document/CM-1")).details["tax"] == "165.00"
        assert current(bench.vendor.state)[0]["date"] == "2026-08-05"

    async def test_a_negative_line_of_an_invoice_lessens_its_tax(self, bench: Bench) -> None:
        assert (await bench.connector.probe(a_question("1000", "-400"))).tax == Money.of("49.50", "USD")

    # Rounding (S12).

    @pytest.mark.parametrize(("entity", "tax"), [("US01", "29.94"), ("DE01", "29.93")])
    async def test_tax_is_rounded_as_the_company_is_configured(self, bench: Bench, entity: str, tax: str) -> None:
        connector = connect("avatax", settings(bench.url, companies={entity: entity}))
        question = a_question("52.50", "52.50", "52.50", entity=entity, currency="EUR", ship_from=BERLIN, ship_to=BERLIN)
        answer = await connector.probe(question.model_copy(update={"exchange_rate": Decimal("1.0500")}))
        assert answer.tax == Money.of(tax, "EUR") == Money.sum((line.tax for line in answer.lines), "EUR")
        await connector.aclose()


ALREADY_CANCELLED = {
    "error": {"code": "TransactionAlreadyCancelled", "message": "Already.", "details": [{"code": "TransactionAlreadyCancelled"}]}
}


@pytest.mark.parametrize(
    "question",
    [
        a_question(),
        a_question(
            "10.01", "-0.01", exemption="TX-1", exempt_use="E", customer_tax_number="DE1", exchange_rate=Decimal("1.0500")
        ),
        a_question(is_credit=True, document_date=date(2026, 8, 5), ship_to=Address(country="DE", line1="x" * 120)),
    ],
)
def test_what_we_send_keeps_to_the_contract(question: TaxQuestion) -> None:
    adjusted = json.loads(encoded(mapping.record_model(question, "US01", key=RECORD)))
    assert complaints("CreateOrAdjustTransactionModel", adjusted) == []
    assert complaints("CreateTransactionModel", json.loads(encoded(mapping.estimate_model(question, "US01")))) == []


@pytest.mark.parametrize(
    ("status", "code", "failure"),
    [
        (400, "TransactionAlreadyExists", Conflict),
        (400, "ConcurrentRequestLimitExceeded", Throttled),
        (429, "RateLimitExceededError", Throttled),
        (400, "InactiveAccount", Misconfigured),
        (400, "TimeoutRequested", AnswerLost),
        (400, "MissingAddress", Rejected),
        (404, "EntityNotFoundError", NotFound),
        (401, "AuthenticationException", Misconfigured),
    ],
)
def test_refusals_are_judged_by_their_code(status: int, code: str, failure: type[Failure]) -> None:
    body = {"error": {"code": code, "message": "No.", "details": [{"code": code, "refersTo": "x"}]}}
    answer = httpx.Response(
        status, json=body, request=httpx.Request("POST", "https://rest.avatax.com/api/v2/transactions/create")
    )
    with pytest.raises(failure) as refused:
        refuse(answer, system="avatax")
    assert refused.value.evidence["vendor_code"] == code and refused.value.remedy


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"base_url": "http://rest.avatax.com"}, "base_url must begin with https"),
        ({"knowingly_unregistered": {"UK01": ["US-OR"]}}, "entities that have no company: UK01"),
        ({"companies": {}}, "companies"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        settings("https://rest.avatax.com", **fields)
