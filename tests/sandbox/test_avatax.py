"""The simulated AvaTax as Avalara's own client finds it, every answer held against Avalara's published contract."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2 as httpx
import pytest
from avalara import AvataxClient  # type: ignore[import-untyped]

from sandbox.avatax import VENDOR
from sandbox.serve import serving_in_thread
from tests.sandbox.avatax_contract import complaints
from tests.sandbox.avatax_world import ACCOUNT, BERLIN, DE, KEY, US, a_model, a_world, texan_nexus

EVERYTHING = {"$include": "Summary,Addresses"}


class Account:
    """Avalara's client, signed in to the simulated account."""

    def __init__(self, vendor: Any, url: str) -> None:
        self.vendor, self.url = vendor, url
        self.client = self.signed_in(ACCOUNT, KEY)

    def signed_in(self, name: str, key: str) -> Any:
        return AvataxClient("Handoff tests", "1.0", "test", self.url).add_credentials(name, key)

    def ok(self, answer: Any, schema: str) -> Any:
        """The body of an answer that went well and keeps to the contract."""
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert complaints(schema, body) == []
        return body

    def refused(self, answer: Any, status: int) -> dict[str, Any]:
        """The first detail of a refusal that keeps to the contract."""
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert error["code"] == error["details"][0]["code"] and error["message"]
        assert complaints("ErrorDetail", error["details"][0]) == []
        return dict(error["details"][0])

    def created(self, **fields: Any) -> Any:
        return self.ok(self.client.create_transaction(a_model(**fields), EVERYTHING), "TransactionModel")

    def adjusted(self, **fields: Any) -> Any:
        model = {"createTransactionModel": a_model(**fields), "adjustmentReason": "PriceAdjusted"}
        return self.ok(self.client.create_or_adjust_transaction(model, EVERYTHING), "TransactionModel")

    def read(self, code: str = "INV-1", company: str = "US01", **include: str) -> Any:
        return self.ok(self.client.get_transaction_by_code(company, code, include or EVERYTHING), "TransactionModel")

    def voided(self, code: str = "INV-1", reason: str = "DocVoided") -> Any:
        return self.client.void_transaction("US01", code, {"code": reason})

    def register_in_texas(self) -> Any:
        answer = self.client.create_nexus(US, [texan_nexus()])
        assert answer.status_code == 200 and complaints("NexusModel", answer.json()[0]) == []
        return answer.json()[0]


@pytest.fixture(scope="module")
def server() -> Iterator[Account]:
    vendor = VENDOR()
    with serving_in_thread(vendor) as url:
        yield Account(vendor, url)


@pytest.fixture
def account(server: Account) -> Account:
    server.vendor.reset()
    httpx.post(f"{server.url}/_sandbox/seed", json=a_world()).raise_for_status()
    return server


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


# Tax.


def test_without_nexus_nothing_is_charged_and_the_detail_says_why(account: Account) -> None:
    answer = account.created()
    line = answer["lines"][0]
    assert (answer["totalTax"], answer["totalExempt"], line["taxableAmount"], line["isItemTaxable"]) == (0, 20000, 0, True)
    detail = line["details"][0]
    assert [detail[name] for name in ("nonTaxableType", "jurisName", "jurisdictionType", "nonTaxableAmount", "rate")] == [
        "NexusRule", "TEXAS", "State", 20000, 0,
    ]  # fmt: skip
    assert len(line["details"]) == 1, "the city is not even mentioned"


def test_with_nexus_the_state_and_its_city_are_charged(account: Account) -> None:
    account.register_in_texas()
    answer = account.created()
    assert (answer["totalTax"], answer["totalTaxable"], answer["totalExempt"]) == (1650, 20000, 0)
    assert [(d["jurisName"], d["tax"], d["rate"]) for d in answer["lines"][0]["details"]] == [
        ("TEXAS", 1250, 0.0625),
        ("AUSTIN", 400, 0.02),
    ]
    assert [(s["jurisName"], s["tax"]) for s in answer["summary"]] == [("TEXAS", 1250), ("AUSTIN", 400)]


