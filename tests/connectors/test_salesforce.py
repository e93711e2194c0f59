"""Salesforce with CPQ: the contract suite, and the facts that homemade connectors get wrong."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from activities.ports import ChangeFeed, Crm, CrmUpdate, Quotes
from canonical.billing_view import Exposure
from canonical.errors import Misconfigured, NotFound, NotReady, Rejected, Throttled
from canonical.event import FactKind
from canonical.money import Money
from canonical.quote import BillingKind, DealStage
from canonical.receivable import AccountStanding, DealStanding
from connectors import registry
from connectors.salesforce.client import Salesforce, connect
from connectors.salesforce.settings import Settings
from sandbox.salesforce import Salesforce as Org
from sandbox.vendor import SimulatedVendor
from tests.connectors.contract import Bench, ConnectorContract, WriteCase
from tests.connectors.salesforce_world import DEAL, LINES, identifier, settings

KEY, TOLD, NUMBER = "tell_deal/C-100/1.1", "tell_account/CUST-10001/1", "10001"


def an_update(**changes: str) -> CrmUpdate:
    told = {
        "contract": "C-100",
        "deal_id": identifier("Opportunity", "C-100"),
        "status": "active",
        "note": "Everything stands.",
        "project_id": "P-1",
        "erp_project_id": "E-1",
        "customer_id": "77",
        "workspace_url": "https://files.example/C-100",
    }
    return CrmUpdate(**told | changes)


def fits(connector: Salesforce) -> tuple[Crm, Quotes, ChangeFeed]:
    """The type checker's word on it."""
    return connector, connector, connector


def reopen(vendor: SimulatedVendor) -> None:
    assert isinstance(vendor, Org)
    vendor.reopen()


async def read_all(connector: Salesforce) -> None:
    await connector.read_deal(identifier("Opportunity", "C-100"))
    await connector.read_account(identifier("Account", "account 10001"))
    await connector.read_quote(identifier("SBQQ__Quote__c", "C-100"))


def held(state: dict[str, Any], kind: str, handle: str) -> dict[str, Any]:
    record: dict[str, Any] = state[kind][identifier(kind, handle)]
    return record


def noted(state: dict[str, Any], key: str) -> int:
    """How many notes carry this key."""
    return sum(task["Handoff_Key__c"] == key for task in state.get("Task", {}).values())


def a_standing(**changes: Any) -> AccountStanding:
    """What the customer of the deal owes, some of it contested."""
    owed, contested, nothing = (Money.of(amount, "USD") for amount in ("1300.00", "400.00", "0.00"))
    exposure = Exposure(
        customer=f"CUST-{NUMBER}", open=owed, overdue=nothing, disputed=contested, credit=nothing, parked=nothing, documents=1
    )
    deal = DealStanding(contract="C-100", open=owed, overdue=nothing, disputed=contested)
    facts: dict[str, Any] = {"customer": f"CUST-{NUMBER}", "exposures": (exposure,), "deals": (deal,)}
    return AccountStanding(**{**facts, **changes})


