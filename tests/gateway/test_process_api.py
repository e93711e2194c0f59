"""The process API: who may ask for what, what it refuses and how, and what it shows to whom."""

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from canonical.engagement import EngagementRow, EngagementStatus
from canonical.exception import Case
from canonical.money import Money
from policies.access import WITHHELD
from tests.gateway.house import PEOPLE, House, problem_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOW = datetime(2026, 3, 30, 9, 0, tzinfo=UTC)
SECRET_WORDS = "Acme owes 480,000.00 USD of a limit of 400,000.00 USD"


async def a_case(house: House, code: str = "TAX_ID_MISSING", **changes: Any) -> int:
    facts: dict[str, Any] = {
        "key": f"{code}/{uuid4().hex}",
        "code": code,
        "sentence": "Acme has no tax number.",
        "remedy": "Enter it.",
        "money_amount": Decimal("1000.50"),
        "money_currency": "USD",
        "engagement": "C-100",
        "entity": "US01",
        "owner_role": "tax",
        "due_at": NOW,
    }
    [number] = await house.office.books.cases.open([Case(**{**facts, **changes})])
    return number


# Every permission.

ACCEPTED = {"contract": "C-1", "milestone": "M1", "version": "1", "accepted_on": "2026-04-17", "accepted_by": "pat@acme.example"}
BODIES: dict[str, Any] = {"/v1/acceptances": ACCEPTED}
ASKED: dict[str, tuple[str, str, Any]] = {
    "plan": ("GET", "/v1/handoffs/C-1/plan", None),
    "start": ("POST", "/v1/handoffs", {"contract": "C-1"}),
    "cancel": ("POST", "/v1/handoffs/C-1/cancel", {"reason": "not wanted"}),
    "signal": ("POST", "/v1/handoffs/C-1/changed", None),
    "read": ("GET", "/v1/counts", None),
    "settle": ("POST", "/v1/exceptions/1/approve", None),
    "submit": ("POST", "/v1/acceptances", ACCEPTED),
    "bill": ("POST", "/v1/billing/C-1/runs", {"through": "2026-04-30"}),
    "reconcile": ("POST", "/v1/reconciliations", {"entity": "XX99"}),
}
READS = ["/v1/engagements", "/v1/engagements/C-1", "/v1/engagements/C-1/trace", "/v1/exceptions", "/v1/exceptions/1",
         "/v1/reconciliations", "/v1/reconciliations/1", "/v1/discrepancies"]  # fmt: skip


@pytest.mark.parametrize("who", list(PEOPLE))
async def test_each_person_may_do_what_policy_says_and_nothing_else(house: House, who: str) -> None:
    access = house.office.policies.access.on(NOW.date())
    for permission, (method, path, body) in ASKED.items():
        answer = await house.ask(who, method, path, **({"json": body} if body else {}))
        if access.allows(PEOPLE[who], permission):
            assert answer.status_code not in {401, 403} or answer.json().get("code") == "NOT_ALLOWED", (permission, answer.text)
        else:
            assert problem_of(answer, 403)["detail"] == permission
    for path in READS:
        assert ((await house.get(who, path)).status_code == 403) == (who == "stranger")


async def test_every_path_refuses_who_does_not_say_who_it_is(house: House) -> None:
    paths: dict[str, dict[str, Any]] = (await house.http.get("/openapi.json")).json()["paths"]
    asked = 0
    for path, operations in paths.items():
        for method in operations:
            if path.startswith("/v1") or path == "/events":
                content = {
                    "contract": "C-1",
                    "decision": "retry",
                    "to": "x",
                    "until": "2026-01-01T00:00:00Z",
                    "reason": "because",
                    "entity": "US01",
                }
                names = defaultdict(lambda: "C-1", number="1", month="2026-04", line="1")
                url = path.format_map(names) + ("?through=2026-04-30" if path.endswith("/preview") else "")
                sent = BODIES.get(path, content) if method == "post" else None
                answer = await house.http.request(method, url, json=sent)
                if answer.status_code != 400:  # what cannot be read is refused before anybody asks who sent it
                    problem_of(answer, 401)
                    asked += 1
    assert asked >= 25


