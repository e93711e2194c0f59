"""The simulated NetSuite, checked with the PyPI client ``netsuite`` over TLS and with plain calls for what that client leaves out."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Generator
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx as httpx_of_the_client
import httpx2 as httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwk, jwt
from netsuite import Config, NetSuiteRestApi, TokenAuth
from netsuite.exceptions import NetsuiteAPIRequestError

from sandbox.netsuite import VENDOR
from sandbox.serve import serving
from sandbox.tls import certificate
from sandbox.vendor import SimulatedVendor

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the client's own, of its libraries
ACCOUNT = "TSTDRV4242_SB1"
KEYS = {"consumer_key": "ck", "consumer_secret": "cs", "token_id": "ti", "token_secret": "ts"}
COLLECTION = "application/vnd.oracle.resource+json; type=collection"
ASYNC = {"Prefer": "respond-async"}
WORLD: dict[str, Any] = {
    "account": {"id": ACCOUNT, "tba": [KEYS], "custom_fields": {"job": {"custentity_practice": "classification"}}},
    "currency": {"1": {"name": "US Dollar", "symbol": "USD"}},
    "subsidiary": {
        "1": {"externalId": "US01", "name": "US01", "currency": {"id": "1"}},
        "2": {"externalId": "UK01", "name": "UK01", "currency": {"id": "1"}},
    },
    "classification": {"7": {"externalId": "ADV", "name": "Advisory"}},
    "customer": {
        "17": {"entityId": "C-17", "companyName": "Harbor", "isPerson": False, "subsidiary": {"id": "1"}, "balance": 120.5},
        "18": {"entityId": "C-18", "companyName": "Gone", "isPerson": False, "subsidiary": {"id": "1"}, "isInactive": True},
    },
}
HARBOR = {"companyName": "Harbor Retail", "isPerson": False, "subsidiary": {"id": "1"}}


class AuthlibSignature(httpx_of_the_client.Auth):
    """Authlib's own signature in the client's httpx: where both are installed, Authlib chooses httpx2 and the client the older one."""

    requires_request_body = True

    def __init__(self, signer: Any) -> None:
        self._signer = signer

    def auth_flow(self, request: httpx_of_the_client.Request) -> Generator[httpx_of_the_client.Request, Any, None]:
        given = {"Content-Type": request.headers.get("Content-Type", "")}
        _, headers, _ = self._signer.prepare(request.method, str(request.url), given, request.content)
        request.headers["Authorization"] = headers["Authorization"]
        yield request


class LocalRest(NetSuiteRestApi):
    """Other people's client, told where the account is."""

    def __init__(self, config: Config, host: str) -> None:
        super().__init__(config)
        self._host = host

    @cached_property
    def hostname(self) -> str:
        return self._host

    def _make_auth(self) -> AuthlibSignature:
        return AuthlibSignature(super()._make_auth())


def a_client(host: str, **keys: str) -> LocalRest:
    return LocalRest(Config(account=ACCOUNT, auth=TokenAuth(**{**KEYS, **keys})), host)


@pytest.fixture
def vendor() -> SimulatedVendor:
    made = VENDOR()
    made.seed(WORLD)
    return made


@pytest.fixture
async def client(vendor: SimulatedVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LocalRest]:
    chain, key, authority = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    async with serving(vendor, certificate=(chain, key)) as server:
        yield a_client(server.url.removeprefix("https://"))


def refusal(raised: pytest.ExceptionInfo[NetsuiteAPIRequestError]) -> tuple[int, str]:
    body = json.loads(raised.value.response_text)
    return raised.value.status_code, body["o:errorDetails"][0]["o:errorCode"]


async def job_of(client: LocalRest, answer: Any) -> dict[str, Any]:
    """The finished job that an asynchronous call was told of."""
    found: dict[str, Any] = await client.get(answer.headers["Location"].removeprefix("/services/rest"))
    assert found["completed"] is True
    return found


async def test_a_signed_call_is_let_in_and_a_badly_signed_one_is_not(client: LocalRest) -> None:
    assert (await client.get("/record/v1/customer/17"))["companyName"] == "Harbor"
    for wrong in ({"token_secret": "no"}, {"consumer_key": "no"}):
        with pytest.raises(NetsuiteAPIRequestError) as raised:
            await a_client(client.hostname, **wrong).get("/record/v1/customer/17")
        assert refusal(raised) == (401, "INVALID_LOGIN")