def test_nexus_holds_from_its_first_day_to_its_last_and_none_is_none(account: Account) -> None:
    nexus = account.register_in_texas()
    for change, tax in (
        ({"effectiveDate": "2026-08-01"}, 0),
        ({"effectiveDate": "2026-07-31"}, 1650),
        ({"endDate": "2026-07-30"}, 0),
        ({"endDate": "2026-07-31"}, 1650),
        ({"nexusTypeId": "None"}, 0),
    ):
        changed = account.client.update_nexus(US, nexus["id"], nexus | change)
        assert account.ok(changed, "NexusModel")["id"] == nexus["id"]
        assert account.created(type="SalesOrder")["totalTax"] == tax, change
    account.refused(account.client.create_nexus(US, [texan_nexus()]), 400)
    listed = account.ok(account.client.list_nexus_by_company(US, {"$filter": "region eq 'TX'"}), "NexusModelFetchResult")
    assert [found["jurisName"] for found in listed["value"]] == ["TEXAS"]


def test_a_city_that_administers_itself_wants_nexus_of_its_own(account: Account) -> None:
    account.register_in_texas()
    austin = a_world()["jurisdictions"]["AUSTIN"] | {"isSelfAdministered": True}
    account.vendor.seed({"jurisdictions": {"AUSTIN": austin}})
    answer = account.created()
    assert answer["totalTax"] == 1250
    assert answer["lines"][0]["details"][1]["nonTaxableType"] == "NexusRule"


def test_a_service_that_is_not_taxable_there_says_so(account: Account) -> None:
    account.register_in_texas()
    details = account.created(lines=[{"amount": 100, "taxCode": "SP140000"}])["lines"][0]["details"]
    assert [(d["nonTaxableType"], d["nonTaxableAmount"], d["tax"]) for d in details] == [("ProductTaxabilityRule", 100, 0)] * 2


@pytest.mark.parametrize(
    ("company", "tax", "by_line"), [("US01", 29.94, [9.98, 9.98, 9.98]), ("DE01", 29.93, [9.98, 9.97, 9.98])]
)
def test_tax_is_rounded_as_the_company_wants_it(account: Account, company: str, tax: float, by_line: list[float]) -> None:
    lines = [{"number": str(number), "amount": 52.5} for number in (1, 2, 3)]
    answer = account.created(companyCode=company, currencyCode="EUR", addresses={"singleLocation": BERLIN}, lines=lines)
    assert (answer["totalTax"], [line["tax"] for line in answer["lines"]]) == (tax, by_line)


def test_a_rate_changes_on_its_day_and_a_return_may_name_the_day_of_the_sale(account: Account) -> None:
    germany = a_world()["jurisdictions"]["DE"]
    account.vendor.seed({"jurisdictions": {
        "DE": germany | {"endDate": "2026-07-31"},
        "DE-2": germany | {"effectiveDate": "2026-08-01", "rate": "0.16"},
    }})  # fmt: skip
    sale: dict[str, Any] = {"companyCode": "DE01", "addresses": {"singleLocation": BERLIN}, "lines": [{"amount": 100}]}
    assert account.created(**sale)["totalTax"] == 19
    returned = sale | {"type": "ReturnInvoice", "date": "2026-08-05", "lines": [{"amount": -100}]}
    assert account.created(**returned)["totalTax"] == -16
    override = {"type": "TaxDate", "taxDate": "2026-07-31", "reason": "Return"}
    answer = account.created(**returned, taxOverride=override)
    assert (answer["totalTax"], answer["date"], answer["taxDate"][:10]) == (-19, "2026-08-05", "2026-07-31")


def test_a_child_company_without_a_profile_has_its_parents_nexus(account: Account) -> None:
    child = {"companyCode": "US02", "name": "Child", "defaultCountry": "US", "parentCompanyId": US, "hasProfile": False}
    account.vendor.seed({"companies": {"1003": child}})
    account.register_in_texas()
    assert account.created(companyCode="US02")["totalTax"] == 1650
    account.vendor.seed({"companies": {"1003": child | {"hasProfile": True}}})
    assert account.created(companyCode="US02")["totalTax"] == 0


# Exemptions.


