"""The simulated AvaTax as Avalara's own client finds it: who may call, lists, documents and their revisions, refusals."""

from typing import Any

import httpx2 as httpx
import pytest

from tests.sandbox.avatax_client import EVERYTHING, Account, account, server
from tests.sandbox.avatax_world import ACCOUNT, KEY, US, a_model

__all__ = ["account", "server"]  # fixtures

# Who may call.


def test_a_ping_answers_anybody_and_says_who_it_is(account: Account) -> None:
    signed_in = account.ok(account.client.ping(), "PingResultModel")
    assert (signed_in["authenticated"], signed_in["authenticationType"]) == (True, "AccountIdLicenseKey")
    stranger = account.ok(account.signed_in(ACCOUNT, "wrong").ping(), "PingResultModel")
    assert (stranger["authenticated"], stranger["authenticationType"]) == (False, "None")


@pytest.mark.parametrize(("name", "key"), [(ACCOUNT, "wrong"), ("nobody", KEY), ("bearer-token", "")])
def test_anything_else_wants_good_credentials(account: Account, name: str, key: str) -> None:
    refused = account.refused(account.signed_in(name, key).query_companies(), 401)
    assert (refused["code"], refused["faultCode"]) == ("AuthenticationException", "Client")


def test_every_answer_can_be_correlated(account: Account) -> None:
    answers = [account.client.ping(), account.client.get_transaction_by_code("US01", "INV-0")]
    httpx.post(f"{account.url}/_sandbox/faults", json={"kind": "answer", "status": 503}).raise_for_status()
    answers.append(account.client.query_companies())
    assert [answer.status_code for answer in answers] == [200, 404, 503]
    assert len({answer.headers["x-correlation-id"] for answer in answers}) == 3


@pytest.mark.parametrize(
    ("status", "code"), [(429, "RateLimitExceededError"), (503, "ServerUnreachable"), (504, "ServerUnreachable")]
)
def test_faults_speak_as_the_vendor_does(account: Account, status: int, code: str) -> None:
    httpx.post(f"{account.url}/_sandbox/faults", json={"kind": "answer", "status": status, "headers": {"Retry-After": "7"}})
    answer = account.client.query_companies()
    assert (account.refused(answer, status)["code"], answer.headers["Retry-After"]) == (code, "7")


# Lists.


def test_companies_are_filtered_and_paged(account: Account) -> None:
    def codes(**query: str) -> list[str]:
        page = account.ok(
            account.client.query_companies({f"${name}": value for name, value in query.items()}), "CompanyModelFetchResult"
        )
        return [company["companyCode"] for company in page["value"]]

    assert codes() == ["US01", "DE01"]
    assert codes(filter="companyCode eq 'de01'") == ["DE01"]
    assert codes(filter="companyCode in ('US01','XX')") == ["US01"]
    assert codes(filter="isActive eq true and roundingLevelId eq 'Document' or companyCode eq 'a and b'") == ["DE01"]
    assert codes(filter="id gt 1001") == codes(skip="1", top="1") == ["DE01"]
    page = account.client.query_companies({"$top": "1"}).json()
    assert page["@recordsetCount"] == 2 and "skip=1" in page["@nextLink"]
    refused = account.refused(account.client.query_companies({"$filter": "companyCode like 'US%'"}), 400)
    assert refused["code"] == "MalformedFilterException"


# Estimates and records.


@pytest.mark.parametrize("kind", ["SalesOrder", "ReturnOrder", None])
def test_an_order_is_an_estimate_and_records_nothing(account: Account, kind: str | None) -> None:
    estimate = account.created(type=kind or "SalesOrder", commit=True)
    assert (estimate["status"], estimate["id"]) == ("Temporary", 0)
    account.refused(account.client.get_transaction_by_code("US01", "INV-1"), 404)
    assert account.vendor.state["transactions"] == {}


def test_an_invoice_is_recorded_and_committed_apart(account: Account) -> None:
    assert account.created()["status"] == account.read()["status"] == "Saved"
    committed = account.ok(account.client.commit_transaction("US01", "INV-1", {"commit": True}), "TransactionModel")
    assert (committed["status"], "lines" in committed) == ("Committed", False)
    assert account.created(code="INV-2", commit=True)["status"] == "Committed"
    listed = account.ok(
        account.client.list_transactions_by_company("US01", {"$filter": "code eq 'INV-2'"}), "TransactionModelFetchResult"
    )
    assert [found["status"] for found in listed["value"]] == ["Committed"]


