"""The records and queries of the simulated NetSuite, checked with the PyPI client ``netsuite`` over TLS."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from netsuite.exceptions import NetsuiteAPIRequestError  # type: ignore[import-untyped]

from sandbox.netsuite import VENDOR
from sandbox.vendor import SimulatedVendor
from tests.sandbox.netsuite_client import HARBOR, WORLD, LocalRest, as_new, refusal, served

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the client's own, of its libraries


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SimulatedVendor, str, Path]]:
    with served(tmp_path_factory.mktemp("netsuite")) as given:
        yield given


@pytest.fixture
def vendor(account: tuple[SimulatedVendor, str, Path]) -> SimulatedVendor:
    return account[0]


@pytest.fixture
def client(account: tuple[SimulatedVendor, str, Path], monkeypatch: pytest.MonkeyPatch) -> LocalRest:
    return as_new(account, monkeypatch)


async def test_put_by_external_id_creates_and_then_changes_the_same_record(client: LocalRest) -> None:
    assert await client.put("/record/v1/customer/eid:CUST-1", json=HARBOR) is None
    first = await client.get("/record/v1/customer/eid:CUST-1")
    assert (first["externalId"], first["subsidiary"]["refName"], first["isInactive"]) == ("CUST-1", "US01", False)
    await client.put("/record/v1/customer/eid:CUST-1", json={"companyName": "Harbor Retail Group"})
    again = await client.get(f"/record/v1/customer/{first['id']}")
    assert (again["id"], again["companyName"]) == (first["id"], "Harbor Retail Group")


async def test_post_answers_204_with_the_address_and_no_body_and_refuses_a_second_one(client: LocalRest) -> None:
    answer = await client.request("POST", "/record/v1/customer", json={**HARBOR, "externalId": "CUST-2"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.get(answer.headers["Location"].partition("/services/rest")[2]))["externalId"] == "CUST-2"
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.post("/record/v1/customer", json={**HARBOR, "externalId": "CUST-2"})
    assert refusal(raised) == (400, "USER_ERROR")


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("customer", {"companyName": "X", "isPerson": False}, "USER_ERROR"),
        ("customer", {"companyName": "X", "subsidiary": {"id": "1"}}, "USER_ERROR"),
        ("customer", {**HARBOR, "subsidiary": {"id": "99"}}, "INVALID_KEY_OR_REF"),
        ("customer", {**HARBOR, "colour": "red"}, "INVALID_CONTENT"),
        ("customer", {**HARBOR, "creditLimit": "many"}, "INVALID_CONTENT"),
        ("job", {"companyName": "P", "parent": {"id": "17"}, "subsidiary": {"id": "2"}}, "INVALID_KEY_OR_REF"),
        ("job", {"companyName": "P", "parent": {"id": "18"}, "subsidiary": {"id": "1"}}, "INVALID_KEY_OR_REF"),
        ("billingSchedule", {"name": "B", "scheduleType": {"id": "4"}}, "USER_ERROR"),
    ],
    ids=["no subsidiary", "a person has a first name", "no such subsidiary", "unknown field", "not a number",
         "another subsidiary than the customer's", "inactive customer", "milestones without a project"],
)  # fmt: skip
async def test_what_the_account_does_not_accept(client: LocalRest, kind: str, body: dict[str, Any], code: str) -> None:
    before = await client.get(f"/record/v1/{kind}")
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.post(f"/record/v1/{kind}", json=body)
    assert refusal(raised) == (400, code)
    assert (await client.get(f"/record/v1/{kind}"))["totalResults"] == before["totalResults"]


async def test_an_unknown_field_is_dropped_in_silence_unless_the_caller_asks_for_errors(client: LocalRest) -> None:
    headers = {"X-NetSuite-PropertyNameValidation": "Warning"}
    await client.put("/record/v1/customer/eid:CUST-3", json={**HARBOR, "colour": "red"}, headers=headers)
    assert "colour" not in await client.get("/record/v1/customer/eid:CUST-3")


async def test_charge_rules_are_for_scripts_and_queries_only(client: LocalRest) -> None:
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.post("/record/v1/chargeRule", json={"name": "R"})
    assert raised.value.status_code == 404
    job = {"companyName": "P", "parent": {"id": "17"}, "subsidiary": {"id": "1"}, "createChargeRule": True}
    await client.put("/record/v1/job/eid:C-9", json=job)
    rules = await client.suiteql("SELECT r.name, j.externalid FROM chargerule r JOIN job j ON r.project = j.id")
    assert rules["items"] == [{"links": [], "name": "P - time", "externalid": "C-9"}]


async def test_a_patch_merges_lines_unless_they_are_replaced(client: LocalRest) -> None:
    book = {"items": [{"label": "Main", "addressBookAddress": {"addr1": "1 Quay", "city": "Boston", "country": {"id": "US"}}}]}
    await client.put("/record/v1/customer/eid:CUST-4", json={**HARBOR, "addressBook": book})
    path = "/record/v1/customer/eid:CUST-4"
    await client.patch(path, json={"addressBook": {"items": [{"label": "Second"}]}})
    await client.patch(path, json={"addressBook": {"items": [{"internalId": 1, "label": "First"}]}})
    found = await client.get(path, params={"expandSubResources": "true"})
    assert [line["label"] for line in found["addressBook"]["items"]] == ["First", "Second"]
    assert found["addressBook"]["items"][0]["addressBookAddress"]["city"] == "Boston"
    await client.patch(path, json={"addressBook": {"items": [{"label": "Only"}]}}, params={"replace": "addressBook"})
    folded = await client.get(path)
    assert list(folded["addressBook"]) == ["links"]
    lines = await client.get(folded["addressBook"]["links"][0]["href"].partition("/services/rest")[2])
    assert [line["label"] for line in lines["items"]] == ["Only"]


async def test_a_project_with_its_tasks_and_milestones(client: LocalRest) -> None:
    job = {
        "companyName": "Rollout", "parent": {"id": "17"}, "subsidiary": {"id": "1"}, "jobBillingType": {"id": "4"},
        "startDate": "2026-07-01", "projectedEndDate": "2026-12-31", "custentity_practice": {"externalId": "ADV"},
    }  # fmt: skip
    await client.put("/record/v1/job/eid:C-100", json=job)
    await client.put("/record/v1/projectTask/eid:C-100-P1", json={"title": "Design", "project": {"externalId": "C-100"}})
    milestones = {
        "items": [{"milestoneAmount": 40_000, "projectTask": {"externalId": "C-100-P1"}}, {"milestoneAmount": 60_000.5}]
    }
    schedule = {"name": "C-100", "scheduleType": {"id": "4"}, "job": {"externalId": "C-100"}, "milestone": milestones}
    await client.put("/record/v1/billingSchedule/eid:C-100", json=schedule)
    await client.patch("/record/v1/job/eid:C-100", json={"billingSchedule": {"externalId": "C-100"}})
    found = await client.get("/record/v1/job/eid:C-100")
    assert (found["custentity_practice"]["refName"], found["billingSchedule"]["refName"]) == ("Advisory", "C-100")
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.delete("/record/v1/job/eid:C-100")
    assert refusal(raised) == (400, "USER_ERROR")


async def test_lists_hold_ids_and_links_and_come_in_pages(client: LocalRest) -> None:
    for number in range(5):
        await client.put(f"/record/v1/customer/eid:N{number}", json={**HARBOR, "companyName": f"Northwind {number}"})
    q = 'companyName START_WITH "Northwind" AND isInactive IS false'
    page = await client.get("/record/v1/customer", params={"q": q, "limit": 2, "offset": 2})
    assert (page["count"], page["totalResults"], page["hasMore"]) == (2, 5, True)
    assert all(set(item) == {"id", "links"} for item in page["items"])
    assert {"first", "previous", "self", "next", "last"} == {link["rel"] for link in page["links"]}
    for wrong in ({"limit": 1001}, {"limit": 2, "offset": 1}, {"q": "colour IS red"}):
        with pytest.raises(NetsuiteAPIRequestError) as raised:
            await client.get("/record/v1/customer", params=wrong)
        assert refusal(raised) == (400, "INVALID_PARAMETER")


async def test_suiteql_joins_pages_and_stops(client: LocalRest, vendor: SimulatedVendor) -> None:
    begun = vendor.now()
    for number in range(5):
        await client.put(f"/record/v1/customer/eid:N{number}", json={**HARBOR, "companyName": f"Northwind {number}"})
    query = (
        "SELECT c.externalid, s.name, BUILTIN.DF(c.subsidiary) AS entity, c.isinactive, c.creditlimit, c.datecreated "
        "FROM customer c JOIN subsidiary s ON c.subsidiary = s.id WHERE c.companyname LIKE 'North%' ORDER BY c.id"
    )
    page = await client.suiteql(query, limit=2, offset=4)
    assert (page["count"], page["totalResults"], page["hasMore"], page["offset"]) == (1, 5, False, 4)
    row = page["items"][0]
    assert (row["externalid"], row["name"], row["entity"], row["isinactive"]) == ("N4", "US01", "US01", "F")
    assert "creditlimit" not in row, "an empty column is left out"
    assert row["datecreated"] in {f"{day.month}/{day.day}/{day.year}" for day in (begun, vendor.now())}
    vendor.seed({"account": {"suiteql_row_limit": 3}})
    assert (await client.suiteql(query, limit=2, offset=2))["items"][0]["externalid"] == "N2"
    assert (await client.suiteql(query, limit=2, offset=2))["hasMore"] is False


async def test_suiteql_follows_changes_names_deletions_and_a_new_world(client: LocalRest, vendor: SimulatedVendor) -> None:
    query = "SELECT companyname, BUILTIN.DF(subsidiary) AS entity FROM customer WHERE isinactive = 'F'"

    async def seen() -> list[tuple[str, str]]:
        return [(row["companyname"], row["entity"]) for row in (await client.suiteql(query))["items"]]

    assert await seen() == [("Harbor", "US01")]
    await client.patch("/record/v1/customer/17", json={"companyName": "Haven"})
    await client.patch("/record/v1/subsidiary/1", json={"name": "US-East"})
    assert await seen() == [("Haven", "US-East")]
    await client.delete("/record/v1/customer/17")
    assert await seen() == []
    vendor.reset()
    vendor.seed(WORLD)
    assert await seen() == [("Harbor", "US01")]


async def test_suiteql_reads_only_and_wants_its_header(client: LocalRest) -> None:
    for wrong in ("DELETE FROM customer", "SELECT colour FROM customer", "SELECT * FROM sqlite_temp_master; DROP TABLE customer"):
        with pytest.raises(NetsuiteAPIRequestError) as raised:
            await client.suiteql(wrong)
        assert refusal(raised) == (400, "INVALID_PARAMETER")
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.post("/query/v1/suiteql", json={"q": "SELECT id FROM customer"})
    assert refusal(raised) == (400, "INVALID_HEADER")


async def test_a_new_record_may_be_invisible_to_searches_but_not_to_reads(client: LocalRest, vendor: SimulatedVendor) -> None:
    fault = {"kind": "invisible", "seconds": 60, "on": {"method": "PUT"}}
    async with httpx.AsyncClient(base_url=f"https://{client.hostname}") as control:
        assert (await control.post("/_sandbox/faults", json=fault)).status_code == 201
        await client.put("/record/v1/customer/eid:LATE", json=HARBOR)
        query = "SELECT id FROM customer WHERE externalid = 'LATE'"
        assert (await client.suiteql(query))["totalResults"] == 0
        assert (await client.get("/record/v1/customer", params={"q": 'externalId IS "LATE"'}))["totalResults"] == 0
        assert (await client.get("/record/v1/customer/eid:LATE"))["companyName"] == "Harbor Retail"
        await control.put("/_sandbox/clock", json={"offset_seconds": 61})
        assert (await client.suiteql(query))["totalResults"] == 1


async def test_the_metadata_catalog_knows_this_accounts_own_fields(client: LocalRest) -> None:
    schema = await client.jsonschema("job")
    assert "externalId" in schema["properties"]["custentity_practice"]["properties"]
    assert schema["properties"]["jobBillingType"]["properties"]["id"]["enum"] == ["1", "2", "3", "4", "5"]


async def test_records_survive_a_restart(tmp_path: Path) -> None:
    before = VENDOR(state_dir=tmp_path)
    before.seed(WORLD)
    before.save()
    after = VENDOR(state_dir=tmp_path)
    assert after.state["records"]["customer"]["17"]["companyName"] == "Harbor"
