"""Kantata's projects and staffing: made once, completed when half made, wherever a call dies."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from canonical.errors import UNDECIDED, AnswerLost, Rejected
from canonical.money import Money
from canonical.project import ProjectState, Task
from connectors.kantata.client import connect
from tests.connectors.contract import Bench
from tests.connectors.kantata_firm import (
    KEY,
    WORLD,
    a_bench,
    a_milestone,
    a_need,
    a_phase,
    a_project,
    calls,
    held,
    prepared,
    references,
    settings,
)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with a_bench() as made:
        yield made


async def test_a_project_becomes_what_was_sold(bench: Bench) -> None:
    written = await bench.connector.create_project(a_project(), key=KEY)
    [workspace] = held(bench, "workspaces")
    assert (workspace["start_date"], workspace["due_date"], workspace["price"]) == ("2026-12-01", "2027-05-31", 140001)
    assert (workspace["currency"], workspace["time_trackable"]) == ("EUR", False)
    assert [v["display_value"] for v in held(bench, "custom_field_values")] == ["Data", "DE01"]
    stories = {s["title"]: s for s in held(bench, "stories")}
    assert stories["Workshops"]["time_estimate_in_minutes"] == 2415 and not stories["Travel"]["billable"]
    assert (stories["Design"]["fixed_fee"], stories["Build"]["fixed_fee"]) == (True, False)
    assert {stories["Workshops"]["parent_id"], stories["Travel"]["parent_id"]} <= {
        stories["Design"]["id"],
        stories["Build"]["id"],
    }
    record = await bench.connector.read_project(written.target_id)
    assert (record.reference, record.state, record.value) == ("C-100", ProjectState.PLANNED, Money.of("140000.50", "EUR"))
    assert sorted(record.phases) == ["C-100.L1.P1", "C-100.L2.P1"]
    assert sorted(record.tasks) == [f"C-100.L{n}.P1.T{m}" for n in (1, 2) for m in (1, 2)]
    assert record.milestones == {"C-100.M1": Money.of("60000.50", "EUR"), "C-100.M2": Money.of("80000", "EUR")}
    assert record.url == written.url == f"https://app.mavenlink.com/workspaces/{written.target_id}"


async def test_a_new_project_takes_six_writes_and_is_born_with_its_reference(bench: Bench) -> None:
    await bench.connector.create_project(a_project(), key=KEY)
    expected = [
        "workspace_groups",
        "workspaces",
        "stories",
        "stories",
        "billing_milestones",
        "external_references/create_or_update",
    ]
    assert sorted(calls(bench)) == sorted(f"POST /api/v1/{path}" for path in expected)
    assert calls(bench)[1] == "POST /api/v1/workspaces"


@pytest.mark.parametrize("how", ["lose_answer", "answer", "drop_connection"])
async def test_a_creation_that_dies_anywhere_is_completed_never_repeated(bench: Bench, how: str) -> None:
    await bench.connector.create_project(a_project(), key=KEY)
    whole, six = references(bench), len(calls(bench))
    for number in range(six):
        bench.vendor.reset()
        bench.vendor.seed(WORLD)
        await bench.fault(kind=how, status=None if how == "drop_connection" else 503, skip=number, on={"writes": True})
        with pytest.raises(UNDECIDED):
            await bench.connector.create_project(a_project(), key=KEY)
        if how == "answer" or number + 1 < six:
            assert await bench.connector.find_project("C-100", key=KEY) is None
        made = await bench.connector.create_project(a_project(), key=KEY)
        assert references(bench) == whole, f"died at write {number}"
        assert (len(held(bench, "workspaces")), len(held(bench, "stories")), len(held(bench, "billing_milestones"))) == (1, 8, 2)
        assert await bench.connector.find_project("C-100", key=KEY) == made


async def test_a_project_that_lost_its_reference_is_found_by_its_key(bench: Bench) -> None:
    await bench.fault(kind="partial", quantity=1, status=504, on={"path": r"/workspaces\?", "method": "POST"})
    with pytest.raises(UNDECIDED):
        await bench.connector.create_project(a_project(), key=KEY)
    assert not [r for r in references(bench) if r.startswith("Workspace ")]
    await bench.connector.create_project(a_project("C-100.1"), key="create_project/C-100.1")  # its words are like the other's
    made = await bench.connector.create_project(a_project(), key=KEY)
    assert len(held(bench, "workspaces")) == 2
    assert (await bench.connector.read_project(made.target_id)).reference == "C-100"


async def test_tasks_that_lost_their_reference_are_named_again(bench: Bench) -> None:
    written = await bench.connector.create_project(a_project(), key=KEY)
    whole = references(bench)
    state = bench.vendor.state
    for number in [n for n, r in state["external_references"].items() if r["subject_type"] == "Story"]:
        del state["external_references"][number]
    await bench.connector.add_phases(written.target_id, (a_phase(),), key="add_phases/C-100/2")
    assert references(bench) == whole and len(held(bench, "stories")) == 8


async def test_a_living_project_is_worth_more_and_what_people_wrote_stays(bench: Bench) -> None:
    written = await bench.connector.create_project(a_project(), key=KEY)
    held(bench, "workspaces")[0]["description"] += "\nKick-off on Monday"
    for _ in range(2):
        await bench.connector.change_value(written.target_id, Money.of("120000.40", "EUR"), key="raise_psa_value/C-100/WS-B")
    record, told = await bench.connector.read_project(written.target_id), held(bench, "workspaces")[0]["description"]
    assert (record.value, "Kick-off on Monday" in told, told.count("Contract value: ")) == (Money.of("120000.40", "EUR"), True, 1)
    assert await bench.connector.find_project("C-100", key=KEY), "its key stands there still"


async def test_a_bulk_call_kept_in_part_is_undecided(bench: Bench) -> None:
    await bench.fault(kind="partial", quantity=3, on={"path": "/stories", "method": "POST"})
    with pytest.raises(AnswerLost, match="3 of 4"):
        await bench.connector.create_project(a_project(), key=KEY)
    await bench.connector.create_project(a_project(), key=KEY)
    assert len(held(bench, "stories")) == 8


async def test_an_archived_project_is_opened_again_with_what_is_sold_now(bench: Bench) -> None:
    first = await bench.connector.create_project(a_project(), key=KEY)
    await bench.connector.activate_project(first.target_id, key="activate/C-100")
    await bench.connector.archive_project(first.target_id, "the customer withdrew", key="archive/C-100")
    assert "Withdrawn: the customer withdrew" in held(bench, "workspaces")[0]["description"]
    assert await bench.connector.find_project("C-100", key=KEY) is None
    assert (await bench.connector.read_project(first.target_id)).tasks
    changed = a_project(title="Smaller platform", milestones=(a_milestone(amount="50000"),), value=Money.of("50000", "EUR"))
    again = await bench.connector.create_project(changed, key=KEY)
    record = await bench.connector.read_project(again.target_id)
    assert (again.target_id, record.title, record.value) == (first.target_id, "Smaller platform", Money.of("50000", "EUR"))
    assert record.milestones["C-100.M1"] == Money.of("50000", "EUR")
    assert record.state is ProjectState.PLANNED and not held(bench, "workspaces")[0]["time_trackable"]


async def test_an_unfinished_project_can_be_archived_by_its_reference(bench: Bench) -> None:
    await bench.fault(kind="answer", status=422, times=None, on={"path": "/stories", "method": "POST"})
    with pytest.raises(Rejected):
        await bench.connector.create_project(a_project(), key=KEY)
    assert await bench.connector.archive_unfinished("C-100", "refused", key="archive/C-100")
    assert held(bench, "workspaces")[0]["archived"]
    assert await bench.connector.archive_unfinished("C-999", "never began", key="archive/C-999") is None


async def test_two_projects_of_one_reference_are_a_matter_for_people(bench: Bench) -> None:
    named = {"service_name": "Handoff", "service_model": "Project", "service_model_ref": "C-100"}
    for number in ("61", "62"):
        bench.vendor.seed({"workspaces": {number: {"title": "T", "price": 1}}})
        bench.vendor.seed({"external_references": {f"7{number}": {"subject_type": "Workspace", "subject_id": number, **named}}})
    with pytest.raises(Rejected) as refused:
        await bench.connector.create_project(a_project(), key=KEY)
    assert refused.value.specific_code == "DUPLICATE_PROJECT" and refused.value.evidence["projects"] == "61, 62"


async def test_a_rate_card_of_another_currency_is_noticed(bench: Bench) -> None:
    connector = connect("kantata", settings(bench.url, rate_cards={"EUR": "21"}))
    with pytest.raises(Rejected) as refused:
        await connector.create_project(a_project(), key=KEY)
    assert "sold in EUR" in refused.value.message and refused.value.specific_code == "PROJECT_CURRENCY"
    await connector.aclose()


async def test_customers_share_one_group_however_it_came_to_be(bench: Bench) -> None:
    bench.vendor.seed({"workspace_groups": {"41": {"name": "cust-7", "company": True}}})
    for reference in ("C-100", "C-101"):
        await bench.connector.create_project(a_project(reference), key=f"create_project/{reference}")
    assert len(bench.vendor.state["workspace_groups"]) == 1
    assert {w["primary_workspace_group_id"] for w in held(bench, "workspaces")} == {"41"}


async def test_two_first_projects_of_a_customer_at_once_share_one_group(bench: Bench) -> None:
    await asyncio.gather(
        *(bench.connector.create_project(a_project(r), key=f"create_project/{r}") for r in ("C-100", "C-101", "C-102"))
    )
    assert len(bench.vendor.state["workspace_groups"]) == 1
    assert len({w["primary_workspace_group_id"] for w in held(bench, "workspaces")}) == 1
    assert len(held(bench, "workspaces")) == 3


async def test_more_tasks_than_a_page_or_a_bulk_call_holds(bench: Bench) -> None:
    tasks = tuple(Task(reference=f"C-100.L1.P1.T{n}", title=f"T{n}") for n in range(301))
    project = a_project(phases=(a_phase(tasks=tasks),), milestones=())
    written = await bench.connector.create_project(project, key=KEY)
    assert len((await bench.connector.read_project(written.target_id)).tasks) == 301
    assert await bench.connector.find_phases(written.target_id, project.phases, key="add_phases/C-100/2")


# Staffing.


@pytest.mark.parametrize("how", ["lose_answer", "answer"])
async def test_staffing_that_dies_anywhere_is_completed_never_repeated(bench: Bench, how: str) -> None:
    needs = (a_need(), a_need("C-100.L2.Architect", "Architect"))
    project = await prepared(bench.connector, "C-100")
    before = len(calls(bench))
    await bench.connector.request_staffing(project, needs, key="staff/C-100")
    writes = len(calls(bench)) - before
    assert writes == 8
    for number in range(writes):
        bench.vendor.reset()
        bench.vendor.seed(WORLD)
        project = await prepared(bench.connector, "C-100")
        await bench.fault(kind=how, status=503, skip=number, on={"writes": True})
        with pytest.raises(UNDECIDED):
            await bench.connector.request_staffing(project, needs, key="staff/C-100")
        made = await bench.connector.request_staffing(project, needs, key="staff/C-100")
        sizes = [len(held(bench, plural)) for plural in ("workspace_resources", "workspace_allocations", "resource_requests")]
        assert sizes == [2, 2, 2], f"died at write {number}"
        assert await bench.connector.find_staffing(project, needs, key="staff/C-100") == made
    assert {a["minutes"] for a in held(bench, "workspace_allocations")} == {19_200}


async def test_a_role_nobody_knows_there_is_said_before_anything_is_made(bench: Bench) -> None:
    project = await prepared(bench.connector, "C-100")
    with pytest.raises(Rejected) as refused:
        await bench.connector.request_staffing(project, (a_need(), a_need("N2", "Astrologer")), key="staff/C-100")
    assert "no role 'Astrologer'" in refused.value.message and not held(bench, "workspace_resources")