async def test_the_realm_must_be_the_account_in_its_own_spelling(client: LocalRest) -> None:
    other = LocalRest(Config(account="tstdrv4242-sb1", auth=TokenAuth(**KEYS)), client.hostname)
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await other.get("/record/v1/customer/17")
    assert refusal(raised) == (401, "INVALID_LOGIN")


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
    today = vendor.now()
    assert row["datecreated"] == f"{today.month}/{today.day}/{today.year}"
    vendor.seed({"account": {"suiteql_row_limit": 3}})
    assert (await client.suiteql(query, limit=2, offset=2))["items"][0]["externalid"] == "N2"
    assert (await client.suiteql(query, limit=2, offset=2))["hasMore"] is False


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


async def test_the_idempotency_key_counts_for_asynchronous_calls_only(client: LocalRest) -> None:
    key = {"X-NetSuite-Idempotency-Key": str(uuid.uuid4())}
    for _ in range(2):
        await client.post("/record/v1/customer", json=HARBOR, headers=key)
    assert (await client.get("/record/v1/customer", params={"q": 'companyName IS "Harbor Retail"'}))["totalResults"] == 2
    first = await client.request("POST", "/record/v1/customer", json={**HARBOR, "externalId": "A1"}, headers={**key, **ASYNC})
    assert (first.status_code, first.headers["Preference-Applied"]) == (202, "respond-async")
    again = await client.request("POST", "/record/v1/customer", json={**HARBOR, "externalId": "A1"}, headers={**key, **ASYNC})
    assert (again.status_code, again.headers["Location"]) == (400, first.headers["Location"])
    assert again.json()["o:errorDetails"][0]["o:errorCode"] == "IDEMPOTENCY_ERROR"
    job = await job_of(client, first)
    result = await client.request("GET", f"/async/v1/job/{job['id']}/task/1/result")
    assert (await client.get(result.headers["Location"].partition("/services/rest")[2]))["externalId"] == "A1"


async def test_a_job_is_pending_until_it_is_done(client: LocalRest, vendor: SimulatedVendor) -> None:
    vendor.seed({"account": {"job_seconds": 30}})
    answer = await client.request("POST", "/record/v1/customer", json={**HARBOR, "externalId": "A2"}, headers=ASYNC)
    path = answer.headers["Location"].removeprefix("/services/rest")
    assert (await client.get(path))["progress"] == "pending"
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.get("/record/v1/customer/eid:A2")
    assert refusal(raised) == (404, "NONEXISTENT_ID")
    vendor.clock_offset += vendor.clock_offset.resolution * 31_000_000
    assert (await client.get(path))["progress"] == "succeeded"
    assert (await client.get("/record/v1/customer/eid:A2"))["externalId"] == "A2"


async def test_a_collection_request_answers_for_each_record(client: LocalRest) -> None:
    items = [{**HARBOR, "externalId": "B1"}, {"externalId": "B2", "companyName": "No entity", "isPerson": False}]
    headers = {**ASYNC, "Content-Type": COLLECTION}
    answer = await client.request("PUT", "/record/v1/customer", json={"items": items}, headers=headers)
    job = await job_of(client, answer)
    assert job["progress"] == "failed"
    tasks = await client.get(f"/async/v1/job/{job['id']}/task/")
    assert tasks["totalResults"] == 2
    assert (await client.request("GET", f"/async/v1/job/{job['id']}/task/1/result")).status_code == 204
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.get(f"/async/v1/job/{job['id']}/task/2/result")
    assert refusal(raised) == (400, "USER_ERROR")
    gone = await client.request("DELETE", "/record/v1/customer", params={"ids": "eid:B1,eid:B9"}, headers=ASYNC)
    assert (await job_of(client, gone))["progress"] == "failed"
    with pytest.raises(NetsuiteAPIRequestError):
        await client.get("/record/v1/customer/eid:B1")


@pytest.mark.parametrize(
    ("count", "headers", "status"),
    [(101, {**ASYNC, "Content-Type": COLLECTION}, 400), (1, {"Content-Type": COLLECTION}, 400), (1, ASYNC, 415)],
    ids=["101 records", "not asynchronous", "another content type"],
)
async def test_a_collection_request_has_its_form(client: LocalRest, count: int, headers: dict[str, str], status: int) -> None:
    items = [{**HARBOR, "externalId": f"X{n}"} for n in range(count)]
    answer = await client.request("PUT", "/record/v1/customer", json={"items": items}, headers=headers)
    assert answer.status_code == status
    assert (await client.get("/record/v1/customer", params={"q": 'externalId START_WITH "X"'}))["totalResults"] == 0


