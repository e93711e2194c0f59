"""The simulated Kantata behaves as its official API documentation says: callers, lists, projects, tasks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest

from tests.sandbox.kantata_api import REFERENCE, Api, ids, serving_kantata


@pytest.fixture(scope="module")
def server() -> Iterator[Api]:
    yield from serving_kantata()


@pytest.fixture
def api(server: Api) -> Api:
    server.begin()
    return server


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
