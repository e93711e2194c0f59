"""The simulated Workday behaves as the service's own description says, to SOAP clients that others wrote and in plain XML."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2 as httpx
import pytest
from lxml import etree  # type: ignore[import-untyped]
from zeep import Client, Settings
from zeep.exceptions import Fault
from zeep.plugins import HistoryPlugin
from zeep.wsse.username import UsernameToken

from tests.sandbox.workday_tenant import CONTRACT, NO_CONTRACT, SOAP, WD, Tenant, schema, serving_workday

EVERYBODY = "<wd:Request_Criteria><wd:Exclude_Inactive_Workers>0</wd:Exclude_Inactive_Workers></wd:Request_Criteria>"
GROUPS = ("Reference", "Personal_Information", "Employment_Information", "Compensation", "Organizations", "Transaction_Log_Data")
described = pytest.mark.skipif(not CONTRACT.exists(), reason=NO_CONTRACT)


@pytest.fixture(scope="module")
def server() -> Iterator[Tenant]:
    yield from serving_workday()


@pytest.fixture
def tenant(server: Tenant) -> Tenant:
    server.begin()
    return server


def as_of(day: str, moment: str = "", page: str = "", count: str = "") -> str:
    told = (("As_Of_Effective_Date", day), ("As_Of_Entry_DateTime", moment), ("Page", page), ("Count", count))
    inside = "".join(f"<wd:{name}>{value}</wd:{name}>" for name, value in told if value)
    return f"<wd:Response_Filter>{inside}</wd:Response_Filter>"


def changed(*kinds: str, **dates: str) -> str:
    given = "".join(f"<wd:{name}>{value}</wd:{name}>" for name, value in dates.items())
    types = "".join(
        f'<wd:Transaction_Type_Reference><wd:ID wd:type="Business_Process_Type">{kind}</wd:ID></wd:Transaction_Type_Reference>'
        for kind in kinds
    )
    types = f"<wd:Transaction_Type_References>{types}</wd:Transaction_Type_References>" if kinds else ""
    return (
        "<wd:Request_Criteria><wd:Transaction_Log_Criteria_Data>"
        f"<wd:Transaction_Date_Range_Data>{given}</wd:Transaction_Date_Range_Data>{types}</wd:Transaction_Log_Criteria_Data>"
        "<wd:Exclude_Inactive_Workers>0</wd:Exclude_Inactive_Workers></wd:Request_Criteria>"
    )


def named(kind: str, value: str, skips: str = "") -> str:
    skipping = f' wd:Skip_Non_Existing_Instances="{skips}"' if skips else ""
    reference = f'<wd:Worker_Reference><wd:ID wd:type="{kind}">{value}</wd:ID></wd:Worker_Reference>'
    return f"<wd:Request_References{skipping}>{reference}</wd:Request_References>"


# Against Workday's own description of the service.


@pytest.fixture(scope="module")
def library() -> Client:
    signed = UsernameToken("ISU_Handoff@firm", "sandbox")  # type: ignore[no-untyped-call]
    return Client(str(CONTRACT), settings=Settings(strict=True, xml_huge_tree=True), wsse=signed)  # type: ignore[no-untyped-call]


def service(library: Client, tenant: Tenant) -> Any:
    binding = "{urn:com.workday/bsvc/Human_Resources}Human_ResourcesBinding"
    return library.create_service(binding, f"{tenant.url}/ccx/service/firm/Human_Resources/v26.1")  # type: ignore[no-untyped-call]


@described
def test_a_strangers_soap_client_reads_workers_and_both_messages_are_valid(tenant: Tenant, library: Client) -> None:
    seen = HistoryPlugin()  # type: ignore[no-untyped-call]
    library.plugins[:] = [seen]
    dates = {"Effective_From": "2020-01-01T00:00:00Z", "Effective_Through": "2027-01-01T00:00:00Z"}
    answer = service(library, tenant).Get_Workers(
        Request_Criteria={
            "Transaction_Log_Criteria_Data": [{"Transaction_Date_Range_Data": dates}],
            "Exclude_Inactive_Workers": False,
        },
        Response_Filter={"As_Of_Effective_Date": "2026-06-03", "Page": 1, "Count": 999},
        Response_Group={f"Include_{group}": True for group in GROUPS},
    )
    priya = answer.Response_Data.Worker[0].Worker_Data
    summary = priya.Compensation_Data.Employee_Compensation_Summary_Data.Summary_Data_in_Hourly_Frequency
    assert (summary.Total_Base_Pay, summary.Currency_Reference.ID[1]._value_1) == (Decimal(78), "EUR")
    lines = [entry.Transaction_Log_Data for entry in priya.Transaction_Log_Entry_Data.Transaction_Log_Entry]
    assert [line.Transaction_Log_Description for line in lines] == ["Hire Employee", "Transfer Employee"]
    assert answer.Response_Results.Total_Results == 4
    rules = schema()
    messages: list[Any] = [seen.last_sent, seen.last_received]
    for message in messages:
        rules.assertValid(etree.fromstring(etree.tostring(message["envelope"].find(SOAP + "Body")[0])))


@described
def test_a_refusal_is_a_described_fault(tenant: Tenant, library: Client) -> None:
    library.plugins[:] = []
    with pytest.raises(Fault) as refused:
        service(library, tenant).Get_Workers(
            Request_References={"Worker_Reference": [{"ID": [{"type": "Employee_ID", "_value_1": "99999"}]}]}
        )
    assert refused.value.code == "SOAP-ENV:Client.validationError"
    detail = refused.value.detail[0]
    schema().assertValid(etree.fromstring(etree.tostring(detail)))
    assert "'99999' is not a valid ID value for type = 'Employee_ID'" in detail.findtext(f"{WD}Validation_Error/{WD}Message")


# Who may call.


def test_a_wrong_password_or_tenant_is_an_authentication_fault(tenant: Tenant) -> None:
    assert tenant.names()
    tenant.password = "guessed"
    assert tenant.fault() == "invalid username or password"
    tenant.user, tenant.password = "ISU_Handoff@other", "sandbox"
    assert tenant.fault() == "invalid username or password"
    assert tenant.fault(head="") == "invalid username or password"


def test_a_refresh_token_gives_an_access_token_for_an_hour(tenant: Tenant) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "workday-refresh"}
    url = f"{tenant.url}/ccx/oauth2/firm/token"
    answer = httpx.post(url, data=form, auth=("workday-client", "sandbox")).json()
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    assert (answer["token_type"], answer["refresh_token"]) == ("Bearer", "workday-refresh")
    assert tenant.call(head="", headers=bearer).status_code == 200
    tenant.vendor.clock_offset = timedelta(hours=1, seconds=1)
    assert tenant.call(head="", headers=bearer).status_code == 401
    assert httpx.post(url, data=form, auth=("workday-client", "guessed")).status_code == 401
    assert httpx.post(url, data=form | {"refresh_token": "x"}, auth=("workday-client", "sandbox")).json() == {
        "error": "invalid_grant"
    }


def test_what_is_outside_the_users_domains_is_left_out_silently(tenant: Tenant) -> None:
    assert tenant.found().find(f".//{WD}Compensation_Data") is not None
    tenant.vendor.seed({"users": {"ISU_Handoff": {"password": "sandbox", "hidden": ["Compensation_Data"]}}})
    assert tenant.found().find(f".//{WD}Compensation_Data") is None


# Effective dates and entry moments.


def test_an_answer_is_what_holds_on_one_day(tenant: Tenant) -> None:
    for day, company, job_since, pay in (("2026-05-15", "UK01", "2024-01-08", "62"), ("2026-05-16", "DE01", "2026-05-16", "78")):
        found = tenant.found(named("Employee_ID", "21001") + as_of(day))
        assert found.findtext(f".//{WD}Organization_Data/{WD}Organization_Reference_ID") == company
        assert found.find(f".//{WD}Position_Data").get(WD + "Effective_Date") == job_since
        assert found.findtext(f".//{WD}Summary_Data_in_Hourly_Frequency/{WD}Total_Base_Pay") == pay


def test_an_answer_is_what_was_known_at_one_moment(tenant: Tenant) -> None:
    before = named("Employee_ID", "21001") + as_of("2026-06-03", "2026-04-20T09:59:59+00:00")
    assert tenant.found(before).findtext(f".//{WD}Organization_Data/{WD}Organization_Reference_ID") == "UK01"


def test_leavers_and_future_hires_are_there_only_when_asked_for(tenant: Tenant) -> None:
    assert tenant.names(as_of("2026-06-03")) == ["21001", "C-7"]
    assert tenant.names(EVERYBODY + as_of("2026-06-03")) == ["21001", "21002", "C-7"]
    assert tenant.names(EVERYBODY + as_of("2026-03-31")) == ["21001", "21002", "C-7"]
    assert tenant.names(as_of("2026-03-31")) == ["21001", "21002", "C-7"], "the last day is a working day"
    assert tenant.names(EVERYBODY + as_of("2026-07-01")) == ["21001", "21002", "21003", "C-7"]


def test_a_page_shifts_when_the_entry_moment_is_not_kept(tenant: Tenant) -> None:
    moment = datetime.now(UTC).isoformat()
    first = tenant.names(EVERYBODY + as_of("2026-06-03", moment, "1", "2"))
    early = {"type": "Hire Employee", "effective": "2020-01-01", "entered": tenant.vendor.now().isoformat()}
    tenant.vendor.seed({"workers": {"10000": {"transactions": [early]}}})
    assert (first, tenant.names(EVERYBODY + as_of("2026-06-03", moment, "2", "2"))) == (["21001", "21002"], ["C-7"])
    assert tenant.names(EVERYBODY + as_of("2026-06-03", "", "2", "2")) == ["21002", "C-7"]


# The transaction log.


def test_changes_are_found_by_entry_and_by_effect(tenant: Tenant) -> None:
    asked = {"Updated_From": "2026-04-01T00:00:00Z", "Updated_Through": "2026-05-31T00:00:00Z"}
    assert tenant.names(changed(**asked)) == ["21001", "21003"]
    assert tenant.names(changed("Hire Employee", **asked)) == ["21003"]
    effect = {"Effective_From": "2026-03-01T00:00:00Z", "Effective_Through": "2026-04-30T00:00:00Z"}
    assert tenant.names(changed(**effect)) == ["21002"]
    both = tenant.found(
        changed(**asked)
        + "<wd:Response_Group><wd:Include_Transaction_Log_Data>1</wd:Include_Transaction_Log_Data></wd:Response_Group>"
    )
    moments = [each.text for each in both.iter(WD + "Transaction_Effective_Moment")]
    assert moments == ["2026-05-16T00:00:00.000-08:00", "2026-07-01T00:00:00.000-08:00"]


def test_a_rescinded_hire_is_gone_but_its_rescind_is_a_change(tenant: Tenant) -> None:
    hire = tenant.vendor.state["workers"]["21003"]["transactions"][0]
    hire["rescinded"] = "2026-05-20T10:00:00+00:00"
    assert "21003" not in tenant.names(EVERYBODY + as_of("2026-07-01"))
    since = {"Updated_From": "2026-05-20T00:00:00Z", "Updated_Through": "2026-05-21T00:00:00Z"}
    found = tenant.found(changed(**since) + as_of("2026-07-01"))
    assert found.findtext(f".//{WD}Worker_Status_Data/{WD}Active") == "0"
    assert found.find(f".//{WD}Hire_Date") is None and found.find(f".//{WD}Position_Data") is None
    assert tenant.names(changed("Hire Employee", **since)) == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (changed(Updated_From="2026-01-01T00:00:00Z"), "both are Required!"),
        (changed(Effective_Through="2026-01-01T00:00:00Z"), "both are Required!"),
        (
            changed(Updated_From="2026-02-01T00:00:00Z", Updated_Through="2026-01-01T00:00:00Z"),
            "less than or equal to Updated Through!",
        ),
        (changed(Updated_From="2026-01-01T00:00:00Z", Updated_Through="2999-01-01T00:00:00Z"), "equal to Current Moment!"),
        (as_of("2026-06-03", count="1000"), "between 1 and 999"),
        (named("Employee_ID", "C-7"), "'C-7' is not a valid ID value for type = 'Employee_ID'"),
        (named("Universal_ID", "1"), "Invalid ID type"),
    ],
)
def test_a_broken_rule_is_a_validation_fault(tenant: Tenant, asked: str, said: str) -> None:
    assert said in tenant.fault(asked)


def test_one_worker_has_several_ids(tenant: Tenant) -> None:
    ids = {
        each.get(WD + "type"): each.text
        for each in tenant.found(named("Contingent_Worker_ID", "C-7")).find(f".//{WD}Worker/{WD}Worker_Reference")
    }
    assert tenant.names(named("WID", ids["WID"])) == [ids["Contingent_Worker_ID"]]
    assert tenant.names(named("WID", "0" * 32, skips="true")) == []


def test_a_document_type_is_refused(tenant: Tenant) -> None:
    bomb = b'<!DOCTYPE e [<!ENTITY a "aaaa">]><e>&a;</e>'
    answer = httpx.post(f"{tenant.url}/ccx/service/firm/Human_Resources/v26.1", content=bomb)
    assert answer.status_code == 500 and "not a valid SOAP envelope" in answer.text
