"""Kantata: the common suite."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from activities.ports import ChangeFeed, Psa
from canonical.money import Money
from canonical.project import ProjectState
from canonical.receivable import InvoiceNote
from connectors.kantata import mapping
from connectors.kantata.client import Kantata, connect
from connectors.kantata.schemas import Workspace
from sandbox.kantata.vendor import Kantata as Account
from tests.connectors.contract import Bench, ConnectorContract, WriteCase
from tests.connectors.kantata_firm import (
    KEY,
    WORLD,
    a_need,
    a_phase,
    a_project,
    if_state,
    prepared,
    settings,
    titled,
)


def a_note(**changes: Any) -> InvoiceNote:
    """An invoice of C-600, as its project is told of it."""
    total = Money.of("1200.00", "EUR")
    facts = {"reference": "C-600.1", "number": "INV-77", "status": "posted", "total": total, "open": total}
    return InvoiceNote(**{**facts, **changes})


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
                prepare=lambda c: prepared(c, "C-200"),
                method="POST",
            ),
            WriteCase(
                "staffing",
                r"/workspace_resources",
                create=lambda c, project: c.request_staffing(project, needs, key="staff/C-300"),
                find=lambda c, project: c.find_staffing(project, needs, key="staff/C-300"),
                held=lambda state: len(state["workspace_resources"]),
                prepare=lambda c: prepared(c, "C-300"),
                method="POST",
            ),
            WriteCase(
                "activation",
                r"/workspaces/\d+",
                create=lambda c, project: c.activate_project(project, key="activate/C-400"),
                find=lambda c, project: if_state(c, project, ProjectState.ACTIVE),
                held=lambda state: sum(w["status_key"] == 310 for w in titled(state, "C-400")),
                prepare=lambda c: prepared(c, "C-400"),
                method="PUT",
            ),
            WriteCase(
                "archive",
                r"/workspaces/\d+",
                create=lambda c, project: c.archive_project(project, "test", key="archive/C-500"),
                find=lambda c, project: if_state(c, project, ProjectState.ARCHIVED),
                held=lambda state: sum(w["archived"] for w in titled(state, "C-500")),
                prepare=lambda c: prepared(c, "C-500"),
                method="PUT",
            ),
            WriteCase(
                "invoice_note",
                r"/external_references",
                create=lambda c, project: c.note_invoice(project, a_note(), key="note_invoice/C-600.1/1"),
                find=lambda c, project: c.find_invoice_note(project, a_note(), key="note_invoice/C-600.1/1"),
                held=lambda state: sum(r["service_model_ref"] == "C-600.1" for r in state["external_references"].values()),
                prepare=lambda c: prepared(c, "C-600"),
                method="POST",
            ),
        ]

    async def test_a_later_note_of_an_invoice_replaces_the_earlier(self, bench: Bench) -> None:
        project = await prepared(bench.connector, "C-600")
        await bench.connector.note_invoice(project, a_note(), key="note_invoice/C-600.1/1")
        paid = a_note(status="paid", open=Money.zero("EUR"), url="https://erp.example/INV-77")
        written = await bench.connector.note_invoice(project, paid, key="note_invoice/C-600.1/2")
        assert await bench.connector.find_invoice_note(project, a_note(), key="note_invoice/C-600.1/1") is None
        assert await bench.connector.find_invoice_note(project, paid, key="note_invoice/C-600.1/2") == written
        [told] = [r for r in bench.vendor.state["external_references"].values() if r["service_model_ref"] == "C-600.1"]
        assert (told["external_status"], told["external_link"]) == ("paid", "https://erp.example/INV-77")


def test_the_connector_is_a_psa_and_a_change_feed() -> None:
    connector = connect("kantata", settings("http://127.0.0.1:1"))
    psa: Psa = connector
    feed: ChangeFeed = connector
    assert isinstance(psa, Psa) and isinstance(feed, ChangeFeed)


@pytest.mark.parametrize("url", ["http://api.mavenlink.com", "ftp://localhost"])
def test_an_unencrypted_address_is_refused_with_the_field(url: str) -> None:
    with pytest.raises(ValidationError, match="base_url must begin with https"):
        settings(url)


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
