"""How the connector talks to NetSuite: collections, jobs, overload, collisions, refusals and pages."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from canonical.errors import Misconfigured, NotReady, PeriodIsClosed, Rejected, Throttled
from canonical.project import Dimensions, Phase, Task
from connectors.netsuite.client import connect
from connectors.netsuite.mapping import customer_body
from sandbox.serve import serving_in_thread
from sandbox.vendor import SimulatedVendor
from tests.connectors.contract import Bench
from tests.connectors.netsuite_world import (
    TERM,
    a_bench,
    a_customer,
    a_customer_id,
    a_project,
    a_project_id,
    a_vendor,
    calls,
    held,
    phases,
    settings,
)
from tests.sandbox.collision import colliding


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[SimulatedVendor, str]]:
    vendor = a_vendor()
    with serving_in_thread(vendor) as url:
        yield vendor, url


@pytest.fixture
async def bench(account: tuple[SimulatedVendor, str]) -> AsyncIterator[Bench]:
    async with a_bench(*account) as given:
        yield given


async def test_many_tasks_go_as_one_collection_request(bench: Bench) -> None:
    customer_id = await a_customer_id(bench.connector)
    project = a_project(phases=phases(2, 60))
    await bench.connector.create_project(project, customer_id, key="create_project/C-100")
    assert len(held(bench.vendor.state, "projectTask")) == 122
    assert [call["path"] for call in calls(bench, "/projectTask", "PUT")].count("/services/rest/record/v1/projectTask") == 2
    assert len(calls(bench, "/projectTask/eid", "PUT")) == 2, "two phases are too few for a job; 120 tasks are two jobs"


async def test_of_a_batch_that_went_in_partly_only_the_rest_is_sent_again(bench: Bench) -> None:
    customer_id = await a_customer_id(bench.connector)
    await bench.fault(kind="partial", quantity=15, on={"path": "/projectTask$", "method": "PUT"})
    await bench.connector.create_project(a_project(phases=phases(1, 20)), customer_id, key="create_project/C-100")
    assert len(held(bench.vendor.state, "projectTask")) == 21
    assert len(calls(bench, "/projectTask/eid:C-100_3AP1__T", "PUT")) == 5


async def test_a_slow_job_is_asked_for_again_and_not_submitted_twice(bench: Bench) -> None:
    customer_id = await a_customer_id(bench.connector)
    bench.vendor.seed({"account": {"job_seconds": 3600}})
    hasty = connect("erp", settings(bench.url, job_patience=timedelta(seconds=0)))
    project = a_project(phases=phases(1, 20))
    for _ in range(2):
        with pytest.raises(NotReady) as waits:
            await hasty.create_project(project, customer_id, key="create_project/C-100")
        assert waits.value.retry_after
    assert len(bench.vendor.state["jobs"]) == 1, "the idempotency key led back to the first job"
    bench.vendor.clock_offset += timedelta(hours=1, seconds=1)
    await hasty.create_project(project, customer_id, key="create_project/C-100")
    assert len(held(bench.vendor.state, "projectTask")) == 21
    await hasty.aclose()


async def test_records_that_are_refused_are_named_each(bench: Bench) -> None:
    customer_id = await a_customer_id(bench.connector)
    long = tuple(Task(reference=f"T{n}", title="" if n in {3, 7} else f"Task {n}", hours=Decimal(1)) for n in range(12))
    wrong = a_project(phases=(Phase(reference="P1", title="Phase", line="L1", period=TERM, tasks=long),))
    with pytest.raises(Rejected) as refused:
        await bench.connector.create_project(wrong, customer_id, key="create_project/C-100")
    assert refused.value.evidence["accepted"] == "10" and "T3" in refused.value.evidence["refused"]
    assert "T7" in refused.value.evidence["refused"] and refused.value.remedy
    assert len(held(bench.vendor.state, "projectTask")) == 11, "the ten good tasks and their phase are kept for the retry"


async def test_a_login_refused_under_overload_is_tried_again_before_settings_are_blamed(bench: Bench) -> None:
    await bench.connector.check()
    bench.vendor.seed({"account": {"used_by_others": 99, "overload_answer": "401"}})
    with pytest.raises(Throttled):
        await bench.connector.check()
    stranger = connect("erp", settings(bench.url))
    with pytest.raises(Misconfigured) as blamed:
        await stranger.check()
    await stranger.aclose()
    assert "Login Audit Trail" in blamed.value.remedy
    assert len(calls(bench, "metadata-catalog")) == 5, "every refused login was signed and sent once more"
    bench.vendor.seed({"account": {"used_by_others": 0}})
    assert await bench.connector.check()


async def test_our_own_calls_stay_within_the_budget_of_the_account(bench: Bench) -> None:
    customer_id = await a_customer_id(bench.connector)
    bench.vendor.seed({"account": {"concurrency_limit": 5, "used_by_others": 2, "call_seconds": 0.02}})
    modest = connect("erp", settings(bench.url, concurrent_calls=3, batch_from=100))
    await modest.create_project(a_project(phases=phases(3, 5)), customer_id, key="create_project/C-100")
    await modest.aclose()
    assert len(held(bench.vendor.state, "projectTask")) == 18
    assert not [call for call in bench.vendor.calls if call["status"] == 429]


async def test_two_writers_on_one_record_both_get_through(bench: Bench) -> None:
    customer_id = await a_customer_id(bench.connector)
    project = await bench.connector.create_project(a_project(phases=()), customer_id, key="create_project/C-100")
    kinds = ({"comments": "one"}, {"jobPrice": Decimal("7.10")})
    account = bench.connector._account
    await colliding(bench.vendor, *(account.change("job", project.target_id, body) for body in kinds))
    stored = bench.vendor.state["records"]["job"][project.target_id]
    assert (stored["comments"], stored["jobPrice"]) == ("one", 7.1)
    assert 400 in {call["status"] for call in calls(bench, "/job/", "PATCH")}


async def test_an_upsert_that_is_repeated_does_not_add_its_lines_again(bench: Bench) -> None:
    body = customer_body(
        a_customer(), subsidiary="1", currency="1", parent=None, key="create_customer/CUST-100", has_suite_tax=True
    )
    ids = [await bench.connector._account.upsert("customer", "CUST-100", body) for _ in range(2)]
    stored = bench.vendor.state["records"]["customer"][ids[0]]
    assert ids[0] == ids[1] and [len(stored[lines]) for lines in ("addressBook", "taxRegistration")] == [1, 1]


async def test_what_the_account_refuses_names_the_field_and_the_remedy(bench: Bench) -> None:
    gone = {"companyName": "Gone", "isPerson": False, "subsidiary": {"id": "1"}, "isInactive": True}
    bench.vendor.seed({"customer": {"50": gone}, "account": {"custom_fields": {"job": {}}}})
    with pytest.raises(Rejected) as refused:
        await bench.connector.create_project(a_project(dimensions=Dimensions()), "50", key="create_project/C-100")
    assert (refused.value.evidence["vendor_code"], refused.value.evidence["field"]) == ("INVALID_KEY_OR_REF", "parent")
    with pytest.raises(Rejected) as refused:
        await bench.connector.create_project(a_project(), await a_customer_id(bench.connector), key="create_project/C-100")
    assert refused.value.evidence["vendor_code"] == "INVALID_CONTENT" and "custentity_handoff" in refused.value.remedy
    with pytest.raises(Misconfigured) as missing:
        await bench.connector.check()
    assert "custentity_handoff_practice" in missing.value.evidence["missing"]
    with pytest.raises(Misconfigured) as unknown:
        await bench.connector.create_customer(a_customer(entity="DE01"), key="create_customer/CUST-100")
    assert "DE01" in unknown.value.remedy


async def test_a_closed_period_is_told_by_its_code(bench: Bench) -> None:
    detail = {"detail": "You cannot change a transaction of a closed period.", "o:errorCode": "CLOSED_TRAN_PRD"}
    body = {"type": "x", "title": "Bad Request", "status": 400, "o:errorDetails": [detail]}
    await bench.fault(kind="answer", status=400, body=body, on={"path": "/customer$", "method": "POST"})
    with pytest.raises(PeriodIsClosed):
        await bench.connector.create_customer(a_customer(), key="create_customer/CUST-100")


async def test_an_answer_without_a_field_that_we_need_names_it(bench: Bench) -> None:
    customer_id = await a_customer_id(bench.connector)
    del bench.vendor.state["records"]["customer"][customer_id]["subsidiary"]
    with pytest.raises(Rejected) as unreadable:
        await bench.connector.find_customer("CUST-1", key="create_customer/CUST-1")
    assert unreadable.value.evidence["field"] == "subsidiary"


async def test_pages_are_walked_to_the_end(bench: Bench) -> None:
    company = {"isPerson": False, "subsidiary": {"id": "1"}, "companyName": "Northwind"}
    bench.vendor.seed({"customer": {str(n): {**company, "externalId": f"N{n}"} for n in range(1, 2_502)}})
    rows = [row async for row in bench.connector._account.query("SELECT id FROM customer ORDER BY id")]
    assert [int(row["id"]) for row in rows] == list(range(1, 2_502))
    assert len(calls(bench, "suiteql")) == 3


async def test_a_find_costs_one_call(bench: Bench) -> None:
    await a_project_id(bench.connector)
    before = len(bench.vendor.calls)
    await bench.connector.find_project("C-1", key="create_project/C-1")
    assert len(bench.vendor.calls) == before + 1
