"""What NetSuite holds after we wrote to it: customers, projects and schedules, whole, once, and taken back."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from activities.ports import Billing, Customers, ProjectAccounting
from canonical.billing_schedule import BillingTrigger, ScheduledItem
from canonical.errors import Conflict, Rejected
from canonical.project import Phase, ProjectState
from connectors.netsuite.client import NetSuite
from sandbox.serve import serving_in_thread
from sandbox.vendor import SimulatedVendor
from tests.connectors.contract import Bench
from tests.connectors.netsuite_world import (
    DIMENSIONS,
    TERM,
    a_bench,
    a_customer,
    a_customer_id,
    a_project,
    a_project_id,
    a_schedule,
    a_vendor,
    calls,
    held,
    usd,
)


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[SimulatedVendor, str]]:
    vendor = a_vendor()
    with serving_in_thread(vendor) as url:
        yield vendor, url


@pytest.fixture
async def bench(account: tuple[SimulatedVendor, str]) -> AsyncIterator[Bench]:
    async with a_bench(*account) as given:
        yield given


def ports(connector: NetSuite) -> tuple[Customers, ProjectAccounting, Billing]:
    """The type checker holds the connector against its ports here."""
    return connector, connector, connector


async def test_it_satisfies_its_ports_by_shape(bench: Bench) -> None:
    assert isinstance(bench.connector, NetSuite)
    customers, projects, billing = ports(bench.connector)
    assert isinstance(customers, Customers) and isinstance(projects, ProjectAccounting) and isinstance(billing, Billing)


async def test_a_customer_is_written_whole_and_read_back_with_what_it_owes(bench: Bench) -> None:
    written = await bench.connector.create_customer(a_customer(), key="create_customer/CUST-100")
    stored = bench.vendor.state["records"]["customer"][written.target_id]
    assert (stored["isPerson"], stored["creditLimit"], stored["vatRegNumber"]) == (False, 250000.10, "12-3456789")
    assert stored["addressBook"][0]["addressBookAddress"]["city"] == "Boston"
    assert "create_customer/CUST-100" in stored["comments"]
    assert written.url == f"https://tstdrv4242-sb1.app.netsuite.com/app/common/entity/custjob.nl?id={written.target_id}"
    stored.update(balance=1200.20, unbilledOrders=300.05)
    (record,) = await bench.connector.candidates(a_customer())
    assert (record.reference, record.entity, record.country) == ("CUST-100", "US01", "US")
    assert (record.credit_limit, record.exposure) == (usd("250000.10"), usd("1500.25"))


async def test_candidates_are_alike_by_number_name_or_reference_in_any_entity(bench: Bench) -> None:
    company = {"isPerson": False, "subsidiary": {"id": "2"}, "currency": {"id": "2"}}
    bench.vendor.seed(
        {
            "customer": {
                "31": {**company, "companyName": "Somebody's Else", "vatRegNumber": "12-3456789"},
                "32": {**company, "companyName": "HARBOR RETAIL Limited", "isInactive": True},
                "33": {**company, "companyName": "Harbour Bakery"},
                "34": {**company, "companyName": "Renamed", "externalId": "CUST-100"},
            }
        }
    )
    found = await bench.connector.candidates(a_customer())
    assert [record.target_id for record in found] == ["34", "31", "32"]
    assert [record.is_active for record in found] == [True, True, False]
    assert {record.entity for record in found} == {"UK01"}
    assert await bench.connector.candidates(a_customer("X", legal_name="O'Neil 100%", tax_registrations=())) == []


async def test_a_new_customer_is_found_before_searches_see_it(bench: Bench) -> None:
    await bench.fault(kind="invisible", seconds=600, on={"method": "POST", "path": "customer"})
    written = await bench.connector.create_customer(a_customer(), key="create_customer/CUST-100")
    found = await bench.connector.find_customer("CUST-100", key="create_customer/CUST-100")
    assert found and found.target_id == written.target_id
    assert [record.target_id for record in await bench.connector.candidates(a_customer())] == [written.target_id]
    assert bench.connector.declares("customer").visibility_delay == timedelta(0)


async def test_a_customer_has_a_record_of_its_own_in_each_legal_entity(bench: Bench) -> None:
    parent = await bench.connector.create_customer(a_customer("CUST-9"), key="create_customer/CUST-9.US01")
    made = {}
    for entity, currency in (("US01", "USD"), ("UK01", "GBP")):
        key = f"create_customer/CUST-1.{entity}"
        customer = a_customer("CUST-1", entity=entity, currency=currency, credit_limit=None, parent="CUST-9")
        made[entity] = await bench.connector.create_customer(customer, key=key)
        found = await bench.connector.find_customer("CUST-1", key=key)
        assert found and found.target_id == made[entity].target_id
    stored = bench.vendor.state["records"]["customer"]
    assert [stored[made[entity].target_id]["subsidiary"]["id"] for entity in ("US01", "UK01")] == ["1", "2"]
    assert stored[made["US01"].target_id]["parent"] == {"id": parent.target_id}
    assert "parent" not in stored[made["UK01"].target_id], "the parent has no record in that entity"
    records = await bench.connector.candidates(a_customer("CUST-1", entity="UK01", tax_registrations=()))
    assert {record.entity for record in records if record.reference == "CUST-1"} == {"US01", "UK01"}


async def test_a_customer_that_is_there_is_never_overwritten(bench: Bench) -> None:
    theirs = {"companyName": "Harbor (do not touch)", "externalId": "CUST-100", "isPerson": False, "subsidiary": {"id": "1"}}
    bench.vendor.seed({"customer": {"40": theirs}})
    with pytest.raises(Conflict):
        await bench.connector.create_customer(a_customer(), key="create_customer/CUST-100")
    kept = await bench.connector.withdraw_customer("40", "no", key="withdraw_customer/CUST-100")
    assert kept.details == {"kept": "others made it"} and not bench.vendor.state["records"]["customer"]["40"]["isInactive"]
    assert bench.vendor.state["records"]["customer"]["40"]["companyName"] == "Harbor (do not touch)"


async def test_a_customer_whom_others_use_by_now_is_kept(bench: Bench) -> None:
    customer_id = await a_customer_id(bench.connector)
    project = await bench.connector.create_project(a_project(phases=()), customer_id, key="create_project/C-100")
    kept = await bench.connector.withdraw_customer(customer_id, "no", key="withdraw_customer/CUST-1")
    assert kept.details == {"kept": "active projects use it"}
    await bench.connector.withdraw_project(project.target_id, "no", key="withdraw_project/C-100")
    await bench.connector.withdraw_customer(customer_id, "no", key="withdraw_customer/CUST-1")
    assert bench.vendor.state["records"]["customer"][customer_id]["isInactive"]


@pytest.mark.parametrize("reverse", ["withdraw_customer", "withdraw_project", "cancel_schedule"])
async def test_taking_back_what_is_gone_is_done_already(bench: Bench, reverse: str) -> None:
    assert (await getattr(bench.connector, reverse)("999", "no", key=f"{reverse}/X")).target_id == "999"


async def test_a_project_carries_its_dimensions_tasks_and_schedule(bench: Bench) -> None:
    customer_id = await a_customer_id(bench.connector)
    written = await bench.connector.create_project(a_project(), customer_id, key="create_project/C-100")
    await bench.connector.create_schedule(a_schedule(), written.target_id, key="create_schedule/C-100")
    stored = bench.vendor.state["records"]["job"][written.target_id]
    assert [stored[field] for field in DIMENSIONS] == ["Advisory", "East", "over_time", "CC-1"]
    assert (stored["startDate"], stored["projectedEndDate"], stored["jobPrice"]) == ("2026-07-01", "2026-12-31", 100000.3)
    record = await bench.connector.read_project(written.target_id)
    assert (record.reference, record.state, record.value) == ("C-100", ProjectState.ACTIVE, usd("100000.30"))
    assert (record.phases, record.tasks) == (("P1", "P2"), ("P1.T0", "P1.T1", "P2.T0", "P2.T1"))
    assert record.milestones == {"M1": usd("40000.10"), "M2": usd("60000.20")}
    await bench.connector.withdraw_project(written.target_id, "no", key="withdraw_project/C-100")
    assert (await bench.connector.read_project(written.target_id)).state is ProjectState.ARCHIVED


async def test_a_project_half_made_is_not_found_and_then_completed(bench: Bench) -> None:
    customer_id = await a_customer_id(bench.connector)
    await bench.fault(kind="answer", status=503, on={"path": "projectTask/eid:C-100_3AP2__T0"})
    with pytest.raises(Exception, match="503"):
        await bench.connector.create_project(a_project(), customer_id, key="create_project/C-100")
    assert await bench.connector.find_project("C-100", key="create_project/C-100") is None
    before = len(calls(bench, "projectTask/", "PUT"))
    await bench.connector.create_project(a_project(), customer_id, key="create_project/C-100")
    assert len(calls(bench, "projectTask/", "PUT")) == before + 1, "only what was missing is sent"
    assert len(held(bench.vendor.state, "projectTask")) == 6
    assert await bench.connector.find_project("C-100", key="create_project/C-100")


async def test_somebody_elses_project_of_the_same_reference_is_not_taken_over(bench: Bench) -> None:
    customer_id = await a_customer_id(bench.connector)
    await bench.connector.create_project(a_project(title="First"), customer_id, key="create_project/C-100")
    with pytest.raises(Conflict) as refused:
        await bench.connector.create_project(a_project(title="Second"), customer_id, key="create_project/other")
    assert refused.value.remedy
    assert [job["companyName"] for job in held(bench.vendor.state, "job")] == ["First"]


async def test_a_schedule_is_whole_or_not_found(bench: Bench) -> None:
    project_id = await a_project_id(bench.connector)
    await bench.fault(kind="answer", status=502, on={"path": "/job/", "method": "PATCH", "body": "billingSchedule"})
    await bench.fault(kind="answer", status=503, on={"path": "billingSchedule/eid:C-100[?]", "method": "PUT"})
    key = "create_schedule/C-100"
    with pytest.raises(Exception, match="503"):
        await bench.connector.create_schedule(a_schedule(), project_id, key=key)
    assert await bench.connector.find_schedule("C-100", key=key) is None
    with pytest.raises(Exception, match="502"):
        await bench.connector.create_schedule(a_schedule(), project_id, key=key)
    assert len(held(bench.vendor.state, "billingSchedule")) == 2
    assert await bench.connector.find_schedule("C-100", key=key) is None, "the project does not bill by it yet"
    written = await bench.connector.create_schedule(a_schedule(), project_id, key=key)
    assert (written.number, written.details) == ("C-100 1/2", {"records": "2"})
    head, rule = sorted(held(bench.vendor.state, "billingSchedule"), key=lambda record: record["name"])
    assert [line["milestoneAmount"] for line in head["milestone"]] == [40000.1, 60000.2]
    assert (rule["scheduleType"], rule["billForActuals"]) == ({"id": "5"}, True)
    assert held(bench.vendor.state, "job")[0]["billingSchedule"] == {"id": written.target_id}
    await bench.connector.cancel_schedule(written.target_id, "no", key="cancel_schedule/C-100")
    assert all(record["isInactive"] for record in held(bench.vendor.state, "billingSchedule"))
    assert "billingSchedule" not in held(bench.vendor.state, "job")[0]


async def test_a_workstream_that_waited_brings_its_own_phases_and_schedule(bench: Bench) -> None:
    customer_id = await a_customer_id(bench.connector)
    project = await bench.connector.create_project(a_project(), customer_id, key="create_erp_project/C-100")
    first = await bench.connector.create_schedule(a_schedule(), project.target_id, key="create_schedule/C-100")
    key = "create_schedule/C-100/WS-B"
    assert await bench.connector.find_schedule("C-100.WS-B", key=key) is None
    item = ScheduledItem(reference="C-100.M9", line="L9", title="B", trigger=BillingTrigger.ON_SIGNING, amount=usd("500"))
    second = await bench.connector.create_schedule(a_schedule("C-100.WS-B", items=(item,), rules=()), project.target_id, key=key)
    for reference, made in (("C-100", first), ("C-100.WS-B", second)):
        found = await bench.connector.find_schedule(reference, key=key)
        assert found and found.target_id == made.target_id
    more = Phase(reference="C-100.L9.P1", title="Late", line="L9", period=TERM)
    added = await bench.connector.add_phases(project.target_id, (more,), key="add_erp_phases/C-100/WS-B")
    again = await bench.connector.find_phases(project.target_id, (more,), key="add_erp_phases/C-100/WS-B")
    assert again and again.target_id == added.target_id != project.target_id, "each round of phases is a record of its own"
    for _ in range(2):
        await bench.connector.change_value(project.target_id, usd("100500.30"), key="raise_erp_value/C-100/WS-B")
    record = await bench.connector.read_project(project.target_id)
    assert record.value == usd("100500.30")
    assert record.milestones == {"M1": usd("40000.10"), "M2": usd("60000.20"), "C-100.M9": usd("500")}
    assert record.phases == ("P1", "P2", "C-100.L9.P1")
    assert bench.vendor.state["records"]["job"][project.target_id]["billingSchedule"] == {"id": first.target_id}


async def test_a_schedule_without_anything_to_bill_is_refused_here(bench: Bench) -> None:
    with pytest.raises(Rejected, match="neither items nor rules"):
        await bench.connector.create_schedule(a_schedule(items=(), rules=()), "1", key="create_schedule/C-100")


async def test_a_schedule_and_a_project_that_stopped_halfway_are_taken_back(bench: Bench) -> None:
    """Killed between the record and what makes it whole: not found by searches for whole ones, and not left there either."""
    customer_id = await a_customer_id(bench.connector)
    written = await bench.connector.create_project(a_project(), customer_id, key="create_project/C-100")
    made = await bench.connector.create_schedule(a_schedule(), written.target_id, key="create_schedule/C-100")
    records = bench.vendor.state["records"]
    records["job"][written.target_id]["billingSchedule"] = None
    records["job"][written.target_id]["entityStatus"] = {"id": "4"}
    assert await bench.connector.find_schedule("C-100", key="create_schedule/C-100") is None
    assert await bench.connector.find_project("C-100", key="create_project/C-100") is None
    for _ in range(2):
        await bench.connector.cancel_unfinished(a_schedule(), "rejected", key="create_schedule/C-100")
        await bench.connector.withdraw_unfinished("C-100", "rejected", key="create_project/C-100")
    assert records["billingSchedule"][made.target_id]["isInactive"]
    assert records["job"][written.target_id]["isInactive"]
    assert await bench.connector.cancel_unfinished(a_schedule(), "rejected", key="create_schedule/C-100") is None
