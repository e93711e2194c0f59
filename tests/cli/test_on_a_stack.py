"""The commands over a stack that `handoff up` holds: one stack, a contract for each story."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx
import pytest

from rehearsal.beginning import ErpCustomer
from rehearsal.deal import Deal
from rehearsal.systems.docusign import envelope_id
from rehearsal.systems.registry import SYSTEMS
from rehearsal.vendors import Vendors
from rehearsal.world import World
from tests.cli.command import Handoff
from tests.quiet import pause

FINANCE, ENGINEER, TAX = (f"{name}@northwind.example" for name in ("fin.okafor", "ines.integration", "tessa.tax"))
MILESTONE = {"milestone": "M1", "title": "Go-live", "amount": "60,000.00"}
LINES = [
    {"line": "L1", "workstream": "WS-A", "amount": "60,000.00", "milestones": [MILESTONE], "clause": "Exhibit B, 2.1"},
    {"line": "L2", "sells": "advisory", "kind": "time_and_materials", "roles": {"Senior": {"rate": 225, "hours": 200}}},
]


def tax_number(number: str) -> str:
    """A number of its own for each customer: equal ones would be one customer."""
    return f"12-34{number}"


def filled(held: Any) -> Any:
    """A vendor's state without its bookkeeping, and without the empty places that looking leaves behind."""
    if not isinstance(held, dict):
        return held
    inner = {name: filled(value) for name, value in held.items() if not name.startswith("_") and name != "tokens"}
    return {name: value for name, value in inner.items() if value not in ({}, [])}


@dataclass(frozen=True)
class Running:
    """The stack, the commands over it, and the vendors behind it."""

    handoff: Handoff
    said: dict[str, Any]

    def signed(self, contract: str, *, number: str, erp: dict[str, Any] | None = None, **customer: Any) -> None:
        """A contract that is signed, with nobody told of it."""
        party = {"name": f"Customer {number}", "legal_name": f"Customer {number} Inc.", "number": number, "state": "IL"}
        party["tax_number"] = tax_number(number)
        deal = Deal.model_validate({"title": f"Rollout {number}", "customer": {**party, **customer}, "lines": LINES})
        known = {number: ErpCustomer.model_validate({"name": party["legal_name"], **erp})} if erp else {}
        world = World(deals={contract: deal}, erp_customers=known).seeds()
        world["docusign"]["envelopes"][envelope_id(contract)]["status"] = "completed"
        asyncio.run(self._seed(world))

    def change_account(self, number: str, **fields: Any) -> None:
        """Sales operations corrects the customer's account."""
        asyncio.run(self._seed({"salesforce": {"_change": {"Account": {f"account {number}": fields}}}}))

    def records(self) -> dict[str, Any]:
        """All that every vendor holds, but for who is signed in and how often it was called."""
        return asyncio.run(self._records())

    async def _seed(self, world: Any) -> None:
        async with self._vendors() as vendors:
            for name, vendor in vendors.by_name.items():
                await vendor.seed(world.get(name, {}))

    async def _records(self) -> dict[str, Any]:
        async with self._vendors() as vendors:
            states = {name: await vendors[name].state() for name in SYSTEMS}
        return {name: filled(state) for name, state in states.items()}

    def _vendors(self) -> Vendors:
        return Vendors({name: self.said["addresses"][name] for name in SYSTEMS})


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    handoff = Handoff(tmp_path_factory.mktemp("stack") / "state", {})
    with handoff.up() as said:
        pause(handoff.home, [one["id"] for one in handoff("schedules", "list", "--json").json])
        yield Running(handoff, said)


def test_the_key_of_the_first_start_opens_the_process_api_and_so_does_one_issued_later(stack: Running) -> None:
    url = f"{stack.said['addresses']['gateway']}/v1/engagements"
    issued = stack.handoff("keys", "issue", FINANCE, "--json").json["api_key"]
    codes = [
        httpx.get(url, headers={"Authorization": f"Bearer {key}"}, trust_env=False).status_code
        for key in (stack.said["api_key"], issued, "hk_other")
    ]
    assert codes == [200, 200, 401]


def test_the_doctor_finds_all_well(stack: Running) -> None:
    said = stack.handoff("doctor", "--json")
    assert {finding["state"] for finding in said.json} == {"ok"} and said.code == 0, said.out
    assert {"schema", "search attributes", "workers", "gateway"} <= {finding["what"] for finding in said.json}