class TestSalesforce(ConnectorContract):
    reads = "/query"

    def vendor(self) -> Org:
        org = Org()
        org.seed({"_deals": [DEAL]})
        return org

    def connect(self, url: str) -> Salesforce:
        return connect("crm", settings(url))

    def connect_badly(self, url: str) -> Salesforce:
        return connect("crm", settings(url, client_secret="wrong"))

    async def read(self, connector: Salesforce) -> Any:
        return await connector.find_deal("C-100")

    def cases(self) -> list[WriteCase]:
        return [
            WriteCase(
                kind="write_back",
                writes="/composite",
                create=lambda connector, _: connector.write_back(an_update(), key=KEY),
                find=lambda connector, _: connector.find_write_back(an_update(), key=KEY),
                held=lambda state: noted(state, KEY),
            ),
            WriteCase(
                kind="exposure",
                writes="/composite",
                create=lambda connector, _: connector.tell_account(a_standing(), key=TOLD),
                find=lambda connector, _: connector.find_account_note(a_standing(), key=TOLD),
                held=lambda state: noted(state, TOLD),
            ),
        ]

    async def test_an_account_and_its_deals_hold_what_is_open_and_what_is_contested(self, bench: Bench) -> None:
        await bench.connector.tell_account(a_standing(), key=TOLD)
        [account] = [one for one in bench.vendor.state["Account"].values() if one["AccountNumber"] == NUMBER]
        [deal] = [one for one in bench.vendor.state["Opportunity"].values() if one["Contract_Reference__c"] == "C-100"]
        assert "1,300.00" in account["Exposure__c"]
        assert [Decimal(str(one["Open_Receivables__c"])) for one in (account, deal)] == [1300, 1300]
        assert [Decimal(str(one["Disputed_Receivables__c"])) for one in (account, deal)] == [400, 400]

    async def test_of_a_payer_without_an_account_the_deals_are_told(self, bench: Bench) -> None:
        standing = a_standing(customer="CUST-20107", has_account=False)
        written = await bench.connector.tell_account(standing, key=TOLD)
        assert await bench.connector.find_account_note(standing, key=TOLD) == written
        [account] = [one for one in bench.vendor.state["Account"].values() if one["AccountNumber"] == NUMBER]
        [deal] = [one for one in bench.vendor.state["Opportunity"].values() if one["Contract_Reference__c"] == "C-100"]
        assert account.get("Open_Receivables__c") is None
        assert Decimal(str(deal["Open_Receivables__c"])) == 1300

    async def test_an_account_that_nobody_can_tell_from_another_is_left_untold(self, bench: Bench) -> None:
        for customer in ("CUST-NOBODY", NUMBER):
            with pytest.raises(Rejected, match=r"accounts of .* have the number"):
                await bench.connector.tell_account(a_standing(customer=customer), key=TOLD)
        assert noted(bench.vendor.state, TOLD) == 0

    async def test_it_satisfies_its_ports(self, bench: Bench) -> None:
        assert all(isinstance(bench.connector, port) for port in (Crm, Quotes, ChangeFeed))
        assert fits(bench.connector) == (bench.connector,) * 3
        assert registry.vendor("salesforce").settings is Settings

    # Reading.

    async def test_a_deal_is_read_with_everything_that_activation_needs(self, bench: Bench) -> None:
        deal = await bench.connector.find_deal("C-100")
        assert deal is not None
        assert deal == await bench.connector.read_deal(deal.target_id)
        assert (deal.contract, deal.stage, deal.amount) == ("C-100", DealStage.WON, Money.of("210006.00", "USD"))
        assert (deal.entity, deal.region, deal.service_line) == ("US01", "AMER", "Consulting")
        assert deal.purchase_orders == {"WS-A": "4500-1", "": "4500-9"}
        assert deal.quote_id == identifier("SBQQ__Quote__c", "C-100")
        assert deal.version.endswith("Z") and datetime.fromisoformat(deal.version)

    async def test_an_account_becomes_a_customer_with_address_and_tax_registration(self, bench: Bench) -> None:
        deal = await bench.connector.find_deal("C-100")
        customer = await bench.connector.read_account(deal.account_id)
        assert (customer.reference, customer.legal_name, customer.entity) == ("CUST-10001", "Acme Industries Inc.", "US01")
        assert customer.is_purchase_order_per_workstream
        assert (customer.bill_to.line1, customer.bill_to.line2, customer.bill_to.country) == (
            "200 Market Street",
            "Floor 3",
            "US",
        )
        payer = await bench.connector.read_account(deal.bill_to_account_id)
        assert (payer.legal_name, payer.tax_registrations[0].number) == ("Acme Shared Services", "DE136695976")

    async def test_a_quote_is_read_line_by_line_and_adds_up(self, bench: Bench) -> None:
        quote = await bench.connector.read_quote(identifier("SBQQ__Quote__c", "C-100"))
        assert (quote.total, quote.payment_terms_days, quote.start) == (Money.of("210006.00", "USD"), 30, date(2026, 12, 1))
        fixed, hourly, monthly = quote.lines
        assert (fixed.kind, fixed.workstream, fixed.service_template) == (BillingKind.FIXED_FEE, "WS-A", "implementation")
        assert (hourly.quantity, hourly.rate, hourly.amount) == (Decimal(400), Money.of(180, "USD"), Money.of(72000, "USD"))
        assert (monthly.quantity, monthly.rate, monthly.amount.amount) == (
            Decimal(12),
            Money.of("1500.50", "USD"),
            Decimal("18006"),
        )

    async def test_a_quote_that_is_not_calculated_yet_is_not_believed(self, bench: Bench) -> None:
        quote = identifier("SBQQ__Quote__c", "C-100")
        bench.vendor.seed({"_org": {"cpq_calculation_seconds": 60}})
        bench.vendor.seed({"_change": {"SBQQ__QuoteLine__c": {"C-100/1": {"SBQQ__ListPrice__c": 150000}}}})
        with pytest.raises(NotReady):
            await bench.connector.read_quote(quote)
        bench.vendor.clock_offset = timedelta(seconds=61)
        assert (await bench.connector.read_quote(quote)).total == Money.of("240006.00", "USD")

    async def test_a_total_that_is_not_that_of_the_lines_is_not_believed_either(self, bench: Bench) -> None:
        held(bench.vendor.state, "SBQQ__Quote__c", "C-100")["SBQQ__NetAmount__c"] = 1.0
        with pytest.raises(NotReady):
            await bench.connector.read_quote(identifier("SBQQ__Quote__c", "C-100"))

    async def test_more_lines_than_a_page_holds_are_all_read(self, bench: Bench) -> None:
        lines = [{"reference": f"L{n}", "name": "Piece", "price": "1.01"} for n in range(2_003)]
        bench.vendor.seed({"_deals": [{"contract": "C-200", "lines": lines}]})
        quote = await bench.connector.read_quote(identifier("SBQQ__Quote__c", "C-200"))
        assert (len(quote.lines), quote.total) == (2_003, Money.of("2023.03", "USD"))
        assert sum("01g" in call["path"] for call in bench.vendor.calls) == 1

    async def test_what_does_not_exist_is_said_to_be_missing(self, bench: Bench) -> None:
        assert await bench.connector.find_deal("C-999") is None
        assert await bench.connector.find_deal("c-100") is None
        for read in (bench.connector.read_deal, bench.connector.read_account, bench.connector.read_quote):
            with pytest.raises(NotFound):
                await read("006Sd0000000000AAA")
            with pytest.raises(NotFound):
                await read("x' OR Id != '")

    @pytest.mark.parametrize(
        ("kind", "handle", "edit", "word"),
        [
            ("Account", "account 10001", {"AccountNumber": None}, "AccountNumber"),
            ("Account", "account 10001", {"BillingCountryCode": "Atlantis"}, "billing country"),
            ("Opportunity", "C-100", {"AccountId": None}, "AccountId"),
            ("Opportunity", "C-100", {"Purchase_Orders__c": "WS-A=1\nWS-A=2"}, "purchase orders"),
            ("SBQQ__QuoteLine__c", "C-100/1", {"Line_Reference__c": None}, "line reference"),
            ("SBQQ__QuoteLine__c", "C-100/1", {"Billing_Kind__c": "barter"}, "billing kind"),
            ("SBQQ__QuoteLine__c", "C-100/3", {"SBQQ__NetTotal__c": 18006.01}, "equal months"),
            ("SBQQ__Quote__c", "C-100", {"SBQQ__PaymentTerms__c": "soon"}, "payment terms"),
        ],
    )
    async def test_a_record_that_lacks_something_is_refused_in_business_words(
        self, bench: Bench, kind: str, handle: str, edit: dict[str, Any], word: str
    ) -> None:
        held(bench.vendor.state, kind, handle).update(edit)
        if "SBQQ__NetTotal__c" in edit:
            held(bench.vendor.state, "SBQQ__Quote__c", "C-100")["SBQQ__NetAmount__c"] = 210006.01
        with pytest.raises(Rejected) as refused:
            await read_all(bench.connector)
        assert word in refused.value.message
        assert "settle the exception with retry" in refused.value.remedy

    async def test_an_address_without_a_country_is_left_out_for_the_control_point_to_find(self, bench: Bench) -> None:
        held(bench.vendor.state, "Account", "account 10001").update(BillingCountry=None, BillingCountryCode=None)
        customer = await bench.connector.read_account(identifier("Account", "account 10001"))
        assert (customer.addresses, customer.tax_registrations) == ((), ())

    async def test_a_reference_on_two_deals_is_a_persons_to_decide(self, bench: Bench) -> None:
        bench.vendor.seed({"_deals": [{"contract": "C-200", "lines": LINES[:1]}]})
        held(bench.vendor.state, "Opportunity", "C-200")["Contract_Reference__c"] = "C-100"
        reopen(bench.vendor)
        with pytest.raises(Rejected, match="2 deals carry"):
            await bench.connector.find_deal("C-100")

    async def test_an_org_of_one_currency_without_country_codes_is_read_too(self, bench: Bench) -> None:
        modest = connect("crm", settings(bench.url, currency="EUR", has_country_codes=False))
        try:
            deal = await modest.find_deal("C-100")
            assert deal and deal.amount and deal.amount.currency == "EUR"
            assert (await modest.read_account(deal.account_id)).currency == "EUR"
            queries = [call["path"] for call in bench.vendor.calls if "/query" in call["path"]]
            assert queries and not any("CurrencyIsoCode" in path or "BillingCountryCode" in path for path in queries)
        finally:
            await modest.aclose()

    async def test_a_field_that_the_org_does_not_have_is_a_matter_of_settings(self, bench: Bench) -> None:
        wrong = connect("crm", settings(bench.url, deal_fields={"contract": "Vertrag__c"}))
        try:
            with pytest.raises(Misconfigured, match="Vertrag__c"):
                await wrong.check()
        finally:
            await wrong.aclose()

    async def test_a_note_key_that_two_notes_could_share_is_a_matter_of_settings(self, bench: Bench) -> None:
        careless = connect("crm", settings(bench.url, note_key="Subject"))
        try:
            with pytest.raises(Misconfigured, match="two notes with one Subject"):
                await careless.check()
        finally:
            await careless.aclose()

    # Writing back.

    async def test_a_write_back_leaves_a_note_status_and_ids_and_tells_the_payers_account(self, bench: Bench) -> None:
        written = await bench.connector.write_back(an_update(), key=KEY)
        deal = held(bench.vendor.state, "Opportunity", "C-100")
        assert (deal["Handoff_Status__c"], deal["Psa_Project_Id__c"], deal["Erp_Project_Id__c"]) == ("active", "P-1", "E-1")
        assert deal["Workspace_Url__c"] == "https://files.example/C-100"
        assert held(bench.vendor.state, "Account", "account 10002")["Erp_Customer_Id__c"] == "77"
        note = bench.vendor.state["Task"][written.target_id]
        assert (note["WhatId"], note["Subject"], note["Description"]) == (
            deal["Id"],
            "Handoff of C-100: active",
            "Everything stands.",
        )
        assert written.url.endswith(f"/lightning/r/Opportunity/{deal['Id']}/view")

    async def test_what_is_empty_is_left_alone(self, bench: Bench) -> None:
        await bench.connector.write_back(an_update(), key=KEY)
        sparse = an_update(status="failed", project_id="", erp_project_id="", customer_id="", workspace_url="")
        await bench.connector.write_back(sparse, key=KEY + "2")
        deal = held(bench.vendor.state, "Opportunity", "C-100")
        assert (deal["Handoff_Status__c"], deal["Psa_Project_Id__c"]) == ("failed", "P-1")
        assert len(bench.vendor.state["Task"]) == 2

    async def test_a_write_back_that_fails_in_one_part_fails_as_a_whole(self, bench: Bench) -> None:
        with pytest.raises(Rejected) as refused:
            await bench.connector.write_back(an_update(workspace_url="https://" + "x" * 300), key=KEY)
        assert (refused.value.evidence["vendor_code"], refused.value.evidence["field"]) == ("STRING_TOO_LONG", "Workspace_Url__c")
        assert bench.vendor.state.get("Task", {}) == {}

    async def test_ten_at_once_under_one_key_leave_one_note(self, bench: Bench) -> None:
        done = await asyncio.gather(*(bench.connector.write_back(an_update(), key=KEY) for _ in range(10)))
        assert len({written.target_id for written in done}) == 1
        assert len(bench.vendor.state["Task"]) == 1

    async def test_a_locked_record_is_tried_again_soon_and_a_used_up_limit_much_later(self, bench: Bench) -> None:
        await bench.fault(kind="answer", status=400, on={"path": "/composite"})
        with pytest.raises(Throttled) as locked:
            await bench.connector.write_back(an_update(), key=KEY)
        assert locked.value.specific_code == "ROW_LOCKED"
        assert locked.value.retry_after and locked.value.retry_after <= timedelta(seconds=10)
        bench.vendor.seed({"_org": {"daily_limit": 0}})
        with pytest.raises(Throttled) as limited:
            await bench.connector.find_deal("C-100")
        assert (limited.value.specific_code, limited.value.retry_after) == ("API_LIMIT", timedelta(minutes=15))

    async def test_a_lock_met_inside_a_composite_call_is_told_from_the_parts_undone_with_it(self, bench: Bench) -> None:
        lock = [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access to this record"}]
        halted = [{"errorCode": "PROCESSING_HALTED", "message": "The transaction was rolled back"}]
        parts = [
            {"body": body, "httpHeaders": {}, "httpStatusCode": 400, "referenceId": name}
            for name, body in [("note", halted), ("deal", lock)]
        ]
        await bench.fault(kind="answer", status=200, body={"compositeResponse": parts}, on={"path": "/composite"})
        with pytest.raises(Throttled):
            await bench.connector.write_back(an_update(), key=KEY)

    async def test_several_records_of_one_external_id_are_a_persons_to_merge(self, bench: Bench) -> None:
        addresses = ["/services/data/v62.0/sobjects/Account/001", "/services/data/v62.0/sobjects/Account/002"]
        await bench.fault(kind="answer", status=300, body=addresses, on={"path": "/composite"})
        with pytest.raises(Rejected, match="several records"):
            await bench.connector.write_back(an_update(), key=KEY)

    async def test_a_note_that_searches_do_not_show_yet_is_found_later(self, bench: Bench) -> None:
        await bench.fault(kind="invisible", seconds=30, on={"path": "/composite"})
        written = await bench.connector.write_back(an_update(), key=KEY)
        assert await bench.connector.find_write_back(an_update(), key=KEY) is None
        bench.vendor.clock_offset = timedelta(seconds=31)
        assert await bench.connector.find_write_back(an_update(), key=KEY) == written

    # Sessions.

    async def test_an_ended_session_is_renewed_once_for_all_callers(self, bench: Bench) -> None:
        await bench.connector.find_deal("C-100")
        bench.vendor.seed({"_expire_sessions": True})
        found = await asyncio.gather(*(bench.connector.find_deal("C-100") for _ in range(8)))
        assert all(deal and deal.contract == "C-100" for deal in found)
        assert sum("oauth2/token" in call["path"] for call in bench.vendor.calls) == 2

    async def test_a_session_that_is_refused_again_is_a_matter_of_settings(self, bench: Bench) -> None:
        bench.vendor.seed({"_org": {"session_seconds": 0}})
        with pytest.raises(Misconfigured):
            await bench.connector.find_deal("C-100")

    async def test_a_key_pair_signs_in_without_any_secret(self, bench: Bench) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        bench.vendor.seed({"_org": {"public_key": public.decode()}})
        way = {"client_secret": None, "username": "handoff@sandbox.example", "private_key": SecretStr(pem.decode())}
        signed_in = connect("crm", settings(bench.url, **way))
        try:
            assert await signed_in.find_deal("C-100")
        finally:
            await signed_in.aclose()

    async def test_a_token_is_not_sent_to_an_instance_that_is_none_of_ours(self, bench: Bench) -> None:
        stolen = {"access_token": "t", "instance_url": "https://salesforce.com.evil.example"}
        await bench.fault(kind="answer", status=200, body=stolen, on={"path": "oauth2/token"})
        with pytest.raises(Misconfigured, match="none of ours"):
            await bench.connector.find_deal("C-100")

    # Changes.

    async def test_changes_are_found_by_their_stamp_and_the_window_reaches_back(self, bench: Bench) -> None:
        deals = {
            name: {
                "Name": name,
                "StageName": stage,
                "CloseDate": "2026-01-01",
                "AccountId": "account 10001",
                "SystemModstamp": stamp,
                "Contract_Reference__c": name,
            }
            for name, stage, stamp in [
                ("C-1", "Closed Won", "2026-01-01T10:00:00Z"),
                ("C-2", "Prospecting", "2026-01-01T10:04:59Z"),
                ("C-3", "Closed Won", "2026-01-01T09:50:00Z"),
                ("C-4", "Closed Won", "2026-01-01T10:05:00Z"),
            ]
        }
        bench.vendor.seed({"Opportunity": deals})
        since, until = datetime(2026, 1, 1, 10, 3, tzinfo=UTC), datetime(2026, 1, 1, 10, 5, tzinfo=UTC)
        found = [event async for event in bench.connector.changes(since, until)]
        assert [(event.contract, event.kind) for event in found] == [
            ("C-1", FactKind.DEAL_WON),
            ("C-2", FactKind.RECORD_CHANGED),
        ]
        again = [event async for event in bench.connector.changes(since, until)]
        assert [event.event_id for event in again] == [event.event_id for event in found]
        assert found[0].object_kind == "deal"
        assert (await bench.connector.read_deal(found[0].object_id)).version == found[0].object_version

    async def test_a_thousand_changes_in_one_second_are_all_found(self, bench: Bench) -> None:
        stamp = "2026-01-01T10:00:00Z"
        deal = {"StageName": "Closed Won", "CloseDate": "2026-01-01", "SystemModstamp": stamp}
        bench.vendor.seed({"Opportunity": {f"d{n}": deal | {"Name": f"d{n}"} for n in range(2_500)}})
        at = datetime.fromisoformat(stamp)
        found = [event async for event in bench.connector.changes(at, at + timedelta(seconds=1))]
        assert len({event.object_id for event in found}) == 2_500
