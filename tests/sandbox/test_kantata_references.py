"""The simulated Kantata behaves as its official API documentation says: staffing, external references, faults, events."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.kantata.vendor import Kantata
from tests.sandbox.kantata_api import REFERENCE, WORLD, Api, ids, serving_kantata


@pytest.fixture(scope="module")
def server() -> Iterator[Api]:
    yield from serving_kantata()


@pytest.fixture
def api(server: Api) -> Api:
    server.begin()
    return server


# Staffing.


def test_unnamed_resources_need_a_role_and_show_only_when_asked_for(api: Api) -> None:
    project = api.project()
    assert (
        api.post("workspace_resources", {"workspace_resource": {"workspace_id": project}}, 422)["errors"][0]["field"] == "role_id"
    )
    resource = api.made("workspace_resources", "workspace_resource", workspace_id=project, role_id=11)
    assert ids(api.get("workspace_resources", workspace_id=project)) == []
    shown = api.get("workspace_resources", workspace_id=project, include_unnamed="true")["workspace_resources"][resource]
    assert (shown["role_name"], shown["workspace_id"]) == ("Consultant", int(project))
    assert ids(api.get("workspace_resources", only_unnamed="true")) == [resource]


def test_an_allocation_of_an_unnamed_resource_is_soft(api: Api) -> None:
    resource = api.made("workspace_resources", "workspace_resource", workspace_id=api.project(), role_id=11)
    plan = {"resource_id": resource, "start_date": "2026-12-01", "end_date": "2027-01-31", "minutes": 4800}
    assert (
        api.post("workspace_allocations", {"workspace_allocation": {**plan, "hard": True}}, 422)["errors"][0]["field"] == "hard"
    )
    made = api.made("workspace_allocations", "workspace_allocation", **plan)
    assert (
        api.get("workspace_allocations", include="workspace_resource")["workspace_allocations"][made]["workspace_resource_id"]
        == resource
    )


def test_a_resource_request_needs_an_approver_and_may_make_its_resource(api: Api) -> None:
    project = api.project()
    wish = {"resource_workspace_id": project, "resource_role_id": 11}
    assert api.post("resource_requests", {"resource_request": wish}, 422)["errors"][0]["field"] == "approver_ids"
    request = api.made("resource_requests", "resource_request", **wish, approver_ids=[2])
    page = api.get("resource_requests", pending_requests_only="true", include="resource,approvers")
    assert page["resource_requests"][request]["status"] == "new"
    assert page["workspace_resources"][page["resource_requests"][request]["resource_id"]]["role_name"] == "Consultant"
    assert page["users"]["2"]["full_name"] == "Rhea Staff"


# External references.


def test_a_record_may_be_made_with_its_external_reference_and_is_found_by_it(api: Api) -> None:
    project = api.project(external_reference=REFERENCE)
    found = api.get(
        "external_references",
        subject_type="Workspace",
        service_name="Handoff",
        service_model="Project",
        service_model_ref="C-100",
        include="subject",
    )
    [reference] = ids(found)
    assert found["external_references"][reference]["subject_id"] == int(project)
    assert found["external_references"][reference]["subject_ref"] == {"key": "workspaces", "id": project}
    assert found["workspaces"][project]["title"] == "A project"
    assert ids(api.get("workspaces", external_reference_service_model_refs="C-99,C-100")) == [project]
    assert ids(api.get("workspaces", without_external_reference_service_name="Handoff")) == []
    assert api.get("workspaces", 400, external_reference_service_model_ref="C-100")["errors"], "documented as an integer"
    assert api.get("external_references", 400, service_name="Handoff")["errors"][0]["field"] == "subject_type"


def test_nothing_keeps_two_records_from_the_same_reference(api: Api) -> None:
    first, second = api.project(external_reference=REFERENCE), api.project(external_reference=REFERENCE)
    assert set(ids(api.get("workspaces", external_reference_service_model_refs="C-100"))) == {first, second}


def test_create_or_update_keeps_one_reference_a_service_and_record(api: Api) -> None:
    project = api.project()
    body = {**REFERENCE, "subject_type": "Workspace", "subject_id": project}
    [made] = ids(api.post("external_references/create_or_update", {"external_reference": body}))
    [again] = ids(
        api.post("external_references/create_or_update", {"external_reference": {**body, "service_model_ref": "C-101"}})
    )
    assert made == again
    assert ids(api.get("workspaces", external_reference_service_model_refs="C-100")) == []
    assert ids(api.get("workspaces", external_reference_service_model_refs="C-101")) == [project]
    second = api.put(f"workspaces/{project}", {"workspace": {"external_reference": REFERENCE}}, 422)
    assert second["errors"][0]["field"] == "service_name"
    assert api.http.delete(f"external_references/{made}").status_code == 204
    assert ids(api.get("workspaces", external_reference_service_model_refs="C-101")) == []
    assert api.post("external_references/create_or_update", {"external_reference": {**body, "subject_id": 1}}, 404)


# Faults.


def test_what_is_invisible_is_found_later_but_shown_at_its_address(api: Api) -> None:
    api.fault(kind="invisible", seconds=60, on={"method": "POST"})
    project = api.project(external_reference=REFERENCE)
    query: dict[str, Any] = {"subject_type": "Workspace", "service_model_ref": "C-100"}
    assert ids(api.get("external_references", **query)) == ids(api.get("workspaces", only=project)) == []
    assert api.get(f"workspaces/{project}")["results"]
    api.move_clock(61)
    assert len(ids(api.get("external_references", **query))) == 1 and ids(api.get("workspaces")) == [project]


def test_a_partial_write_keeps_the_first_or_loses_the_reference(api: Api) -> None:
    api.fault(kind="partial", quantity=1, status=504, on={"path": "workspaces"})
    lost = api.http.post("workspaces", json={"workspace": {"title": "T", "price": 1, "external_reference": REFERENCE}})
    assert lost.status_code == 504
    [project] = ids(api.get("workspaces"))
    assert not api.vendor.state["external_references"]
    api.fault(kind="partial", quantity=2, on={"path": "stories"})
    kept = api.post("stories", {"stories": [{"workspace_id": project, "title": f"T{n}"} for n in range(5)]})
    assert len(kept["results"]) == len(ids(api.get("stories"))) == 2
    api.fault(kind="partial", quantity=0, on={"path": "workspaces"})
    assert api.post("workspaces", {"workspace": {"title": "T", "price": 1}})["results"] == []


def test_a_lost_answer_was_carried_out(api: Api) -> None:
    api.fault(kind="lose_answer", on={"path": "workspaces"})
    assert api.http.post("workspaces", json={"workspace": {"title": "T", "price": 1}}).status_code == 504
    assert len(ids(api.get("workspaces"))) == 1


# Events.


def test_events_are_kept_nine_days_unordered_and_sometimes_twice(api: Api) -> None:
    api.vendor.seed({"account": {"event_manners": {"lags": [40, 0], "duplicate_every": 2}}})
    first, second = api.project(), api.project()
    assert [e["subject_id"] for e in api.get("subscribed_events")["subscribed_events"].values()] == [second, second]
    api.move_clock(41)
    page = api.get("subscribed_events", event_types="workspace:created,story:created", order="created_at:asc", include="subject")
    events = [page["subscribed_events"][n] for n in ids(page)]
    assert [e["subject_id"] for e in events] == [second, second, first], "created_at is not the order of the changes"
    assert events[2]["subject_changed_at"] < events[2]["created_at"] and page["workspaces"][first]["title"] == "A project"
    since = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
    assert len(ids(api.get("subscribed_events", created_after=since))) == 1
    api.move_clock(timedelta(days=9, seconds=60).total_seconds())
    assert ids(api.get("subscribed_events")) == []


def test_events_are_for_administrators_of_paying_accounts(api: Api) -> None:
    assert api.http.get("subscribed_events", headers={"Authorization": "Bearer a-lead"}).status_code == 403
    api.vendor.seed({"account": {"subscribed_events": False}})
    assert api.get("subscribed_events", 403)["errors"][0]["type"] == "system"


def test_the_account_survives_a_restart(api: Api, tmp_path: Any) -> None:
    vendor = Kantata(state_dir=tmp_path)
    vendor.seed(WORLD | {"workspaces": {"51": {"title": "Old", "archived": True, "budgeted": False}}})
    vendor.save()
    assert Kantata(state_dir=tmp_path).state == vendor.state
