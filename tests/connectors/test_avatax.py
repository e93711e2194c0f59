"""AvaTax: the common suite, what it sends, and what it makes of refusals and settings."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from activities.billing_ports import Tax
from canonical.errors import (
    AnswerLost,
    Conflict,
    Failure,
    Misconfigured,
    NotFound,
    Rejected,
    Throttled,
)
from canonical.party import Address
from canonical.tax import TaxQuestion
from canonical.written import ClosedPeriod, RoundingLevel
from connectors.avatax import mapping
from connectors.avatax.client import AvaTax, connect
from connectors.avatax.refusals import refuse
from connectors.avatax.settings import Settings
from connectors.http import decoded, encoded
from connectors.registry import vendor
from sandbox.avatax.vendor import AvaTax as Account
from tests.connectors.avatax_firm import RECORD, a_question, an_account, current, register, settings
from tests.connectors.contract import Bench, ConnectorContract, WriteCase
from tests.sandbox.avatax_contract import complaints


class TestAvaTax(ConnectorContract):
    reads = r"/transactions/create"

    def vendor(self) -> Account:
        account = an_account()
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


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_no_digit_of_an_amount_is_lost_on_its_way(amount: Decimal) -> None:
    for is_credit, sent in ((False, amount), (True, -amount)):
        model = mapping.estimate_model(a_question(str(amount), is_credit=is_credit), "US01")
        assert decoded(encoded(model))["lines"][0]["amount"] == sent


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
