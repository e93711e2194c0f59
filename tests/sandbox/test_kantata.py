"""The simulated Kantata behaves as its official API documentation says, over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest

from sandbox.kantata.vendor import Kantata
from sandbox.serve import serving_in_thread

REFERENCE = {"service_name": "Handoff", "service_model": "Project", "service_model_ref": "C-100"}
WORLD: dict[str, Any] = {
    "roles": {"11": {"name": "Consultant"}},
    "users": {"2": {"full_name": "Rhea Staff"}},
    "rate_cards": {"21": {"title": "EMEA 2026", "currency": "EUR"}},
    "custom_fields": {"31": {"name": "Practice", "subject_type": "Workspace", "value_type": "string"}},
    "tokens": {
        "a-lead": {"user_id": "2", "permission": "project_lead"},
        "gone": {"user_id": "2", "permission": "x", "revoked": True},
    },
    "applications": {"app": {"client_secret": "s3", "redirect_uri": "http://localhost/back"}},
}


class Api:
    """The vendor's API as a stranger calls it."""

    def __init__(self, url: str, vendor: Kantata, token: str = "kantata-sandbox-token") -> None:
        self.vendor, self.url = vendor, url
        self.http = httpx.Client(base_url=f"{url}/api/v1/", headers={"Authorization": f"Bearer {token}"})

    def get(self, path: str, status: int = 200, **query: Any) -> dict[str, Any]:
        answer = self.http.get(path, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def post(self, path: str, body: dict[str, Any], status: int = 200, **query: Any) -> dict[str, Any]:
        answer = self.http.post(path, json=body, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def put(self, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
        answer = self.http.put(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def made(self, plural: str, singular: str, **fields: Any) -> str:
        return str(self.post(plural, {singular: fields})["results"][0]["id"])

    def project(self, **fields: Any) -> str:
        return self.made("workspaces", "workspace", **{"title": "A project", "price": 1000, **fields})

    def fault(self, **fault: Any) -> None:
        httpx.post(f"{self.url}/_sandbox/faults", json=fault).raise_for_status()

    def move_clock(self, seconds: float) -> None:
        httpx.put(f"{self.url}/_sandbox/clock", json={"offset_seconds": seconds}).raise_for_status()


@pytest.fixture
def api() -> Iterator[Api]:
    vendor = Kantata()
    vendor.seed(WORLD)
    with serving_in_thread(vendor) as url:
        api = Api(url, vendor)
        yield api
        api.http.close()


def ids(page: dict[str, Any]) -> list[str]:
    return [result["id"] for result in page["results"]]


# Who may call, and how refusals look.


@pytest.mark.parametrize("token", ["nobody", "gone"])
def test_an_unknown_or_revoked_token_is_an_oauth_error(api: Api, token: str) -> None:
    refused = api.http.get("workspaces", headers={"Authorization": f"Bearer {token}"})
    assert refused.status_code == 401
    assert refused.json() == {"errors": [{"type": "oauth", "message": "Invalid OAuth 2 Request"}]}


def test_a_code_is_exchanged_once_for_a_token_that_does_not_expire(api: Api) -> None:
    wanted = {"client_id": "app", "response_type": "code", "redirect_uri": "http://localhost/back"}
    sent_back = httpx.get(f"{api.url}/oauth/authorize", params=wanted)
    code = sent_back.headers["Location"].partition("code=")[2]
    form = {"client_id": "app", "client_secret": "s3", "grant_type": "authorization_code", "code": code}
    token = httpx.post(f"{api.url}/oauth/token", data=form | {"redirect_uri": "http://localhost/back"})
    assert token.json()["token_type"] == "bearer" and "expires_in" not in token.json()
    api.move_clock(400 * 86_400)
    again = httpx.get(f"{api.url}/api/v1/workspaces", headers={"Authorization": f"Bearer {token.json()['access_token']}"})
    assert again.status_code == 200
    assert httpx.post(f"{api.url}/oauth/token", data=form | {"redirect_uri": "http://localhost/back"}).status_code == 400


def test_a_validation_error_names_each_field(api: Api) -> None:
    refused = api.post("workspaces", {"workspace": {"start_date": "1 July", "price": 1}}, 422)["errors"]
    assert {(e["type"], e["field"]) for e in refused} == {("validation", "title"), ("validation", "start_date")}


def test_other_refusals_have_the_same_form(api: Api) -> None:
    assert api.get("workspaces/999", 404)["errors"][0]["type"] == "system"
    assert api.get("nonsense", 404)["errors"]
    assert api.http.post("workspaces", content=b"{").status_code == 400
    assert api.post("workspaces", {"project": {}}, 400)["errors"]
    for status in (403, 429, 503):
        api.fault(kind="answer", status=status)
        refused = api.http.get("workspaces")
        assert (refused.status_code, "Retry-After" in refused.headers) == (status, False)
        assert refused.json()["errors"][0]["message"]


# Lists.


def test_results_give_the_order_and_the_map_mixes_in_associations(api: Api) -> None:
    project = api.project()
    phase = api.made("stories", "story", workspace_id=project, title="Phase")
    task = api.made("stories", "story", workspace_id=project, title="Task", parent_id=phase)
    page = api.get("stories", workspace_id=project, parents_only="true", include="sub_stories,workspace")
    assert page["results"] == [{"key": "stories", "id": phase}]
    assert set(page["stories"]) == {phase, task}
    assert page["stories"][phase]["sub_story_ids"] == [task]
    assert page["workspaces"][project]["title"] == "A project"
    assert (page["count"], page["meta"]["count"]) == (1, 1)


def test_pages_are_of_20_at_most_of_200_and_limit_with_offset_wins(api: Api) -> None:
    project = api.project()
    stories = [{"workspace_id": project, "title": f"T{n}"} for n in range(203)]
    answered = api.post("stories", {"stories": stories})
    made = ids(answered)[::-1]
    assert answered["stories"][made[0]]["title"] == "T0", "answers come newest first, not in the order of the request"
    assert len(api.get("stories")["results"]) == 20
    first = api.get("stories.json", per_page=500, order="created_at:asc")
    assert (len(first["results"]), first["meta"]) == (200, {"count": 203, "page_count": 2, "page_number": 1, "page_size": 200})
    assert ids(api.get("stories", per_page=200, page=2, order="created_at:asc")) == made[200:]
    assert ids(api.get("stories", limit=2, offset=200, page=1, per_page=50, order="created_at:asc")) == made[200:202]


def test_only_order_and_unknown_orders(api: Api) -> None:
    first, second = api.project(title="B"), api.project(title="A")
    assert ids(api.get("workspaces", only=f"{first},999")) == [first]
    assert ids(api.get("workspaces", order="title:asc")) == [second, first]
    assert api.get("workspaces", 400, order="colour:asc")["errors"]
    assert len(api.get("workspaces", no_such_filter="x")["results"]) == 2


def test_times_are_in_the_accounts_zone_and_filter_as_moments(api: Api) -> None:
    project = api.project()
    shown = api.get(f"workspaces/{project}")["workspaces"][project]
    assert shown["created_at"].endswith("-08:00")
    before = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert ids(api.get("workspaces", created_after=before)) == [project]
    assert ids(api.get("workspaces", created_before=before)) == []


# Projects.


def test_a_project_is_priced_in_whole_units_and_shown_in_cents(api: Api) -> None:
    project = api.project(price=257615, currency="EUR")
    shown = api.get(f"workspaces/{project}")["workspaces"][project]
    assert (shown["price_in_cents"], shown["price"], shown["currency"], shown["currency_base_unit"]) == (
        25761500,
        "€257,615",
        "EUR",
        100,
    )
    assert shown["id"] == project and isinstance(project, str)
    assert api.post("workspaces", {"workspace": {"title": "T", "price": 10.5}}, 422)["errors"][0]["field"] == "price"
    assert api.post("workspaces", {"workspace": {"title": "T"}}, 422)["errors"][0]["field"] == "price"
    assert api.post("workspaces", {"workspace": {"title": "T", "price": 21_474_837}}, 422)["errors"][0]["field"] == "price"
    api.post("workspaces", {"workspace": {"title": "T", "budgeted": False}})


def test_a_rate_card_overrules_the_currency_given(api: Api) -> None:
    project = api.project(currency="USD", rate_card_id=21)
    assert api.get(f"workspaces/{project}")["workspaces"][project]["currency"] == "EUR"


def test_archived_projects_and_their_tasks_hide_by_default(api: Api) -> None:
    project = api.project()
    story = api.made("stories", "story", workspace_id=project, title="T")
    api.put(f"workspaces/{project}", {"workspace": {"archived": True}})
    assert ids(api.get("workspaces")) == []
    assert api.get(f"workspaces/{project}", 404)
    assert ids(api.get("workspaces", include_archived="true")) == ids(api.get("workspaces", archived="only")) == [project]
    assert api.get(f"workspaces/{project}", include_archived="true")["workspaces"][project]["archived"] is True
    assert ids(api.get("stories", workspace_id=project)) == []
    assert ids(api.get("stories", workspace_id=project, show_from_archived_workspaces="true")) == [story]
    api.put(f"workspaces/{project}", {"workspace": {"archived": False}})
    assert ids(api.get("workspaces")) == [project]


def test_a_status_is_one_of_the_accounts(api: Api) -> None:
    project = api.project()
    assert api.get(f"workspaces/{project}")["workspaces"][project]["status"]["color"] == "gray"
    moved = api.put(f"workspaces/{project}", {"workspace": {"status_key": 310}})
    assert moved["workspaces"][project]["status"] == {"color": "green", "key": "310", "message": "In Progress"}
    assert api.put(f"workspaces/{project}", {"workspace": {"status_key": 7}}, 422)["errors"][0]["field"] == "status_key"


def test_a_project_has_its_groups_and_custom_fields_only_when_included(api: Api) -> None:
    group = api.made("workspace_groups", "workspace_group", name="Acme GmbH", company=True)
    project = api.project(workspace_group_ids=[int(group)], custom_fields=[{"custom_field_id": 31, "value": "Cloud"}])
    assert "workspace_group_ids" not in api.get(f"workspaces/{project}")["workspaces"][project]
    page = api.get(f"workspaces/{project}", include="workspace_groups,custom_field_values")
    assert page["workspaces"][project]["workspace_group_ids"] == [group]
    assert page["workspace_groups"][group]["name"] == "Acme GmbH"
    assert [v["display_value"] for v in page["custom_field_values"].values()] == ["Cloud"]
    assert ids(api.get("workspaces", by_custom_text_value="(31:Cloud)")) == [project]
    assert ids(api.get("workspaces", by_custom_text_value="31:Data")) == []
    assert api.get("custom_field_values", 400)["errors"][0]["field"] == "subject_type"


def test_a_new_custom_field_value_replaces_the_old_one_under_a_new_id(api: Api) -> None:
    project = api.project()
    value = {"subject_type": "Workspace", "subject_id": project, "custom_field_id": 31}
    first = api.made("custom_field_values", "custom_field_value", **value, value="A")
    second = api.made("custom_field_values", "custom_field_value", **value, value="B")
    assert first != second
    assert ids(api.get("custom_field_values", subject_type="Workspace", with_subject_id=project)) == [second]


def test_group_names_are_unique_whatever_their_case(api: Api) -> None:
    api.made("workspace_groups", "workspace_group", name="Kantata")
    assert api.post("workspace_groups", {"workspace_group": {"name": "kantata"}}, 422)["errors"][0]["field"] == "name"


def test_text_search_finds_words_of_named_fields(api: Api) -> None:
    wanted = api.project(description="Delivery.\nHandoff key: create_project/C-100")
    other = api.project(title="C-100 something else", description="nothing")
    assert ids(api.get("workspaces", search="description:'create_project/C-100'")) == [wanted]
    assert set(ids(api.get("workspaces", search="C-100"))) == {wanted, other}
    assert ids(api.get("workspaces", search="title:'c-1'")) == [other]
    assert ids(api.get("workspaces", matching="a proj")) == [wanted]
    assert api.get("workspaces", 400, search="colour:'red'")["errors"]


# Tasks.


def test_tasks_nest_at_most_four_levels_in_one_project(api: Api) -> None:
    project, parent = api.project(), None
    for _ in range(5):
        parent = api.made("stories", "story", workspace_id=project, title="T", parent_id=parent)
    shown = api.get(f"stories/{parent}")["stories"][parent]
    assert (shown["ancestry_depth"], len(shown["ancestor_ids"]), shown["workspace_id"]) == (4, 4, project)
    deeper = {"workspace_id": project, "title": "T", "parent_id": parent}
    assert api.post("stories", {"story": deeper}, 422)["errors"][0]["field"] == "parent_id"
    elsewhere = {"workspace_id": api.project(), "title": "T", "parent_id": parent}
    assert api.post("stories", {"story": elsewhere}, 422)["errors"][0]["field"] == "parent_id"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("story_type", "phase"),
        ("description", "x" * 1000),
        ("weight", 5),
        ("due_date", "2026-13-01"),
        ("budget_estimate_in_cents", 1.5),
    ],
)
def test_a_task_is_refused_for_what_the_documentation_forbids(api: Api, field: str, value: Any) -> None:
    story = {"workspace_id": api.project(), "title": "T", field: value}
    assert api.post("stories", {"story": story}, 422)["errors"][0]["field"] == field


def test_budgets_need_a_budgeted_project(api: Api) -> None:
    project = api.project(budgeted=False)
    story = {"workspace_id": project, "title": "T", "budget_estimate_in_cents": 100}
    assert api.post("stories", {"story": story}, 422)["errors"][0]["field"] == "budget_estimate_in_cents"


def test_a_bulk_call_is_all_or_nothing_and_limited(api: Api) -> None:
    project = api.project()
    story = {"workspace_id": project, "title": "T", "external_reference": {**REFERENCE, "service_model": "Task"}}
    assert api.post("stories", {"stories": [story, {"workspace_id": 1, "title": "T"}]}, 422)["errors"]
    assert ids(api.get("stories")) == [] and not api.vendor.state["external_references"]
    assert api.post("stories", {"stories": [story] * 301}, 400)["errors"]
    assert len(api.post("stories", {"stories": [story] * 300})["results"]) == 300


def test_a_billing_milestone_upon_completion_needs_its_task(api: Api) -> None:
    project = api.project()
    story = api.made(
        "stories", "story", workspace_id=project, title="M1", story_type="milestone", due_date="2026-12-01", weight=5
    )
    milestone = {"workspace_id": project, "title": "M1", "amount_in_cents": -100, "billing_type": "upon_completion"}
    assert api.post("billing_milestones", {"billing_milestone": milestone}, 422)["errors"][0]["field"] == "story_id"
    made = api.made("billing_milestones", "billing_milestone", **milestone, story_id=story)
    page = api.get("billing_milestones", workspace_ids=project, include="story")
    assert page["billing_milestones"][made]["story_id"] == story and page["stories"][story]["due_date"] == "2026-12-01"
    assert "story_id" not in api.get(f"billing_milestones/{made}")["billing_milestones"][made]


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