# What cannot be read, is not there, or contradicts.


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/handoffs", b"{", ""),
        ("/v1/handoffs", b"[" * 100_000, ""),
        ("/v1/handoffs", b"{}", "contract"),
        ("/v1/handoffs", b'{"contract": "C/100"}', "contract"),
        ("/v1/handoffs", b'{"contract": "\\u0000"}', "contract"),
        ("/v1/handoffs", b'{"contract": "\\ud800"}', "contract"),
        ("/v1/handoffs/C-1/cancel", b'{"reason": ""}', "reason"),
        ("/v1/handoffs/C-1/cancel", b'{"reason": "a\\u0000b"}', "reason"),
        ("/v1/handoffs/C%2F1/cancel", b'{"reason": "because"}', None),
        ("/v1/exceptions/0/settle", b'{"decision": "retry"}', "number"),
        ("/v1/exceptions/99999999999999999999/settle", b'{"decision": "retry"}', "number"),
        ("/v1/exceptions/1/settle", b'{"decision": "forget"}', "decision"),
        ("/v1/exceptions/1/snooze", b'{"until": "2026-04-01T00:00:00"}', "until"),
        ("/v1/exceptions/1/assign", b'{"to": ""}', "to"),
        ("/v1/reconciliations", b'{"entity": "US01", "as_of": "2026-04-01T00:00:00"}', "as_of"),
    ],
)
async def test_what_cannot_be_read_is_refused_with_its_field(house: House, path: str, body: bytes, field: str | None) -> None:
    answer = await house.ask("fin", "POST", path, content=body, headers={"Content-Type": "application/json"})
    if field is None:
        problem_of(answer, 404)
    else:
        assert problem_of(answer, 400).get("field", "").endswith(field)


async def test_an_oversized_body_is_refused_here_too(house: House) -> None:
    answer = await house.post("fin", "/v1/handoffs", {"contract": "C" * 1_000_100})
    problem_of(answer, 413)

    async def chunks() -> Any:
        for _ in range(20):
            yield b" " * 65_536

    problem_of(await house.ask("fin", "POST", "/v1/handoffs", content=chunks()), 413)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/engagements/C-404",
        "/v1/engagements/C-404/trace",
        "/v1/exceptions/404404",
        "/v1/reconciliations/404404",
        "/v1/nothing",
    ],
)
async def test_what_is_not_there_is_a_problem_document(house: House, path: str) -> None:
    problem_of(await house.get("fin", path), 404)


async def test_a_wrong_method_is_a_problem_document_that_names_the_right_one(house: House) -> None:
    answer = await house.ask("fin", "DELETE", "/v1/counts")
    problem_of(answer, 405)
    assert answer.headers["allow"] == "GET"


async def test_without_the_engine_what_needs_it_says_so(house: House) -> None:
    answer = await house.get("fin", "/v1/handoffs/C-1/plan")
    assert "Temporal" in problem_of(answer, 503)["title"] and int(answer.headers["retry-after"]) >= 1


async def test_a_handoff_that_is_not_running_cannot_be_withdrawn(whole_house: House) -> None:
    await whole_house.office.books.engagements.update(EngagementRow(reference="C-41", status=EngagementStatus.ACTIVE, version=1))
    for path, body in (("cancel", {"reason": "not wanted"}), ("changed", None)):
        said = problem_of(await whole_house.post("fin", f"/v1/handoffs/C-41/{path}", body), 409)
        assert said["code"] == "MOVE_REFUSED" and "C-41" in said["title"]


# Asking.


async def test_asking_with_the_same_idempotency_key_asks_once(house: House) -> None:
    asked = {"json": {"contract": "C-55"}, "headers": {"Idempotency-Key": uuid4().hex}}
    first, again = [(await house.ask("fin", "POST", "/v1/handoffs", **asked)) for _ in range(2)]
    assert (first.status_code, first.json()["is_new"], again.json()["is_new"]) == (202, True, False)
    other = await house.post("fin", "/v1/handoffs", {"contract": "C-55"})
    assert other.json()["is_new"] is True
    story = [noted.entry for noted in await house.office.books.audit.story("C-55")]
    assert {(entry.action, entry.origin.actor) for entry in story} == {("start", PEOPLE["fin"])}


# Settling over HTTP.


async def test_a_small_exception_is_settled_by_its_owner(whole_house: House) -> None:
    number = await a_case(whole_house)
    settled = await whole_house.post("tessa", f"/v1/exceptions/{number}/settle", {"decision": "retry"})
    assert settled.json() == {"number": number, "state": "settled", "decision": "retry", "needs_approval_by": ""}
    said = problem_of(await whole_house.post("tessa", f"/v1/exceptions/{number}/settle", {"decision": "retry"}), 409)
    assert "settled" in said["title"]