async def test_a_batch_of_which_only_a_part_is_committed(client: LocalRest) -> None:
    async with httpx.AsyncClient(base_url=f"https://{client.hostname}") as control:
        await control.post("/_sandbox/faults", json={"kind": "partial", "quantity": 2, "on": {"method": "PUT"}})
    items = [{**HARBOR, "externalId": f"P{n}"} for n in range(3)]
    answer = await client.request(
        "PUT", "/record/v1/customer", json={"items": items}, headers={**ASYNC, "Content-Type": COLLECTION}
    )
    assert (await job_of(client, answer))["progress"] == "failed"
    assert (await client.get("/record/v1/customer", params={"q": 'externalId START_WITH "P"'}))["totalResults"] == 2


async def test_more_calls_at_once_than_the_account_may_have(client: LocalRest, vendor: SimulatedVendor) -> None:
    vendor.seed({"account": {"concurrency_limit": 5, "used_by_others": 3, "call_seconds": 0.3}})
    calls = (client.request("PUT", f"/record/v1/customer/eid:T{n}", json=HARBOR) for n in range(6))
    answers = sorted(answer.status_code for answer in await asyncio.gather(*calls))
    assert answers == [204, 204, 429, 429, 429, 429]
    vendor.seed({"account": {"used_by_others": 5, "overload_answer": "401"}})
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.get("/record/v1/customer/17")
    assert refusal(raised) == (401, "INVALID_LOGIN")


async def test_two_writers_collide_on_one_record(client: LocalRest, vendor: SimulatedVendor) -> None:
    vendor.seed({"account": {"call_seconds": 0.3}})
    calls = (client.request("PATCH", "/record/v1/customer/17", json={"phone": str(n)}) for n in range(2))
    answers = sorted(await asyncio.gather(*calls), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [204, 400]
    assert answers[1].json()["o:errorDetails"][0]["o:errorCode"] == "RCRD_HAS_BEEN_CHANGED"


async def test_the_metadata_catalog_knows_this_accounts_own_fields(client: LocalRest) -> None:
    schema = await client.jsonschema("job")
    assert "externalId" in schema["properties"]["custentity_practice"]["properties"]
    assert schema["properties"]["jobBillingType"]["properties"]["id"]["enum"] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("algorithm", ["PS256", "ES256"])
async def test_a_machine_signs_in_with_its_certificate_for_sixty_minutes(algorithm: str) -> None:
    vendor, private = VENDOR(), _private_key(algorithm)
    vendor.seed({**WORLD, "account": {"id": ACCOUNT, "m2m": [_mapping("ci", "kid-1", private)]}})
    async with serving(vendor) as server, httpx.AsyncClient(base_url=server.url) as http:
        answer = await _signed_in(http, private, algorithm, "kid-1", "ci")
        assert (answer.status_code, answer.json()["expires_in"]) == (200, "3600")
        bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert (await http.get("/services/rest/record/v1/customer/17", headers=bearer)).status_code == 200
        await http.put("/_sandbox/clock", json={"offset_seconds": 3601})
        assert (await http.get("/services/rest/record/v1/customer/17", headers=bearer)).status_code == 401
        for other, kid, client_id in (
            (_private_key(algorithm), "kid-1", "ci"),
            (private, "kid-2", "ci"),
            (private, "kid-1", "cj"),
        ):
            assert (await _signed_in(http, other, algorithm, kid, client_id)).status_code == 401


def _private_key(algorithm: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    return rsa.generate_private_key(65537, 2048) if algorithm == "PS256" else ec.generate_private_key(ec.SECP256R1())


def _mapping(client_id: str, certificate_id: str, private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> dict[str, str]:
    encoded = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {"client_id": client_id, "certificate_id": certificate_id, "public_key": encoded.decode()}


async def _signed_in(
    http: httpx.AsyncClient, private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, algorithm: str, kid: str, client_id: str
) -> httpx.Response:
    path = "/services/rest/auth/oauth2/v1/token"
    form = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key = jwk.RSAKey.import_key(form) if algorithm == "PS256" else jwk.ECKey.import_key(form)
    now = int(time.time())
    audience = f"https://tstdrv4242-sb1.suitetalk.api.netsuite.com{path}"
    claims = {"iss": client_id, "scope": ["rest_webservices"], "aud": audience, "iat": now, "exp": now + 300}
    assertion = jwt.encode({"alg": algorithm, "kid": kid}, claims, key, algorithms=[algorithm])
    grant = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
    return await http.post(path, data=grant)


async def test_records_survive_a_restart(tmp_path: Path) -> None:
    before = VENDOR(state_dir=tmp_path)
    before.seed(WORLD)
    before.save()
    after = VENDOR(state_dir=tmp_path)
    assert after.state["records"]["customer"]["17"]["companyName"] == "Harbor"