def test_a_certificate_on_file_exempts_and_is_named(account: Account) -> None:
    account.register_in_texas()
    line = account.created(customerCode="CUST-EXEMPT")["lines"][0]
    assert (line["tax"], line["exemptAmount"], line["exemptCertId"], line["certificateId"]) == (0, 20000, 9701, "701")
    assert account.created(customerCode="cust-exempt")["totalTax"] == 1650, "codes are case sensitive"
    assert account.created(customerCode="CUST-EXEMPT", date="2029-01-01")["totalTax"] == 1650, "it has run out"


def test_certificates_are_made_linked_and_listed(account: Account) -> None:
    customer = {
        "companyId": US, "customerCode": "CUST-9", "name": "Nine Inc.", "line1": "1 Main St", "city": "Austin",
        "postalCode": "78701", "region": "TX", "country": "US",
    }  # fmt: skip
    made = account.client.create_customers(US, [customer]).json()[0]
    assert complaints("CustomerModel", made) == []
    today = datetime.now(UTC).date()
    certificate = {
        "signedDate": today.replace(year=today.year - 1, day=1).isoformat(),
        "expirationDate": today.replace(year=today.year + 1, day=1).isoformat(),
        "exemptionReason": {"name": "RESALE"}, "exposureZone": {"country": "US", "region": "TX"}, "exemptPercentage": 50,
    }  # fmt: skip
    number = account.client.create_certificates(US, [certificate]).json()[0]["id"]
    status = account.client.list_valid_certificates_for_customer
    assert account.ok(status(US, "CUST-9", "US", "TX"), "ExemptionStatusModel") == {"status": "NotExempt"}
    linked = account.client.link_certificates_to_customer(US, "CUST-9", {"certificates": [number]})
    assert account.ok(linked, "CertificateModelFetchResult")["value"][0]["id"] == number
    assert account.ok(status(US, "CUST-9", "US", "TX"), "ExemptionStatusModel")["certificate"]["id"] == number
    assert account.ok(status(US, "CUST-9", "US", "CA"), "ExemptionStatusModel") == {"status": "NotExempt"}
    account.register_in_texas()
    assert account.created(customerCode="CUST-9", date=today.isoformat())["totalTax"] == 825, "half of it is exempt"
    assert account.refused(status(US, "CUST-0", "US", "TX"), 404)["refersTo"] == "Customer"


def test_a_company_may_have_no_storage_for_certificates(account: Account) -> None:
    account.vendor.seed({"without_certificates": [DE]})
    refused = account.refused(account.client.list_certificates_for_customer(DE, "CUST-EXEMPT"), 400)
    assert refused["code"] == "CertificatesNotSetup"


@pytest.mark.parametrize(
    ("fields", "rule"), [({"exemptionNo": "TX-1"}, "RateRule"), ({"entityUseCode": "E"}, "ExemptEntityRule")]
)
def test_a_number_or_a_use_exempts_too(account: Account, fields: dict[str, str], rule: str) -> None:
    account.register_in_texas()
    answer = account.created(**fields)
    assert (answer["totalTax"], answer["totalExempt"], answer["exemptNo"]) == (0, 20000, fields.get("exemptionNo", ""))
    assert answer["lines"][0]["details"][0]["nonTaxableType"] == rule
    assert account.created(entityUseCode="Z")["totalTax"] == 1650


def test_nexus_is_judged_before_any_exemption(account: Account) -> None:
    line = account.created(customerCode="CUST-EXEMPT")["lines"][0]
    assert (line["details"][0]["nonTaxableType"], line["exemptCertId"]) == ("NexusRule", 0)


# State.


def test_records_survive_a_restart(account: Account, tmp_path: Any) -> None:
    kept = VENDOR(state_dir=tmp_path)
    kept.seed(a_world())
    with serving_in_thread(kept) as url:
        Account(kept, url).created(commit=True)
    again = VENDOR(state_dir=tmp_path)
    with serving_in_thread(again) as url:
        assert Account(again, url).read()["status"] == "Committed"


def test_a_new_record_may_stay_invisible_for_a_while(account: Account) -> None:
    httpx.post(f"{account.url}/_sandbox/faults", json={"kind": "invisible", "seconds": 60}).raise_for_status()
    account.created(commit=True)
    account.refused(account.client.get_transaction_by_code("US01", "INV-1"), 404)
    httpx.put(f"{account.url}/_sandbox/clock", json={"offset_seconds": 61}).raise_for_status()
    assert account.read()["status"] == "Committed"