def test_a_code_is_unique_by_company_and_type(account: Account) -> None:
    sale = account.created(commit=True)
    credit = account.created(type="ReturnInvoice", lines=[{"amount": -100}])
    other = account.created(companyCode="DE01")
    assert len({sale["id"], credit["id"], other["id"]}) == 3
    assert account.read()["id"] == sale["id"], "of several types the sales invoice is meant"
    found = account.client.get_transaction_by_code_and_type("US01", "INV-1", "ReturnInvoice", EVERYTHING)
    assert account.ok(found, "TransactionModel")["id"] == credit["id"]


def test_parts_are_shown_when_asked_for(account: Account) -> None:
    account.created()
    head = account.read(**{"$include": "Addresses"})
    assert "addresses" in head and not {"lines", "summary"} & set(head)
    assert "details" not in account.read(**{"$include": "LinesOnly"})["lines"][0]
    assert "details" in account.read(**{"$include": "Details"})["lines"][0]
    assert set(account.read(**{"$include": "SummaryOnly"})) & {"lines", "summary"} == {"summary"}


def test_create_refuses_what_is_committed_and_replaces_what_is_saved(account: Account) -> None:
    account.created(lines=[{"amount": 1}])
    assert account.created(commit=True)["totalAmount"] == 20000
    assert len(account.vendor.state["transactions"]) == 1
    refused = account.refused(account.client.create_transaction(a_model()), 400)
    assert (refused["code"], refused["faultSubCode"]) == ("GetTaxError", "DocStatusError")


def test_create_or_adjust_makes_a_revision_of_what_is_committed(account: Account) -> None:
    first = account.adjusted(commit=True)
    second = account.adjusted(commit=True, lines=[{"amount": 100}])
    assert (first["version"], second["version"], second["adjustmentReason"]) == (1, 2, "PriceAdjusted")
    assert account.read()["id"] == second["id"]
    earlier = account.client.get_transaction_by_id(first["id"], EVERYTHING)
    assert account.ok(earlier, "TransactionModel")["status"] == "Adjusted"


def test_adjust_wants_the_document_to_be_there(account: Account) -> None:
    change = {"adjustmentReason": "Other", "adjustmentDescription": "rate", "newTransaction": a_model(lines=[{"amount": 1}])}
    account.refused(account.client.adjust_transaction("US01", "INV-1", change), 404)
    account.created(commit=True)
    adjusted = account.ok(account.client.adjust_transaction("US01", "INV-1", change, EVERYTHING), "TransactionModel")
    assert (adjusted["version"], adjusted["totalAmount"], adjusted["adjustmentDescription"]) == (2, 1, "rate")
    without = account.client.adjust_transaction("US01", "INV-1", change | {"adjustmentDescription": ""})
    assert account.refused(without, 400)["refersTo"] == "adjustmentDescription"


def test_what_was_filed_is_locked(account: Account) -> None:
    account.created(commit=True)
    locked = account.client.lock_transaction("US01", "INV-1", {"isLocked": True})
    assert account.ok(locked, "TransactionModel")["locked"] is True
    model = {"createTransactionModel": a_model(commit=True)}
    for answer in (account.client.create_or_adjust_transaction(model), account.voided()):
        assert account.refused(answer, 400)["code"] == "CannotModifyLockedTransaction"


def test_a_void_cancels_and_makes_room(account: Account) -> None:
    account.created(commit=True)
    assert account.ok(account.voided(), "TransactionModel")["status"] == account.read()["status"] == "Cancelled"
    assert account.refused(account.voided(), 400)["code"] == "TransactionAlreadyCancelled"
    assert account.adjusted(commit=True)["status"] == account.read()["status"] == "Committed"
    account.refused(account.voided("INV-0"), 404)


