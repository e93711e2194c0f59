"""Who may call the simulated NetSuite, how many at once, and what it does later."""

import asyncio
import time
import uuid
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import httpx2 as httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwk, jwt
from netsuite import Config, TokenAuth  # type: ignore[import-untyped]
from netsuite.exceptions import NetsuiteAPIRequestError  # type: ignore[import-untyped]

from sandbox.netsuite import VENDOR
from sandbox.serve import serving
from sandbox.vendor import SimulatedVendor
from tests.sandbox.collision import colliding
from tests.sandbox.netsuite_client import (
    ACCOUNT,
    ASYNC,
    COLLECTION,
    HARBOR,
    KEYS,
    WORLD,
    LocalRest,
    a_client,
    as_new,
    job_of,
    refusal,
    served,
)

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
    vendor.seed({"account": {"concurrency_limit": 5, "used_by_others": 3, "call_seconds": 60}})
    calls = [asyncio.create_task(client.request("PUT", f"/record/v1/customer/eid:T{n}", json=HARBOR)) for n in range(6)]
    first = [(await answered).status_code for answered in islice(asyncio.as_completed(calls), 4)]
    vendor.seed({"account": {"call_seconds": 0}})
    answers = sorted(answer.status_code for answer in await asyncio.gather(*calls))
    assert (first, answers) == ([429] * 4, [204, 204, 429, 429, 429, 429])
    vendor.seed({"account": {"used_by_others": 5, "overload_answer": "401"}})
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.get("/record/v1/customer/17")
    assert refusal(raised) == (401, "INVALID_LOGIN")


async def test_two_writers_collide_on_one_record(client: LocalRest, vendor: SimulatedVendor) -> None:
    calls = (client.request("PATCH", "/record/v1/customer/17", json={"phone": str(n)}) for n in range(2))
    answers = sorted(await colliding(vendor, *calls), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [204, 400]
    assert answers[1].json()["o:errorDetails"][0]["o:errorCode"] == "RCRD_HAS_BEEN_CHANGED"


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
