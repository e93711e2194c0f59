"""What the simulated AvaTax charges and why: nexus, rates, rounding, exemptions, as Avalara's own client is told."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.avatax import VENDOR
from sandbox.avatax.rounding import Rounding
from sandbox.serve import serving_in_thread
from tests.sandbox.avatax_client import Account, account, server
from tests.sandbox.avatax_contract import complaints
from tests.sandbox.avatax_world import BERLIN, DE, US, a_world, texan_nexus

__all__ = ["account", "server"]  # fixtures

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


AMOUNTS = st.lists(st.decimals(min_value=-1_000_000, max_value=1_000_000, places=4), max_size=30)


@given(AMOUNTS)
def test_by_document_the_lines_add_up_to_the_rounded_whole(exact: list[Decimal]) -> None:
    rounding = Rounding("Document", "EUR")
    whole = sum(exact, Decimal(0)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    assert sum((rounding.tax("DE", one) for one in exact), Decimal(0)) == whole


def test_a_currency_without_cents_has_none() -> None:
    assert Rounding("Line", "JPY").tax("JP", Decimal("10.5")) == 11


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
    assert account.created(customerCode="CUST-EXEMPT", date="2100-01-01")["totalTax"] == 1650, "it has run out"


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