async def test_above_the_threshold_two_people_decide(whole_house: House) -> None:
    number = await a_case(whole_house, money_amount=Decimal("50000.01"))
    path, asked = f"/v1/exceptions/{number}", {"decision": "override", "reason": "exempt, letter of 3 March"}
    proposed = (await whole_house.post("fin", f"{path}/settle", asked)).json()
    assert (proposed["state"], proposed["needs_approval_by"]) == ("proposed", "controller")
    problem_of(await whole_house.post("fin", f"{path}/approve"), 403)
    problem_of(await whole_house.post("tessa", f"{path}/decline", {"reason": "no letter"}), 403)
    declined = (await whole_house.post("cora", f"{path}/decline", {"reason": "no letter"})).json()
    assert declined["state"] == "open"
    await whole_house.post("cora", f"{path}/settle", asked)
    assert problem_of(await whole_house.post("cora", f"{path}/approve"), 409)["code"] == "SAME_PAIR_OF_EYES"


async def test_somebody_elses_exception_is_not_settled(whole_house: House) -> None:
    number = await a_case(whole_house)
    said = problem_of(await whole_house.post("dana", f"/v1/exceptions/{number}/settle", {"decision": "retry"}), 403)
    assert said["code"] == "NOT_ALLOWED" and "tax" in said["title"]


async def test_a_decision_that_policy_does_not_offer_is_refused_with_those_it_does(whole_house: House) -> None:
    number = await a_case(whole_house, "LEGAL_ENTITY_UNKNOWN")
    said = problem_of(
        await whole_house.post("fin", f"/v1/exceptions/{number}/settle", {"decision": "override", "reason": "x"}), 422
    )
    assert "retry, reject" in said["remedy"]


async def test_assigning_and_snoozing_show_in_the_queue(house: House) -> None:
    number = await a_case(house)
    assert (await house.post("cora", f"/v1/exceptions/{number}/assign", {"to": "tessa"})).json()["assignee"] == "tessa"
    rested = await house.post("cora", f"/v1/exceptions/{number}/snooze", {"until": "2999-01-01T00:00:00+01:00"})
    assert rested.json()["snoozed_until"].startswith("2998-12-31T23:00:00")
    listed = (await house.get("fin", "/v1/exceptions", params={"limit": 1000})).json()
    assert number not in [case["number"] for case in listed]


# What is withheld from whom.


async def test_what_a_credit_exception_says_is_seen_only_by_roles_that_see_credit(house: House) -> None:
    contract = f"C-{uuid4().hex[:6]}"
    evidence = {"exposure": "480,000.00", "limit": "400,000.00"}
    number = await a_case(house, "CREDIT_LIMIT", sentence=SECRET_WORDS, evidence=evidence, engagement=contract)
    value = Money.of("289000", "USD")
    await house.office.books.engagements.update(
        EngagementRow(reference=contract, status=EngagementStatus.WAITING, note=SECRET_WORDS, value=value)
    )
    paths = [
        f"/v1/exceptions/{number}",
        "/v1/exceptions?limit=1000",
        f"/v1/engagements/{contract}",
        "/v1/engagements?limit=1000",
        f"/v1/engagements/{contract}/trace",
    ]
    for path in paths:
        assert SECRET_WORDS in (await house.get("fin", path)).text, path
        hidden = await house.get("sam", path)
        assert hidden.status_code == 200 and "480,000" not in hidden.text and WITHHELD in hidden.text, path
    case = (await house.get("sam", paths[0])).json()
    assert (case["money_amount"], case["evidence"], case["code"]) == (WITHHELD, WITHHELD, "CREDIT_LIMIT")
    assert (await house.get("sam", paths[2])).json()["value"] == {"amount": "289000", "currency": "USD"}
    refused = await house.post("tessa", f"/v1/exceptions/{number}/assign", {"to": "somebody"})
    assert problem_of(refused, 403)["code"] == "NOT_ALLOWED" and SECRET_WORDS not in refused.text


async def test_protected_fields_are_withheld_wherever_they_stand(house: House) -> None:
    number = await a_case(house, "QUOTE_DIFFERS", evidence={"rate": "225.00", "line": "L2"})
    for who, seen in (("sam", "225.00"), ("ines", WITHHELD)):
        assert (await house.get(who, f"/v1/exceptions/{number}")).json()["evidence"] == {"rate": seen, "line": "L2"}


# Billing.


async def test_billing_names_what_it_does_not_know_before_anything_runs(house: House) -> None:
    unknown = {
        ("POST", "/v1/acceptances"): {**ACCEPTED, "contract": "C-NONE"},
        ("POST", "/v1/billing/C-NONE/runs"): {"through": "2026-04-30"},
        ("GET", "/v1/billing/C-NONE/preview?through=2026-04-30"): None,
        ("POST", "/v1/invoices/C-NONE.2026-04/release"): {"reason": "looked at"},
    }
    for (method, path), body in unknown.items():
        answer = await house.ask("fin", method, path, **({"json": body} if body else {}))
        assert problem_of(answer, 404)["remedy"], path
