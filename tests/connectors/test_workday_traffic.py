"""Calls to Workday: signing in, faults, hostile answers, the schema of requests; and that pay shows nowhere."""

import logging
import traceback
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import tostring

import httpx2 as httpx
import pytest
from lxml import etree  # type: ignore[import-untyped]
from pydantic import ValidationError

from canonical.errors import AnswerLost, Failure, Malformed, Misconfigured, Rejected, Throttled, Unavailable
from connectors.workday.client import connect
from connectors.workday.envelope import content
from connectors.workday.get_workers import LOG, STATE, AsOf, Changed, by_reference, listing
from sandbox import workday as sandbox
from sandbox.serve import serving
from tests.connectors.contract import Bench
from tests.connectors.workday_world import AS_OF, HIRED, MOVED, SERVICE, everybody, seed, settings, worker
from tests.sandbox.workday_tenant import CONTRACT, NO_CONTRACT, SOAP, WD, schema


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    simulated = sandbox.VENDOR()
    async with serving(simulated) as server:
        connector = connect("workday", settings(server.url, page_size=2))
        yield Bench(connector, simulated, server.url)
        await connector.aclose()


# Signing in, and refusals.


async def test_the_integration_system_user_may_sign_in_itself(bench: Bench) -> None:
    seed(bench, P1=worker(HIRED))
    for password, is_good in (("sandbox", True), ("wrong", False)):
        user = {"kind": "system_user", "username": "ISU_Handoff", "password": password}
        connector = connect("workday", settings(bench.url, credentials=user))
        if is_good:
            assert list(await everybody(connector)) == ["P1"]
        else:
            with pytest.raises(Misconfigured, match="invalid username or password"):
                await connector.check()
        await connector.aclose()


async def test_an_expired_token_is_renewed(bench: Bench) -> None:
    await bench.connector.check()
    bench.vendor.clock_offset = timedelta(hours=2)
    assert await bench.connector.check()
    assert sum("/oauth2/" in call["path"] for call in bench.vendor.calls) == 2


async def test_a_validation_fault_is_refused_for_good(bench: Bench) -> None:
    bench.vendor.clock_offset = -timedelta(days=300)  # their clock is behind the moment that we name
    ahead = Changed(entered=(datetime(2026, 1, 1, tzinfo=UTC), datetime.now(UTC)))
    with pytest.raises(Rejected, match="Updated Through must be less than or equal to Current Moment!") as refused:
        await bench.connector._service.log(ahead, AS_OF, datetime.now(UTC))
    assert not refused.value.retryable
    assert refused.value.evidence["vendor_code"] == "Client.validationError"


async def test_a_processing_fault_is_tried_again(bench: Bench) -> None:
    await bench.fault(kind="answer", status=500, on={"path": SERVICE})
    with pytest.raises(Unavailable, match="could not be processed at this time") as failed:
        await bench.connector.check()
    assert failed.value.retryable
    assert await bench.connector.check()


async def test_a_throttled_call_names_a_pause_of_ours_if_they_name_none(bench: Bench) -> None:
    await bench.fault(kind="answer", status=429, on={"path": SERVICE})
    with pytest.raises(Throttled) as throttled:
        await bench.connector.check()
    assert throttled.value.retry_after == timedelta(seconds=30)


async def test_a_failure_half_way_back_is_one_named_failure(bench: Bench) -> None:
    seed(bench, P1=worker(HIRED, MOVED), P2=worker(HIRED, MOVED | {"effective": "2026-05-20"}))
    await bench.fault(kind="answer", status=503, on={"body": "Request_References"}, times=None)
    with pytest.raises(Unavailable):
        await everybody(bench.connector)


@pytest.mark.parametrize("body", ["<html>gateway</html>", "no XML", '<!DOCTYPE e [<!ENTITY a "b">]><e>&a;</e>'])
async def test_an_answer_that_is_no_soap_counts_as_lost(bench: Bench, body: str) -> None:
    await bench.fault(kind="answer", status=200, body=body, on={"path": SERVICE})
    with pytest.raises(AnswerLost):
        await bench.connector.check()


def test_document_types_and_entities_are_never_read() -> None:
    def soap(inside: str) -> bytes:
        return f'<e:Envelope xmlns:e="{SOAP[1:-1]}"><e:Body>{inside}</e:Body></e:Envelope>'.encode()

    assert content(soap("<a/>")) is not None
    for declared in (b'<!ENTITY x SYSTEM "file:///etc/hostname">', b'<!ENTITY x "grown">', b"<!ELEMENT a ANY>"):
        assert content(b"<!DOCTYPE e [" + declared + b"]>" + soap("<a>&x;</a>" if b"ENTITY" in declared else "<a/>")) is None


# What people earn is nobody's business but the posting's.

SECRETS = ("4711.13", "815.37")


async def fails(bench: Bench, **fault: Any) -> Failure:
    await bench.fault(on={"path": SERVICE, "body": "Include_Personal_Information>true"}, **fault)
    with pytest.raises(Failure) as failed:
        await everybody(bench.connector)
    return failed.value