def test_every_system_gives_a_sign_of_life_and_what_nobody_serves_is_shown(stack: Running) -> None:
    said = stack.handoff("connectors", "check", "--json")
    works = {one["capability"] for one in said.json if one["works"]}
    assert said.code == 0 and {"crm", "quotes", "contracts", "psa", "customers", "billing", "documents"} <= works
    assert "NOT SERVED" in stack.handoff("connectors", "check").out


def test_a_plan_names_every_write_and_makes_none(stack: Running) -> None:
    stack.signed("C-801", number="18001")
    before = stack.records()
    planned = stack.handoff("plan", "C-801", "--json").json
    told = stack.handoff("plan", "C-801")
    assert stack.records() == before and before["docusign"]["envelopes"] and before["netsuite"]["records"]
    effects = {write["what"]: write["effect"] for write in planned["writes"]}
    assert planned["findings"] == [] and "create" in effects.values() and "not served" in effects.values()
    assert "105,000.00 USD" in told.out and "create_psa_project/C-801" in told.out and "handoff start C-801" in told.out


def test_a_handoff_is_started_watched_shown_and_traced_by_any_id(stack: Running) -> None:
    stack.signed("C-802", number="18002")
    row = stack.handoff("start", "C-802", "--wait", "60", "--as", FINANCE, "--json").json
    assert row["status"] == "active", row
    shown = stack.handoff("show", "C-802").out
    assert "105,000.00 USD" in shown and [i for i in row["targets"].values() if i not in shown] == []
    story = stack.handoff("trace", "C-802", "--json").json
    assert {"written", "asked"} <= {event["outcome"] for event in story["happened"]}
    by_id = stack.handoff("trace", next(iter(row["targets"].values())), "--json").json
    assert by_id["contract"] == "C-802" and by_id["happened"] == story["happened"]
    told = stack.handoff("trace", "C-802").out
    assert [i for i in row["targets"].values() if i not in told] == [] and FINANCE in told and "create_psa_project/C-802" in told
    assert "C-802" in [one["reference"] for one in stack.handoff("list", "--status", "active", "--json").json]


def test_an_invoice_line_leads_to_its_clause_acceptance_tax_and_journal(stack: Running) -> None:
    stack.signed("C-811", number="18011")
    assert stack.handoff("start", "C-811", "--wait", "60", "--as", FINANCE, "--json").json["status"] == "active"
    accepted = ("--on", "2026-11-20", "--by", "Ann Buyer", "--evidence", "https://acceptance.example/811")
    stack.handoff("billing", "accept", "C-811", "M1", *accepted, "--as", FINANCE)
    [invoice] = stack.handoff("billing", "run", "C-811", "--through", "2026-11-20", "--as", FINANCE, "--json").json["documents"]
    traced = stack.handoff("trace", f"{invoice['number']}/1", "--as", FINANCE, "--json").json
    [line], [item] = traced["lines"], traced["items"]
    assert (line["clause"], line["line"]["amount"]) == ("Exhibit B, 2.1", invoice["net"])
    assert item["billable"]["evidence"]["acceptance"] == "https://acceptance.example/811"
    assert {one["line"]["account"] for one in traced["postings"]} == {"1100", "4010"}
    told = stack.handoff("trace", f"{invoice['reference']}/1", "--as", FINANCE).out
    assert [words for words in ("Exhibit B, 2.1", "https://acceptance.example/811", "4010") if words not in told] == []
    absent = stack.handoff("trace", f"{invoice['reference']}/9", "--as", FINANCE)
    assert absent.code != 0 and "line 9" in absent.err


def test_an_exception_is_found_given_decided_and_the_handoff_goes_on(stack: Running) -> None:
    stack.signed("C-803", number="18003", tax_number=None)
    assert stack.handoff("start", "C-803", "--wait", "60", "--json").json["status"] == "waiting"
    case = stack.handoff("exceptions", "list", "--engagement", "C-803", "--json").json[0]
    number = str(case["number"])
    assert case["code"] == "TAX_ID_MISSING" and case["code"] in stack.handoff("exceptions", "list").out
    assert "handoff exceptions settle" in stack.handoff("exceptions", "show", number).out
    stranger = stack.handoff("exceptions", "settle", number, "--as", "nobody@elsewhere.example", "--json")
    assert stranger.code == 1 and stranger.json["error"]["code"] == "NOT_ALLOWED" and stranger.json["error"]["hint"]
    assert stack.handoff("exceptions", "assign", number, TAX, "--as", FINANCE, "--json").json["assignee"] == TAX
    assert stack.handoff("exceptions", "snooze", number, "4h", "--as", TAX, "--json").json["snoozed_until"]
    stack.change_account("18003", Tax_Number__c=tax_number("18003"))
    settled = stack.handoff("exceptions", "settle", number, "--decision", "retry", "--as", TAX)
    assert settled.code == 0 and f"Exception {number}" in settled.out, settled.err
    assert stack.handoff("start", "C-803", "--wait", "60", "--json").json["status"] == "active"


