"""Kantata: the common suite, and what only Kantata does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from activities.ports import ChangeFeed, Psa
from canonical.errors import UNDECIDED, AnswerLost, Malformed, Misconfigured, Rejected, Throttled
from canonical.money import Money
from canonical.period import Period
from canonical.project import BillingTerm, Dimensions, Milestone, Phase, Project, ProjectState, StaffingNeed, Task
from canonical.quote import BillingKind
from canonical.written import Written
from connectors.kantata import mapping
from connectors.kantata.client import Kantata, connect
from connectors.kantata.schemas import Workspace
from connectors.kantata.settings import Settings
from sandbox.kantata.vendor import Kantata as Account
from sandbox.serve import serving
from tests.connectors.contract import Bench, ConnectorContract, WriteCase

TERM = Period.through(date(2026, 12, 1), date(2027, 5, 31))
WORLD: dict[str, Any] = {
    "roles": {"11": {"name": "Senior Consultant"}, "12": {"name": "Architect"}},
    "users": {"2": {"full_name": "Rhea Staff"}},
    "custom_fields": {
        "31": {"name": "Practice", "subject_type": "Workspace"},
        "32": {"name": "Legal entity", "subject_type": "Workspace"},
    },
    "rate_cards": {"21": {"title": "US", "currency": "USD"}},
    "workspaces": {"51": {"title": "A project of somebody else", "price": 10}},
}


def settings(url: str, **more: Any) -> Settings:
    """The account of these tests."""
    given = {
        "base_url": url,
        "token": SecretStr("kantata-sandbox-token"),
        "staffing_approver_ids": ("2",),
        "roles": {"Consultant": "Senior Consultant"},
        "dimension_fields": {"practice": "31", "entity": "32"},
    }
    return Settings.model_validate(given | more)


def a_phase(reference: str = "C-100.L1.P1", **more: Any) -> Phase:
    """A phase with two tasks."""
    tasks = (
        Task(reference=f"{reference}.T1", title="Workshops", role="Consultant", hours=Decimal("40.25")),
        Task(reference=f"{reference}.T2", title="Travel", is_billable=False),
    )
    return Phase(reference=reference, **{"title": "Design", "line": "L1", "period": TERM, "tasks": tasks, **more})


def a_milestone(reference: str = "C-100.M1", amount: str = "60000.50", **more: Any) -> Milestone:
    """A milestone of a fixed-fee line."""
    facts = {"title": "Design accepted", "line": "L1", "amount": Money.of(amount, "EUR"), "due": date(2027, 1, 31), **more}
    return Milestone(reference=reference, **facts)


def a_need(reference: str = "C-100.L2.Consultant", role: str = "Consultant") -> StaffingNeed:
    """A role wanted."""
    return StaffingNeed(reference=reference, role=role, hours=Decimal(320), period=TERM)


def a_project(reference: str = "C-100", **more: Any) -> Project:
    """A project with two phases and two milestones, worth a fraction of a euro more than its whole units."""
    facts: dict[str, Any] = {
        "title": "Data platform",
        "entity": "DE01",
        "customer": "CUST-7",
        "currency": "EUR",
        "period": TERM,
        "value": Money.of("140000.50", "EUR"),
        "phases": (a_phase(f"{reference}.L1.P1"), a_phase(f"{reference}.L2.P1", line="L2", title="Build")),
        "milestones": (
            a_milestone(f"{reference}.M1"),
            a_milestone(f"{reference}.M2", "80000", after=(f"{reference}.M1",), due=None),
        ),
        "billing": (
            BillingTerm(line="L1", kind=BillingKind.FIXED_FEE, amount=Money.of("140000.50", "EUR")),
            BillingTerm(line="L2", kind=BillingKind.TIME_AND_MATERIALS, amount=Money.of("0", "EUR")),
        ),
        "dimensions": Dimensions(practice="Data"),
    }
    return Project(reference=reference, **facts | more)


def titled(state: dict[str, Any], title: str) -> list[dict[str, Any]]:
    """The projects of that title, as the account holds them."""
    return [w for w in state["workspaces"].values() if w["title"] == title]


def an_empty(reference: str) -> Project:
    """A project with nothing in it."""
    return a_project(reference, title=reference, phases=(), milestones=())


async def _prepared(connector: Kantata, reference: str) -> str:
    return (await connector.create_project(an_empty(reference), key=f"create_project/{reference}")).target_id


async def _if_state(connector: Kantata, project_id: str, state: ProjectState) -> Written | None:
    return Written(target_id=project_id) if (await connector.read_project(project_id)).state is state else None


class TestKantata(ConnectorContract):
    reads = r"/workspaces/51"

    def vendor(self) -> Account:
        account = Account()
        account.seed(WORLD)
        return account

    def connect(self, url: str) -> Kantata:
        return connect("kantata", settings(url))

    def connect_badly(self, url: str) -> Kantata:
        return connect("kantata", settings(url, token=SecretStr("nobody")))

    async def read(self, connector: Kantata) -> Any:
        return await connector.read_project("51")

    def cases(self) -> list[WriteCase]:
        key, phases, needs = "create_project/C-100", (a_phase("C-200.L1.P1"),), (a_need("C-300.L2.Consultant"),)
        return [
            WriteCase(
                "project",
                r"/workspaces(\?|$)",
                create=lambda c, _: c.create_project(a_project(), key=key),
                find=lambda c, _: c.find_project("C-100", key=key),
                held=lambda state: len(titled(state, "Data platform")),
                reverse=lambda c, written, _: c.archive_project(written.target_id, "test", key=key),
                is_reversed=lambda state: all(w["archived"] for w in titled(state, "Data platform")),
                method="POST",
            ),
            WriteCase(
                "phases",
                r"/stories",
                create=lambda c, project: c.add_phases(project, phases, key="add_phases/C-200/2"),
                find=lambda c, project: c.find_phases(project, phases, key="add_phases/C-200/2"),
                held=lambda state: sum(r["service_model_ref"] == "C-200.L1.P1" for r in state["external_references"].values()),
                prepare=lambda c: _prepared(c, "C-200"),
                method="POST",
            ),
            WriteCase(
                "staffing",
                r"/workspace_resources",
                create=lambda c, project: c.request_staffing(project, needs, key="staff/C-300"),
                find=lambda c, project: c.find_staffing(project, needs, key="staff/C-300"),
                held=lambda state: len(state["workspace_resources"]),
                prepare=lambda c: _prepared(c, "C-300"),
                method="POST",
            ),
            WriteCase(
                "activation",
                r"/workspaces/\d+",
                create=lambda c, project: c.activate_project(project, key="activate/C-400"),
                find=lambda c, project: _if_state(c, project, ProjectState.ACTIVE),
                held=lambda state: sum(w["status_key"] == 310 for w in titled(state, "C-400")),
                prepare=lambda c: _prepared(c, "C-400"),
                method="PUT",
            ),
            WriteCase(
                "archive",
                r"/workspaces/\d+",
                create=lambda c, project: c.archive_project(project, "test", key="archive/C-500"),
                find=lambda c, project: _if_state(c, project, ProjectState.ARCHIVED),
                held=lambda state: sum(w["archived"] for w in titled(state, "C-500")),
                prepare=lambda c: _prepared(c, "C-500"),
                method="PUT",
            ),
        ]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    account = Account()
    account.seed(WORLD)
    async with serving(account) as server:
        connector = connect("kantata", settings(server.url))
        yield Bench(connector, account, server.url)
        await connector.aclose()


KEY = "create_project/C-100"


def held(bench: Bench, plural: str) -> list[dict[str, Any]]:
    """What the account holds of a type, oldest first."""
    return [r for r in bench.vendor.state[plural].values() if int(r["id"]) > 10_000_000]


def references(bench: Bench) -> list[str]:
    """Every reference of ours there, sorted."""
    return sorted(f"{r['subject_type']} {r['service_model_ref']}" for r in bench.vendor.state["external_references"].values())


def calls(bench: Bench) -> list[str]:
    """The calls that wrote something."""
    return [f"{c['method']} {c['path'].partition('?')[0]}" for c in bench.vendor.calls if c["method"] != "GET"]


def test_the_connector_is_a_psa_and_a_change_feed() -> None:
    connector = connect("kantata", settings("http://127.0.0.1:1"))
    psa: Psa = connector
    feed: ChangeFeed = connector
    assert isinstance(psa, Psa) and isinstance(feed, ChangeFeed)


@pytest.mark.parametrize("url", ["http://api.mavenlink.com", "ftp://localhost"])
def test_an_unencrypted_address_is_refused_with_the_field(url: str) -> None:
    with pytest.raises(ValidationError, match="base_url must begin with https"):
        settings(url)


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


@pytest.mark.parametrize(("headers", "pause"), [({}, 15), ({"Retry-After": "7"}, 7)])
async def test_a_429_names_no_time_so_we_take_our_own(bench: Bench, headers: dict[str, str], pause: int) -> None:
    await bench.fault(kind="answer", status=429, headers=headers)
    with pytest.raises(Throttled) as throttled:
        await bench.connector.read_project("51")
    assert throttled.value.retry_after == timedelta(seconds=pause)


async def test_a_refusal_names_every_message_and_the_field(bench: Bench) -> None:
    huge = a_project(milestones=(a_milestone(amount="30000000"),))
    with pytest.raises(Rejected) as refused:
        await bench.connector.create_project(huge, key=KEY)
    assert "amount_in_cents must be a 32-bit integer" in refused.value.message
    assert "amount_in_cents" in refused.value.remedy and refused.value.evidence["vendor_code"] == "validation"


async def test_a_missing_field_is_named(bench: Bench) -> None:
    await bench.fault(
        kind="answer",
        status=200,
        body={"count": 1, "results": [{"key": "workspaces", "id": "51"}], "workspaces": {"51": {"id": "51"}}},
    )
    with pytest.raises(Malformed, match=r"Workspace of kantata cannot be read: .*status"):
        await bench.connector.read_project("51")


async def test_an_answer_that_is_no_answer_is_undecided(bench: Bench) -> None:
    await bench.fault(kind="answer", status=200, body="<html>maintenance</html>")
    with pytest.raises(AnswerLost):
        await bench.connector.read_project("51")


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
    project = await _prepared(bench.connector, "C-100")
    before = len(calls(bench))
    await bench.connector.request_staffing(project, needs, key="staff/C-100")
    writes = len(calls(bench)) - before
    assert writes == 8
    for number in range(writes):
        bench.vendor.reset()
        bench.vendor.seed(WORLD)
        project = await _prepared(bench.connector, "C-100")
        await bench.fault(kind=how, status=503, skip=number, on={"writes": True})
        with pytest.raises(UNDECIDED):
            await bench.connector.request_staffing(project, needs, key="staff/C-100")
        made = await bench.connector.request_staffing(project, needs, key="staff/C-100")
        sizes = [len(held(bench, plural)) for plural in ("workspace_resources", "workspace_allocations", "resource_requests")]
        assert sizes == [2, 2, 2], f"died at write {number}"
        assert await bench.connector.find_staffing(project, needs, key="staff/C-100") == made
    assert {a["minutes"] for a in held(bench, "workspace_allocations")} == {19_200}


async def test_a_role_nobody_knows_there_is_said_before_anything_is_made(bench: Bench) -> None:
    project = await _prepared(bench.connector, "C-100")
    with pytest.raises(Rejected) as refused:
        await bench.connector.request_staffing(project, (a_need(), a_need("N2", "Astrologer")), key="staff/C-100")
    assert "no role 'Astrologer'" in refused.value.message and not held(bench, "workspace_resources")


# Opening and closing.


async def test_activation_opens_for_time_and_keeps_the_managers_status(bench: Bench) -> None:
    project = await _prepared(bench.connector, "C-100")
    await bench.connector.activate_project(project, key="activate/C-100")
    workspace = bench.vendor.state["workspaces"][project]
    assert (workspace["status_key"], workspace["time_trackable"]) == (310, True)
    bench.vendor.seed(
        {
            "account": {
                "project_statuses": bench.vendor.state["account"]["project_statuses"]
                | {"401": {"color": "yellow", "message": "On Hold"}}
            }
        }
    )
    workspace["status_key"] = 401
    writes = len(calls(bench))
    await bench.connector.activate_project(project, key="activate/C-100")
    assert (workspace["status_key"], len(calls(bench))) == (401, writes)


async def test_an_archived_project_can_be_activated_again(bench: Bench) -> None:
    project = await _prepared(bench.connector, "C-100")
    await bench.connector.archive_project(project, "too early", key="archive/C-100")
    await bench.connector.activate_project(project, key="activate/C-100")
    assert (await bench.connector.read_project(project)).state is ProjectState.ACTIVE


async def test_archiving_what_is_not_there_is_done_already(bench: Bench) -> None:
    assert (await bench.connector.archive_project("999", "never made", key="archive/C-9")).target_id == "999"
    assert not calls(bench)


# Changes.


async def test_changes_told_twice_and_out_of_order_are_one_event_each(bench: Bench) -> None:
    bench.vendor.seed({"account": {"event_manners": {"lags": [0, 40], "duplicate_every": 1}}})
    since = datetime.now(UTC) - timedelta(seconds=1)
    project = await _prepared(bench.connector, "C-100")
    async with httpx.AsyncClient() as http:
        await http.put(f"{bench.url}/_sandbox/clock", json={"offset_seconds": 60})
    events = [e async for e in bench.connector.changes(since, since + timedelta(minutes=2))]
    own = [e for e in events if e.object_id == project]
    assert len(own) > len({e.event_id for e in own}) >= 1
    assert {(e.object_kind, e.source) for e in own} == {("Workspace", "kantata")}
    late = [e async for e in bench.connector.changes(since + timedelta(seconds=30), since + timedelta(minutes=2))]
    assert own[0].event_id in {e.event_id for e in late}, "what happened early but is told late is not skipped"


async def test_changes_older_than_nine_days_are_not_pretended(bench: Bench) -> None:
    until = datetime.now(UTC)
    with pytest.raises(Rejected, match="nine days"):
        [e async for e in bench.connector.changes(until - timedelta(days=10), until)]


async def test_changes_without_the_paid_addon_are_a_matter_of_settings(bench: Bench) -> None:
    bench.vendor.seed({"account": {"subscribed_events": False}})
    until = datetime.now(UTC)
    with pytest.raises(Misconfigured):
        [e async for e in bench.connector.changes(until - timedelta(days=1), until)]


# Mapping.


def a_workspace(**more: Any) -> Workspace:
    """A project as it comes over the wire."""
    facts = {
        "id": 7,
        "title": "T",
        "archived": False,
        "currency": "EUR",
        "price_in_cents": 100,
        "status": {"color": "gray", "key": 100},
    }
    return Workspace.model_validate(facts | more)


@given(st.decimals(min_value=0, max_value=10_000_000, places=2))
def test_a_value_survives_a_budget_without_cents(amount: Decimal) -> None:
    project = a_project(value=Money.of(amount, "EUR"))
    body = mapping.workspace_body(project, key=KEY, group_id="1", fields=())
    there = a_workspace(description=body["description"], price_in_cents=body["price"] * 100)
    assert mapping.value_of(there) == project.value
    changed = a_workspace(description=body["description"], price_in_cents=body["price"] * 100 + 100)
    assert mapping.value_of(changed) == Money.from_minor_units(body["price"] * 100 + 100, "EUR")


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        ({"status": {"color": "gray", "key": "100"}}, ProjectState.PLANNED),
        ({"status": {"color": "light-green", "key": "200"}}, ProjectState.PLANNED),
        ({"status": {"color": "green", "key": 310}}, ProjectState.ACTIVE),
        ({"status": {"color": "green", "key": 310}, "time_trackable": False}, ProjectState.PLANNED),
        ({"status": {"color": "yellow", "key": "400"}}, ProjectState.ACTIVE),
        ({"status": {"color": "red", "key": "500"}}, ProjectState.ACTIVE),
        ({"status": {"color": "red", "key": 501}}, ProjectState.COMPLETED),
        ({"status": {"color": "blue", "key": "600"}}, ProjectState.COMPLETED),
        ({"status": {"color": "green", "key": "310"}, "archived": True}, ProjectState.ARCHIVED),
    ],
)
def test_colors_and_archiving_say_where_a_project_stands(shown: dict[str, Any], state: ProjectState) -> None:
    assert mapping.state_of(a_workspace(**shown)) is state


@pytest.mark.parametrize(
    ("told", "is_ours"),
    [
        ("Handoff key: create_project/C-100", True),
        ("x\nHandoff key: create_project/C-100\ny", True),
        ("Handoff key: create_project/C-1001", False),
        (None, False),
    ],
)
def test_only_the_whole_key_counts(told: str | None, is_ours: bool) -> None:
    assert mapping.carries_key(a_workspace(description=told), KEY) is is_ours