def shown(failure: Failure) -> str:
    chain = "".join(traceback.format_exception(failure))
    return f"{chain} {failure.message} {failure.remedy} {failure.evidence}"


async def real_answer(bench: Bench) -> str:
    """What the service answers to the listing, pay and all."""
    inside = tostring(listing((), AsOf(AS_OF, None, 1, 9), STATE), encoding="unicode")
    sent = f'<e:Envelope xmlns:e="{SOAP[1:-1]}"><e:Body>{inside}</e:Body></e:Envelope>'
    form = {"grant_type": "refresh_token", "refresh_token": "workday-refresh"}
    async with httpx.AsyncClient(base_url=bench.url) as http:
        token = await http.post("/ccx/oauth2/firm/token", data=form, auth=("workday-client", "sandbox"))
        bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
        answer = await http.post("/ccx/service/firm/Human_Resources/v43.0", content=sent.encode(), headers=bearer)
    assert answer.status_code == 200
    return answer.text


async def test_pay_is_in_no_log_no_error_and_no_evidence(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    contract = HIRED | {"type": "Contract Contingent Worker", "hourly": SECRETS[1]}
    seed(bench, P1=worker(HIRED | {"hourly": SECRETS[0]}, MOVED | {"hourly": SECRETS[0]}), C1=worker(contract, kind="contingent"))
    found = await everybody(bench.connector)
    assert {str(p.hourly_cost.amount) for person in found.values() for p in person.postings if p.hourly_cost} == set(SECRETS)
    shapes = await bench.connector._service.on(AS_OF, [person.source_id for person in found.values()], datetime.now(UTC))
    said = [repr(found), str(found), repr(shapes), repr([each.job and each.job.pay for each in shapes.values()])]
    said.append(await bench.connector.check())
    text = await real_answer(bench)
    assert all(secret in text for secret in SECRETS)
    broken: list[dict[str, Any]] = [
        {"kind": "answer", "status": 500, "body": text},
        {"kind": "answer", "status": 200, "body": text.removesuffix("</env:Envelope>")},
        {"kind": "answer", "status": 200, "body": text.replace("GBP", "XXQ").replace("EUR", "XXQ")},
        {"kind": "answer", "status": 200, "body": text.replace(SECRETS[0], f"{SECRETS[0]} or so")},
        *({"kind": "answer", "status": status, "body": f"pay {SECRETS[0]}"} for status in (200, 400, 500, 502)),
        {"kind": "drop_connection"},
    ]
    said += [shown(await fails(bench, **fault)) for fault in broken]
    said += [record.getMessage() for record in caplog.records]
    assert len(said) > len(broken) + 3, "something was logged"
    assert [text for text in said if any(secret in text for secret in SECRETS)] == []


async def test_pay_that_cannot_be_read_is_refused_by_worker_and_field(bench: Bench) -> None:
    for broken, said in ((HIRED | {"hourly": "6,2"}, "is not a number"), (HIRED | {"currency": "XXQ"}, "no currency")):
        bench.vendor.reset()
        seed(bench, P1=worker(broken))
        with pytest.raises(Malformed, match=f"P1.*{said}"):
            await everybody(bench.connector)


async def test_a_date_that_cannot_be_read_is_named_and_not_shown(bench: Bench) -> None:
    seed(bench, P1=worker(HIRED | {"hourly": SECRETS[0]}, HIRED | {"hourly": SECRETS[1]}))
    text = (await real_answer(bench)).replace("2024-01-08", SECRETS[1])
    failure = await fails(bench, kind="answer", status=200, body=text)
    assert isinstance(failure, Malformed) and SECRETS[1] not in shown(failure)


def test_secrets_are_not_shown_and_addresses_are_encrypted() -> None:
    given = settings("https://wd2-impl-services1.workday.com")
    assert "workday-refresh" not in repr(given) and "sandbox" not in repr(given)
    with pytest.raises(ValidationError, match="https://"):
        settings("http://wd2-impl-services1.workday.com")


# Against Workday's own description of the service.


def requests() -> Iterable[Any]:
    moment = datetime(2026, 6, 3, 9, 30, tzinfo=UTC)
    changes = (
        Changed(entered=(moment - timedelta(days=1), moment)),
        Changed(entered=(moment, moment), effective=(AS_OF, AS_OF), types=("Hire Employee", "Transfer Employee")),
    )
    yield listing((), AsOf(None, None, 1, 1), ("Reference",), only_employees=True)
    yield listing(changes, AsOf(AS_OF, moment, 3, 999), STATE)
    yield listing(changes[1:], AsOf(AS_OF, moment, 1, 200), LOG)
    yield by_reference(["0" * 32, "1" * 32], AsOf(AS_OF, moment, 1, 2), STATE)


@pytest.mark.skipif(not CONTRACT.exists(), reason=NO_CONTRACT)
def test_every_request_is_valid_by_workdays_schema() -> None:
    rules = schema()
    for request in requests():
        assert request.tag == WD + "Get_Workers_Request"
        rules.assertValid(etree.fromstring(tostring(request)))