@pytest.mark.parametrize(
    ("commit", "reason", "then"),
    [
        (True, "DocDeleted", "Cancelled"),
        (False, "DocDeleted", None),
        (True, "Unspecified", "Committed"),
        (True, "PostFailed", 400),
        (True, "AdjustmentCancelled", 400),
    ],
)
def test_what_a_void_does_depends_on_reason_and_status(
    account: Account, commit: bool, reason: str, then: str | int | None
) -> None:
    account.created(commit=commit)
    answer = account.voided(reason=reason)
    assert answer.status_code == (then if isinstance(then, int) else 200)
    found = account.client.get_transaction_by_code("US01", "INV-1")
    assert found.json().get("status") == ("Committed" if isinstance(then, int) else then)


def test_the_last_adjustment_can_be_taken_back(account: Account) -> None:
    first = account.adjusted(commit=True)
    account.adjusted(commit=True, lines=[{"amount": 1}])
    assert account.ok(account.voided(reason="AdjustmentCancelled"), "TransactionModel")["id"] == first["id"]
    assert account.read()["status"] == "Committed"


def test_a_refund_repeats_the_tax_of_the_sale_whatever_has_changed(account: Account) -> None:
    nexus = account.register_in_texas()
    lines = [{"number": "1", "amount": 20000}, {"number": "2", "amount": 1000}]
    assert account.created(commit=True, lines=lines)["totalTax"] == 1732.5
    account.client.delete_nexus(US, nexus["id"])

    def refunded(code: str, **fields: Any) -> Any:
        model = {"refundTransactionCode": code, "refundDate": "2026-08-03", **fields}
        return account.ok(account.client.refund_transaction("US01", "INV-1", model, EVERYTHING), "TransactionModel")

    full = refunded("CM-1", refundType="Full")
    assert (full["type"], full["status"], full["totalAmount"], full["totalTax"]) == (
        "ReturnInvoice",
        "Committed",
        -21000,
        -1732.5,
    )
    assert refunded("CM-2", refundType="Partial", refundLines=["2"])["totalTax"] == -82.5
    assert refunded("CM-3", refundType="Percentage", refundPercentage=10)["totalTax"] == -173.25
    only = refunded("CM-4", refundType="TaxOnly")
    assert (only["totalAmount"], only["totalTax"]) == (0, -1732.5)
    account.refused(account.client.refund_transaction("US01", "CM-1", {"refundDate": "2026-08-03"}), 400)


# What is wrong with a request.


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"customerCode": "C" * 51}, 400, "StringLengthError", "customerCode"),
        ({"exemptionNo": "E" * 26}, 400, "StringLengthError", "exemptionNo"),
        ({"lines": []}, 400, "MissingLine", "lines"),
        ({"lines": [{"number": "1"}]}, 400, "ValueRequiredError", "lines[0].amount"),
        ({"lines": [{"amount": 1, "taxCode": "P" * 26}]}, 400, "StringLengthError", "lines[0].taxCode"),
        ({"date": "31.07.2026"}, 400, "DateFormatError", "date"),
        ({"type": "Sale"}, 400, "InvalidEnumValue", "type"),
        ({"companyCode": "XX01"}, 404, "EntityNotFoundError", "Company"),
        ({"addresses": {"shipTo": {"city": "Austin", "country": "US"}}}, 400, "MissingAddress", "addresses"),
        ({"addresses": {"singleLocation": {"city": "Austin"}}}, 400, "MissingAddress", "addresses.singleLocation.country"),
        ({"taxOverride": {"type": "TaxDate", "taxDate": "2026-06-01"}}, 400, "ValueRequiredError", "taxOverride.reason"),
        ({"discount": 5}, 400, "IncorrectFieldValue", "taxOverride"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_with_its_field(
    account: Account, change: dict[str, Any], status: int, code: str, field: str
) -> None:
    refused = account.refused(account.client.create_transaction(a_model(**change)), status)
    assert (refused["code"], refused["refersTo"]) == (code, field)


def test_what_is_no_json_is_refused(account: Account) -> None:
    for body, code in ((b"{", "JsonFormatError"), (b"", "ModelRequiredException")):
        answer = httpx.post(f"{account.url}/api/v2/transactions/create", content=body, auth=(ACCOUNT, KEY))
        assert account.refused(answer, 400)["code"] == code
