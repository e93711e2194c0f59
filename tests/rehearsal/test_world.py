"""One world in business words becomes the same deal in five systems."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from canonical.errors import Misconfigured
from canonical.landscape import Capability, Scope
from canonical.rules.signed_terms import read_terms
from policies.exact_yaml import loaded
from policies.loading import load
from rehearsal.accounts import Accounts
from rehearsal.deal import Deal
from rehearsal.overrides import copy_changed
from rehearsal.systems.docusign import envelope_id
from rehearsal.systems.registry import SYSTEMS
from rehearsal.world import World, merged
from sandbox.salesforce.world import DealWorld

ROOT = Path(__file__).parents[2]
LINES: list[dict[str, Any]] = [
    {
        "line": "L1",
        "workstream": "WS-A",
        "amount": "60,000.00",
        "milestones": [
            {"milestone": "M1", "title": "Design", "amount": "20,000.00", "due": "2027-01-31"},
            {"milestone": "M2", "title": "Go-live", "amount": "40,000.00"},
        ],
    },
    {
        "line": "L2",
        "sells": "advisory",
        "kind": "time_and_materials",
        "roles": {"Senior": {"rate": 225, "hours": 200}, "Consultant": {"rate": "165.50", "hours": 10}},
    },
    {"line": "L3", "sells": "managed-service", "kind": "subscription", "amount": "6,000.00", "months": 6},
]


def _world(**deal: Any) -> World:
    return World.model_validate({"deals": {"C-1": {"lines": LINES, **deal}}})


def test_a_deal_is_worth_what_its_lines_add_up_to() -> None:
    assert _world().deals["C-1"].value == Decimal("142655.00")  # 60,000 + 45,000 + 1,655 + 6 x 6,000


def test_the_contract_says_what_the_quote_says() -> None:
    terms = read_terms(_world().deals["C-1"].terms())
    assert terms.total == Decimal("142655.00")
    assert terms.line_amounts == {"L1": Decimal("60000.00"), "L3": Decimal("6000.00")}
    assert terms.rates == {("L2", "Senior"): Decimal("225.00"), ("L2", "Consultant"): Decimal("165.50")}
    assert terms.milestone_amounts == {"M1": Decimal("20000.00"), "M2": Decimal("40000.00")}
    assert terms.line_months == {"L3": 6}


def test_a_signed_term_may_differ_or_be_left_out() -> None:
    terms = _world(signed={"total": "150,000.00", "currency": None}).deals["C-1"].terms()
    assert terms["total"] == "150,000.00"
    assert "currency" not in terms


def test_the_quote_in_salesforce_adds_up_to_the_same() -> None:
    [given] = _world().seeds()["salesforce"]["_deals"]
    deal = DealWorld.model_validate(given)
    assert sum((line.price * line.quantity * (line.months or 1) for line in deal.lines), Decimal(0)) == Decimal("142655.00")
    assert [line.role for line in deal.lines if line.kind == "time_and_materials"] == ["Senior", "Consultant"]


def test_the_envelope_is_the_contracts_and_not_signed_yet() -> None:
    envelopes = _world().seeds()["docusign"]["envelopes"]
    assert envelopes[envelope_id("C-1")]["status"] == "sent"
    assert envelopes[envelope_id("C-1")]["custom_fields"] == {"ContractReference": "C-1"}
    assert envelope_id("C-1") != envelope_id("C-2")


def test_customers_of_the_erp_have_limit_and_exposure() -> None:
    world = World.model_validate(
        {"erp_customers": {"501": {"name": "Acme, Inc.", "credit_limit": "250,000.00", "exposure": 210000}}}
    )
    record = world.seeds()["netsuite"]["customer"]["501"]
    assert (record["companyName"], record["creditLimit"], record["balance"]) == ("Acme, Inc.", 250000.0, 210000.0)


def test_a_vendors_own_seed_is_laid_over_the_worlds() -> None:
    world = World.model_validate({"systems": {"netsuite": {"account": {"search_delay_seconds": 3}}}})
    seed = world.seeds()["netsuite"]
    assert seed["account"] == {"search_delay_seconds": 3}
    assert "subsidiary" in seed
    assert merged({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}) == {"a": {"b": 3, "c": 2}}


@pytest.mark.parametrize(
    "wrong", [{"line": "L1"}, {"line": "L1", "kind": "time_and_materials"}, {"line": "L1", "kind": "subscription", "amount": 1}]
)
def test_a_line_without_a_price_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="L1"):
        Deal.model_validate({"lines": [wrong]})


def test_accounts_let_the_landscapes_references_resolve() -> None:
    accounts = Accounts.fresh()
    landscape = load(ROOT / "policies" / "demo").landscape
    named = {reference.name for reference in landscape.references() if not reference.name.startswith("HANDOFF_SANDBOX_")}
    assert named <= set(accounts.environment)


def test_accounts_stay_the_same_in_their_file(tmp_path: Path) -> None:
    first = Accounts.kept_in(tmp_path / "vendors.json")
    assert Accounts.kept_in(tmp_path / "vendors.json") == first
    assert (tmp_path / "vendors.json").stat().st_mode & 0o077 == 0


def test_accounts_of_before_learn_the_secrets_of_a_new_system(tmp_path: Path) -> None:
    file = tmp_path / "vendors.json"
    before = {name: secret for name, secret in Accounts.fresh().secrets.items() if name != "avatax_key"}
    file.write_text(json.dumps(before))
    kept = Accounts.kept_in(file)
    assert {name: secret for name, secret in kept.secrets.items() if name != "avatax_key"} == before
    assert kept.environment["HANDOFF_AVATAX_LICENCE_KEY"] == json.loads(file.read_text())["avatax_key"] != ""


@pytest.mark.parametrize(
    ("system", "method", "path", "is_write"),
    [
        ("netsuite", "POST", "/services/rest/query/v1/suiteql", False),
        ("netsuite", "POST", "/services/rest/record/v1/invoice", True),
        ("avatax", "POST", "/api/v2/transactions/create?$include=Details", False),
        ("avatax", "POST", "/api/v2/transactions/createoradjust?$include=Details", True),
        ("workday", "POST", "/ccx/service/firm/Human_Resources/v43.0", False),
        ("kantata", "GET", "/api/v1/workspaces.json", False),
    ],
)
def test_a_question_that_is_posted_is_no_write(system: str, method: str, path: str, is_write: bool) -> None:
    assert SYSTEMS[system].is_write({"method": method, "path": path}) is is_write


def test_a_route_is_added_to_the_landscape_by_a_name(tmp_path: Path) -> None:
    changes = {"landscape.serves.+tax": {"capabilities": ["tax"], "system": "avatax", "entities": ["US01"]}}
    landscape = load(copy_changed(ROOT / "policies" / "demo", tmp_path / "p", changes)).landscape
    asked = [Scope(entity=entity, service_date=date(2026, 12, 1)) for entity in ("US01", "UK01")]
    assert [landscape.system_for(Capability.TAX, scope) for scope in asked] == ["avatax", None]
    plain = load(ROOT / "policies" / "demo").landscape
    assert len(landscape.serves) == len(plain.serves) + 1


def test_every_vendor_of_ours_is_hurried_and_what_a_scenario_says_stays(tmp_path: Path) -> None:
    changes = {"landscape.systems.kantata.settings.timing.upstream_timeout": "PT9S"}
    systems = load(copy_changed(ROOT / "policies" / "demo", tmp_path / "p", changes)).landscape.systems
    timing = {name: system.settings.get("timing") for name, system in systems.items()}
    assert timing["kantata"] == {"upstream_timeout": "PT9S", "visibility_delay": "PT0.4S"}
    assert timing["avatax"] == {"upstream_timeout": "PT0.6S", "visibility_delay": "PT0.4S"}
    assert timing["docusign"] is None


def test_a_change_of_policy_goes_to_the_version_in_force(tmp_path: Path) -> None:
    folder = copy_changed(ROOT / "policies" / "demo", tmp_path / "p", {"contracts.activation.purchase_orders": "strict"})
    content = loaded(folder / "contracts.yaml")
    assert content["versions"][-1]["activation"]["purchase_orders"] == "strict"
    assert load(folder).version != load(ROOT / "policies" / "demo").version


def test_a_change_of_a_policy_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="changes the policy 'kontracts'"):
        copy_changed(ROOT / "policies" / "demo", tmp_path / "p", {"kontracts.activation": 1})


def test_a_record_is_listed_once_by_each_system() -> None:
    state = {
        "records": {"invoice": {"1": {"externalId": "C-1__2026-11"}}, "creditMemo": {"2": {"externalId": "C-1__2026-11__c1"}}}
    }
    listed = [(record.kind, record.id) for record in SYSTEMS["netsuite"].records(state)]
    assert sorted(listed) == [("credit_memo", "2"), ("invoice", "1")]