def test_a_waiting_handoff_is_withdrawn_and_an_absent_one_is_refused(stack: Running) -> None:
    stack.signed("C-804", number="18004", tax_number=None)
    assert stack.handoff("start", "C-804", "--wait", "60", "--json").json["status"] == "waiting"
    assert stack.handoff("signal", "C-804", "--json").json == {"contract": "C-804"}
    assert stack.handoff("cancel", "C-804", "--reason", "").code == 1
    done = stack.handoff("cancel", "C-804", "--reason", "sold twice", "--as", FINANCE)
    assert done.code == 0 and "handoff show C-804" in done.out, done.err
    absent = stack.handoff("cancel", "C-899", "--reason", "sold twice", "--json")
    assert absent.code == 1 and absent.json["error"]["code"] == "NOT_FOUND"


def test_what_a_role_may_not_see_is_withheld(stack: Running) -> None:
    erp = {"tax_number": tax_number("18005"), "credit_limit": "1,000.00", "exposure": "900.00"}
    stack.signed("C-805", number="18005", erp=erp)
    assert stack.handoff("start", "C-805", "--wait", "60", "--json").json["status"] == "waiting"

    def seen(who: str) -> dict[str, Any]:
        cases = stack.handoff("exceptions", "list", "--engagement", "C-805", "--as", who, "--json").json
        return next(dict(case) for case in cases if case["code"] == "CREDIT_LIMIT")

    assert seen(ENGINEER)["sentence"] == "(withheld)" and "1,000.00" not in json.dumps(seen(ENGINEER))
    assert seen(FINANCE)["sentence"] != "(withheld)" and "1,000.00" in json.dumps(seen(FINANCE))
    told = stack.handoff("exceptions", "show", str(seen(FINANCE)["number"]), "--as", ENGINEER)
    assert told.code == 0 and "(withheld)" in told.out and "1,000.00" not in told.out


def test_the_trail_is_whole_and_is_exported_line_by_line(stack: Running) -> None:
    assert stack.handoff("audit", "verify", "--json").json == {"is_whole": True, "problems": []}
    lines = stack.handoff("audit", "export", "C-802").out.splitlines()
    assert lines and {json.loads(line)["stream"] for line in lines} == {"C-802"}
    assert len(stack.handoff("audit", "export", "C-802", "--json").json) == len(lines)


def test_schedules_are_applied_by_the_start_and_can_be_triggered(stack: Running) -> None:
    assert all(schedule["is_applied"] for schedule in stack.handoff("schedules", "list", "--json").json)
    assert stack.handoff("schedules", "apply").code == 0
    assert stack.handoff("schedules", "trigger", "sweep", "--json").json == {"id": "sweep"}
    unknown = stack.handoff("schedules", "trigger", "weep")
    assert unknown.code == 1 and "handoff schedules apply" in unknown.err


def test_the_interface_catalogue_is_made_of_what_the_connectors_declare(stack: Running) -> None:
    entries = stack.handoff("policy", "catalogue", "--of", "interfaces", "--json").json
    carried = {(entry["service"], entry["system"]) for entry in entries}
    assert {("customer sync", "netsuite"), ("project provisioning", "kantata"), ("invoice request", "")} <= carried


def test_what_would_break_the_running_stack_is_refused(stack: Running) -> None:
    rotated = stack.handoff("keys", "rotate", "--json")
    assert rotated.code == 1 and rotated.json["error"]["code"] == "STACK_RUNS"
    fresh = stack.handoff("up", "--fresh")
    assert fresh.code == 1 and "STACK_RUNS" in fresh.err and "Ctrl-C" in fresh.err
    second = stack.handoff("up", "--free-ports")
    assert second.code == 1 and "PART_FAILED" in second.err and "HANDOFF_HOME" in second.err
