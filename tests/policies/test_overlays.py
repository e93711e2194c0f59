"""Every overlay of policies/overlays lies on the demo firm's policies, and leads where its connectors serve."""

from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from canonical.billable import BillableKind
from canonical.landscape import Capability, Scope
from connectors.registry import VENDORS
from policies.firm import Policies
from policies.loading import load
from rehearsal.overlay import FOLDER, OverlayName, changes_of
from rehearsal.overrides import copy_changed
from tests.policies.build import DEMO

TODAY = date(2026, 11, 21)
ERP = (Capability.CUSTOMERS, Capability.PROJECT_ACCOUNTING, Capability.RECEIVABLES, Capability.GENERAL_LEDGER, Capability.TAX)


@pytest.fixture
def firm(tmp_path: Path) -> Policies:
    return load(copy_changed(DEMO, tmp_path / "policies", changes_of("tryton")))


def served(policies: Policies, capability: Capability, entity: str) -> str | None:
    return policies.system_for(capability, Scope(entity=entity, service_date=TODAY))


def test_every_overlay_has_a_name_that_scenarios_may_use() -> None:
    assert {file.stem for file in FOLDER.glob("*.yaml")} == set(get_args(OverlayName))


def test_one_legal_entity_is_in_tryton_and_the_others_stay(firm: Policies) -> None:
    assert {served(firm, capability, "DE01") for capability in ERP} == {"tryton"}
    assert {served(firm, capability, "US01") for capability in ERP} == {"netsuite", None}  # nobody serves tax
    assert set(ERP) <= VENDORS["tryton"].serves


def test_billing_schedules_of_that_entity_are_served_by_nobody(firm: Policies) -> None:
    assert served(firm, Capability.BILLING, "DE01") is None
    assert served(firm, Capability.BILLING, "UK01") == "netsuite"
    assert Capability.BILLING not in VENDORS["tryton"].serves


def test_every_tax_code_of_the_entity_has_a_tax_in_tryton(firm: Policies) -> None:
    taxes = firm.landscape.systems["tryton"].settings["taxes"]
    codes = {kind: firm.tax_code("DE01", kind, TODAY) for kind in BillableKind}
    assert {code for code in codes.values() if code} <= set(taxes)
    assert [kind for kind, code in codes.items() if not code] == [BillableKind.RETAINER]
