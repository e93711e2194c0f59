from datetime import date, timedelta
from pathlib import Path

import pytest

from canonical.contract import Contract, ContractLine
from canonical.landscape import Capability
from canonical.money import Money
from canonical.party import Customer
from canonical.quote import BillingKind
from canonical.written import Declaration
from policies.catalogue import (
    DeclaredWrite,
    handoff_catalogue,
    handoffs_as_markdown,
    interface_catalogue,
    interfaces_as_markdown,
)
from policies.contract_facts import DECLARED, facts_of
from policies.control_point import ControlPointName
from policies.expression import Holds
from policies.firm import Policies
from policies.loading import load
from tests.policies.build import DEMO, a_folder

TODAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def demo() -> Policies:
    return load(DEMO)


def a_contract(*, terms: int = 30, amount: str = "120000") -> Contract:
    line = ContractLine(
        reference="L1",
        kind=BillingKind.FIXED_FEE,
        description="Rollout",
        service_template="implementation",
        amount=Money.of(amount, "USD"),
    )
    customer = Customer(reference="CUST-1", legal_name="Acme, Inc.", currency="USD")
    return Contract(
        reference="C-100", version=1, title="Rollout", entity="US01", currency="USD", customer=customer,
        payment_terms_days=terms, lines=(line,),
    )  # fmt: skip


def test_every_declared_name_has_a_value_of_its_kind() -> None:
    facts = facts_of(a_contract())
    assert facts.keys() == DECLARED.keys()
    kinds = {Holds.TEXT: str, Holds.FLAG: bool, Holds.TEXTS: list}
    assert all(isinstance(facts[name], kinds[kind]) for name, kind in DECLARED.items() if kind in kinds)


@pytest.mark.parametrize(("terms", "found"), [(90, []), (91, ["PAYMENT_TERMS_TOO_LONG"])])
def test_the_firm_s_own_rules_are_decided_by_their_expressions(demo: Policies, terms: int, found: list[str]) -> None:
    findings = demo.own_findings(ControlPointName.CONTRACT_ACTIVATION, a_contract(terms=terms), TODAY)
    assert [finding.code for finding in findings] == found
    assert all(finding.money == Money.of(120000, "USD") and finding.remedy for finding in findings)


def test_a_rule_can_name_amounts_entities_and_kinds(tmp_path: Path) -> None:
    rule = "entity == 'US01' && value >= decimal('120000.50') && line_kinds.exists(kind, kind == 'fixed_fee')"
    policies = load(a_folder(tmp_path, contracts=("payment_terms_days > 90", rule)))
    point = ControlPointName.CONTRACT_ACTIVATION
    found = [len(policies.own_findings(point, a_contract(amount=amount), TODAY)) for amount in ("120000.49", "120000.50")]
    assert found == [0, 1]


def test_the_handoff_catalogue_has_trigger_validation_exception_path_and_owner(demo: Policies) -> None:
    entries = handoff_catalogue(demo, TODAY)
    assert {entry.control_point for entry in entries} == set(ControlPointName)
    assert all(entry.trigger and entry.owner and entry.escalation and entry.exceptions for entry in entries)
    general, german = (entry for entry in entries if entry.control_point is ControlPointName.CONTRACT_ACTIVATION)
    assert (general.owner, german.entity, german.owner) == ("finance_operations", "DE01", "tax")
    limits = [path.second_person for entry in (general, german) for path in entry.exceptions if path.code == "CREDIT_LIMIT"]
    assert limits[0].startswith("above 25,000.00 USD")
    assert limits[1] == "above 15,000.00 EUR"
    page = handoffs_as_markdown(entries)
    assert page.count("\n## ") == len(entries)
    assert "| Exposure and this contract together stay within the credit limit. | CREDIT_LIMIT | finance_operations | 4 |" in page


def test_the_interface_catalogue_shows_each_write_and_each_service_nobody_serves() -> None:
    project = Declaration(
        kind="project",
        searchable_key="external_reference",
        visibility_delay=timedelta(seconds=5),
        upstream_timeout=timedelta(seconds=60),
        reverse="archive_project",
    )
    keyless = project.changed(kind="staffing", searchable_key=None, reverse=None)
    writes = [DeclaredWrite(system="kantata", capability=Capability.PSA, declaration=one) for one in (project, keyless)]
    entries = interface_catalogue(writes)
    provisioning = next(entry for entry in entries if entry.service == "project provisioning")
    assert (provisioning.system, provisioning.idempotency_field, provisioning.reverse) == (
        "kantata", "external_reference", "archive_project",
    )  # fmt: skip
    assert provisioning.look_up_delay == timedelta(seconds=65)
    page = interfaces_as_markdown(entries)
    assert "| project provisioning | real-time | low | control point | asynchronous | kantata | project |" in page
    assert "| external_reference | 65 s | archive_project |" in page
    assert "none: asks a person" in page
    assert "| invoice status | near real-time | medium | informational | synchronous | served by nobody |" in page
