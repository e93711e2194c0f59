"""The simulated Kantata's time entries, expenses and submissions behave as its official API documentation says."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2 as httpx
import pytest

from tests.sandbox.kantata_api import Api, ids, serving_kantata

WORLD: dict[str, Any] = {
    "account": {"rates": {"21": {"11": 15_000}}},
    "workspaces": {
        "51": {"title": "Billed", "price": 10, "rate_card_id": "21"},
        "52": {"title": "Free of approvals", "price": 10, "require_time_approvals": False, "currency": "EUR"},
        "53": {"title": "Archived", "price": 10, "archived": True},
    },
    "stories": {"61": {"workspace_id": "51", "title": "Work", "billable": False}},
    "vendors": {"71": {"name": "Sub Ltd"}},
    "attachments": {"81": {"filename": "a.pdf", "url": "https://cdn.example/a.pdf"}},
}
ENTRY = {"workspace_id": "51", "date_performed": "2026-04-30", "time_in_minutes": 90, "user_id": "2", "role_id": "11"}


@pytest.fixture(scope="module")
def server() -> Iterator[Api]:
    yield from serving_kantata()


@pytest.fixture
def api(server: Api) -> Api:
    server.begin()
    account = server.vendor.state["account"] | WORLD["account"]
    server.vendor.seed(WORLD | {"account": account})
    return server


def an_entry(api: Api, **more: Any) -> str:
    return api.made("time_entries", "time_entry", **{**ENTRY, **more})


def a_timesheet(api: Api, *entries: str, **more: Any) -> str:
    body = {"workspace_id": "51", "title": "Week 18", "line_item_ids": [int(e) for e in entries], **more}
    return api.made("timesheet_submissions", "timesheet_submission", **body)


def shown(api: Api, number: str, include: str = "") -> dict[str, Any]:
    return api.get(f"time_entries/{number}", include=include)["time_entries"][number]  # type: ignore[no-any-return]


def resolved(api: Api, sheet: str, action: str, status: int = 200) -> dict[str, Any]:
    answer = api.http.put(f"timesheet_submissions/{sheet}/{action}", json={"resolution": {"description": "so be it"}})
    assert answer.status_code == status, answer.text
    return answer.json()["timesheet_submissions"][sheet] if status == 200 else {}


def test_an_entry_shows_its_associations_only_where_they_are_included(api: Api) -> None:
    number = an_entry(api, story_id=61)
    plain = shown(api, number)
    assert (plain["time_in_minutes"], plain["rate_in_cents"], plain["currency"]) == (90, 15_000, "EUR")
    assert plain["billable"] is False, "its task is not billable"
    assert not {"user_id", "workspace_id", "story_id", "role_id", "recent_submission_id"} & set(plain)
    page = api.get(f"time_entries/{number}", include="user,workspace,story,role,recent_submission")
    full = page["time_entries"][number]
    assert (full["user_id"], full["workspace_id"], full["story_id"], full["role_id"]) == ("2", "51", "61", "11")
    assert full["recent_submission_id"] is None
    assert page["users"]["2"]["full_name"] == "Rhea Staff" and "external_reference_ids" not in page["stories"]["61"]


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        ({"time_in_minutes": 1441}, "time_in_minutes"),
        ({"date_performed": "30 April"}, "date_performed"),
        ({"workspace_id": 53}, "workspace_id"),
        ({"workspace_id": 52, "story_id": 61}, "story_id"),
        ({"role_id": 999}, "role_id"),
    ],
)
def test_an_entry_that_cannot_be_is_refused_with_its_field(api: Api, broken: dict[str, Any], field: str) -> None:
    refused = api.post("time_entries", {"time_entry": ENTRY | broken}, 422)["errors"]
    assert [e["field"] for e in refused] == [field]


def test_an_entry_goes_through_its_approval(api: Api) -> None:
    first, second = an_entry(api), an_entry(api, date_performed="2026-04-29")
    before = shown(api, first)
    sheet = a_timesheet(api, first, second)
    pending = api.get("timesheet_submissions", include="time_entries")["timesheet_submissions"][sheet]
    assert (pending["status"], set(pending["time_entry_ids"])) == ("pending", {first, second})
    assert shown(api, first)["approved"] is False
    decided = resolved(api, sheet, "approve")
    assert (decided["status"], decided["current_resolution_creator_id"]) == ("approved", "1")
    assert decided["current_resolution_created_at_date"]
    after = shown(api, first, "recent_submission,active_submission")
    assert after["approved"] is True and after["recent_submission_id"] == after["active_submission_id"] == sheet
    assert after["updated_at"] == before["updated_at"], "approving changes the submission, not the entry"
    assert set(ids(api.get("time_entries", approved="true"))) == {first, second}
    types = [e["event_type"] for e in api.get("subscribed_events")["subscribed_events"].values()]
    assert {"timesheet_submission:updated", "time_entry:updated"} <= set(types)


def test_a_rejected_or_cancelled_entry_may_be_submitted_again(api: Api) -> None:
    number = an_entry(api)
    first = a_timesheet(api, number)
    refused = {"workspace_id": 51, "title": "Again", "line_item_ids": [int(number)]}
    api.post("timesheet_submissions", {"timesheet_submission": refused}, 422)
    resolved(api, first, "reject")
    assert shown(api, number)["approved"] is False
    second = a_timesheet(api, number)
    assert ids(api.get("time_entries", with_recent_timesheet_ids=first)) == []
    assert ids(api.get("time_entries", with_recent_timesheet_ids=f"{first},{second}")) == [number]
    resolved(api, second, "cancel")
    assert ids(api.get("time_entries", with_timesheet_id=second)) == []
    resolved(api, second, "approve", 422)
    assert ids(api.get("timesheet_submissions", statuses="new")) == []


def test_what_is_submitted_is_locked(api: Api) -> None:
    number, free = an_entry(api), an_entry(api)
    sheet = a_timesheet(api, number)
    api.put(f"time_entries/{number}", {"time_entry": {"time_in_minutes": 30}}, 422)
    assert api.http.delete(f"time_entries/{number}").status_code == 422
    assert api.http.delete("time_entries", params={"ids": f"{free},{number}"}).status_code == 422
    assert shown(api, free), "all of them or none"
    resolved(api, sheet, "cancel")
    assert api.http.delete("time_entries", params={"ids": f"{free},{number}"}).status_code == 204
    api.get(f"time_entries/{number}", 404)
    assert ids(api.get("time_entries")) == []
    gone = [e for e in api.get("subscribed_events")["subscribed_events"].values() if e["event_type"] == "time_entry:deleted"]
    assert {e["subject_id"] for e in gone} == {number, free}


def test_a_project_without_approvals_has_only_approved_time(api: Api) -> None:
    assert shown(api, an_entry(api, workspace_id=52, role_id=None))["approved"] is True


def test_archived_projects_are_left_out_until_asked_for(api: Api) -> None:
    number = an_entry(api)
    api.put("workspaces/51", {"workspace": {"archived": True}})
    assert ids(api.get("time_entries")) == ids(api.get("time_entries", only=number)) == []
    assert ids(api.get("time_entries", from_archived_workspaces="true")) == [number]
    assert shown(api, number)


def test_lists_follow_the_changes(api: Api) -> None:
    numbers = [an_entry(api) for _ in range(5)]
    api.move_clock(60)
    api.put(f"time_entries/{numbers[1]}", {"time_entry": {"notes": "late"}})
    middle = datetime.fromisoformat(shown(api, numbers[1])["updated_at"]).astimezone(UTC)
    wide: dict[str, Any] = {"from_archived_workspaces": "true", "order": "updated_at:asc"}
    assert ids(api.get("time_entries", **wide)) == [numbers[n] for n in (0, 2, 3, 4, 1)]
    assert ids(api.get("time_entries", **wide | {"order": "updated_at:desc"}, per_page=2, page=2)) == [numbers[3], numbers[2]]
    asked = api.get("time_entries", **wide, updated_before=middle.isoformat(), limit=2, offset=2)
    assert (ids(asked), asked["count"]) == ([numbers[3], numbers[4]], 4)
    assert ids(api.get("time_entries", updated_before=middle.isoformat(), order="created_at:asc")) == [
        numbers[n] for n in (0, 2, 3, 4)
    ], "the slow way gives the same"
    assert ids(api.get("time_entries", date_performed_between="2026-05-01:")) == []


def test_the_answer_bears_the_vendors_own_time(api: Api) -> None:
    api.move_clock(86_400 * 400)
    told = parsedate_to_datetime(api.http.get("roles").headers["Date"])
    assert (told - datetime.now(UTC)).days in {399, 400}


# Expenses.

EXPENSE = {"workspace_id": "51", "date": "2026-04-30", "category": "Travel", "amount_in_cents": 12_345, "user_id": "2"}


def test_an_expense_has_no_approved_flag_and_is_not_sorted_by_its_change(api: Api) -> None:
    number = api.made("expenses", "expense", **EXPENSE, billable=False, vendor_id=71, receipt_id=81)
    page = api.get(f"expenses/{number}", include="vendor,receipt,workspace")
    expense = page["expenses"][number]
    assert (expense["amount_in_cents"], expense["is_billable"]) == (12_345, False)
    assert not {"approved", "billable"} & set(expense)
    assert page["vendors"]["71"]["name"] == "Sub Ltd" and page["attachments"]["81"]["url"]
    assert page["workspaces"]["51"]["require_expense_approvals"] is True
    api.get("expenses", 400, order="updated_at:asc")


def test_expense_reports_are_ones_own_until_all_are_asked_for(api: Api) -> None:
    number = api.made("expenses", "expense", **EXPENSE)
    body = {"workspace_id": 51, "title": "April", "line_item_ids": [int(number)], "user_id": 2}
    report = api.made("expense_report_submissions", "expense_report_submission", **body)
    assert ids(api.get("expense_report_submissions")) == []
    assert ids(api.get("expense_report_submissions", all_on_account="true")) == [report]
    assert api.http.put(f"expense_report_submissions/{report}/approve", json={}).status_code == 200
    assert ids(api.get("expenses", approved="true", order="created_at:asc")) == [number]
    api.put("workspaces/51", {"workspace": {"archived": True}})
    assert ids(api.get("expenses")) == [] and ids(api.get("expenses", from_archived_workspaces="true")) == [number]


# A generated month.


def test_a_month_of_a_firm_is_made_from_a_few_words(api: Api) -> None:
    words = {
        "people": 30,
        "projects": 7,
        "days": 10,
        "a_day": 2,
        "first_day": "2026-04-01",
        "changed_from": "2026-05-01T00:00:00+00:00",
        "changed_until": "2026-05-02T00:00:00+00:00",
    }
    httpx.post(f"{api.url}/_sandbox/seed", json={"generated": words}).raise_for_status()
    query: dict[str, Any] = {
        "order": "updated_at:asc",
        "from_archived_workspaces": "true",
        "per_page": 200,
        "include": "recent_submission",
    }
    pages = [api.get("time_entries", **query, page=n) for n in (1, 2, 3)]
    assert pages[0]["count"] == 600 and len({number for page in pages for number in ids(page)}) == 600
    sheets = {e["recent_submission_id"] for page in pages for e in page["time_entries"].values()}
    approved = ids(api.get("timesheet_submissions", statuses="approved", per_page=200))
    assert 0.8 < len(set(approved) & sheets) / len(sheets) < 1
    assert ids(api.get("workspaces", external_reference_service_model_refs="G-3")) == ["300003"]
