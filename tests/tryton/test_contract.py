"""The Tryton connector passes the suite of all connectors, against the real server."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from pydantic import SecretStr

from canonical.written import Written
from connectors.tryton.client import Tryton as Connector
from connectors.tryton.client import connect
from runtime.embedded.tryton.server import Tryton
from sandbox.serve import serving
from sandbox.vendor import SimulatedVendor
from tests.connectors.contract import Bench, ConnectorContract, WriteCase
from tests.tryton.relay import Books, Relay
from tests.tryton.world import (
    TODAY,
    a_customer,
    a_customer_id,
    a_journal,
    a_memo,
    a_posted_invoice,
    a_project,
    an_invoice,
    eur,
    fresh,
    phases,
    settings,
)


@dataclass(frozen=True)
class Given:
    """What a case needs first."""

    customer: str = ""
    project: str = ""
    invoice: str = ""


async def _customer(connector: Connector) -> Given:
    return Given(customer=await a_customer_id(connector))


async def _project(connector: Connector) -> Given:
    customer, reference = await a_customer_id(connector), fresh("C")
    made = await connector.create_project(a_project(reference), customer, key=f"create_project/{reference}")
    return Given(customer=customer, project=made.target_id)


async def _invoice(connector: Connector) -> Given:
    invoice, customer = await a_posted_invoice(connector)
    return Given(customer=customer, invoice=invoice)


def _books(state: dict[str, Any]) -> Books:
    books: Books = state["books"]
    return books


def _invoices(state: dict[str, Any], reference: str) -> int:
    return _books(state).count("account.invoice", ["reference", "=", reference])


def _moves(state: dict[str, Any], name: str) -> int:
    return _books(state).count("account.move", ["description", "=", name])


class TestTryton(ConnectorContract):
    reads = r"model\."

    @pytest.fixture
    async def bench(self, tryton: Tryton) -> AsyncIterator[Bench]:
        self._tryton, relay = tryton, Relay(tryton)
        async with serving(relay) as server:
            connector = self.connect(server.url)
            yield Bench(connector, relay, server.url)
            await connector.aclose()
        await relay.aclose()

    def vendor(self) -> SimulatedVendor:
        return Relay(self._tryton)

    def connect(self, url: str) -> Connector:
        return connect("tryton", settings(self._tryton, url))

    def connect_badly(self, url: str) -> Connector:
        return connect("tryton", settings(self._tryton, url, login="nobody", password=SecretStr("wrong")))

    async def read(self, connector: Connector) -> Any:
        return await connector.periods("DE01")

    def cases(self) -> list[WriteCase]:
        return [_customers(), _projects(), _phases(), _of_invoice(), _of_memo(), _deposits(), _journals()]

    async def test_the_lost_answer_of_a_posting_is_found(self, bench: Bench) -> None:
        given, reference = await _customer(bench.connector), fresh("INV")
        post = partial(_post_invoice, bench.connector, reference, given)
        await bench.fault(kind="lose_answer", on={"path": r"account\.invoice\.post"})
        with pytest.raises(Exception, match="answered 504"):
            await post()
        found = await bench.connector.find_invoice(reference, key="")
        assert found is not None and found.number.startswith("INV-2026-")
        assert (await post()).target_id == found.target_id
        assert _invoices(bench.vendor.state, reference) == 1

    async def test_a_session_that_idled_too_long_is_renewed(self, bench: Bench) -> None:
        await self.read(bench.connector)
        await bench.fault(kind="answer", status=401, on={"path": self.reads})
        assert len(await self.read(bench.connector)) == 24

    async def test_waiting_after_a_lost_answer_outlasts_the_server(self, bench: Bench) -> None:
        for case in self.cases():
            assert bench.connector.declares(case.kind).settles_after >= timedelta(seconds=60)


def _customers() -> WriteCase:
    reference = fresh("CUST")
    key = f"create_customer/{reference}/DE01"
    return WriteCase(
        kind="customer",
        writes=r"party\.party\.create",
        create=lambda c, _: c.create_customer(a_customer(reference), key=key),
        find=lambda c, _: c.find_customer(reference, key=key),
        held=lambda held: _books(held).count("party.party", ["code", "=", f"{reference}.DE01"]),
        reverse=lambda c, w, _: c.withdraw_customer(w.target_id, "made by mistake", key=key),
        is_reversed=lambda held: (
            _books(held).count("party.party", ["code", "=", f"{reference}.DE01"], ["active", "=", False]) == 1
        ),
    )


def _projects() -> WriteCase:
    reference = fresh("C")
    key = f"create_project/{reference}"
    ours = ["comment", "like", f"Handoff {reference} %"]
    return WriteCase(
        kind="project",
        writes=r"project\.work\.create",
        create=lambda c, given: c.create_project(a_project(reference), given.customer, key=key),
        find=lambda c, _: c.find_project(reference, key=key),
        held=lambda held: _books(held).count("project.work", ours, ["type", "=", "project"]),
        reverse=lambda c, w, _: c.withdraw_project(w.target_id, "contract void", key=key),
        is_reversed=lambda held: _books(held).count("project.work", ours, ["status.name", "=", "Withdrawn"]) == 1,
        prepare=_customer,
    )


def _phases() -> WriteCase:
    title = fresh("Phase")
    added = tuple(phase.changed(title=title) for phase in phases(2))
    return WriteCase(
        kind="phases",
        writes=r"project\.work\.create",
        create=lambda c, given: c.add_phases(given.project, added, key="add_phases/C/2"),
        find=lambda c, given: c.find_phases(given.project, added, key="add_phases/C/2"),
        held=lambda held: _books(held).count("project.work", ["name", "=", title]),
        prepare=_project,
    )


async def _post_invoice(connector: Connector, reference: str, given: Given) -> Written:
    invoice = an_invoice(reference)
    return await connector.post_invoice(invoice, customer_id=given.customer, project_id="", key=f"create_invoice/{reference}")


def _of_invoice() -> WriteCase:
    reference = fresh("INV")

    async def credited(connector: Connector, written: Written, _: Given) -> Written:
        memo = a_memo(f"{reference}-CM", reference)
        return await connector.post_credit_memo(memo, invoice_id=written.target_id, key=f"create_credit_memo/{reference}")

    return WriteCase(
        kind="invoice",
        writes=r"account\.invoice\.create",
        create=lambda c, given: _post_invoice(c, reference, given),
        find=lambda c, _: c.find_invoice(reference, key=""),
        held=lambda held: _invoices(held, reference),
        reverse=credited,
        is_reversed=lambda held: (
            _books(held).count("account.invoice", ["reference", "=", reference], ["state", "=", "paid"]) == 1
        ),
        prepare=_customer,
    )


def _of_memo() -> WriteCase:
    reference = fresh("CM")
    memo = a_memo(reference, "INV-1", "400.00", "76.00")
    return WriteCase(
        kind="credit_memo",
        writes=r"account\.invoice\.create",
        create=lambda c, given: c.post_credit_memo(memo, invoice_id=given.invoice, key=f"create_credit_memo/{reference}"),
        find=lambda c, _: c.find_credit_memo(reference, key=""),
        held=lambda held: _invoices(held, reference),
        prepare=_invoice,
    )


def _deposits() -> WriteCase:
    reference = fresh("DEP")
    return WriteCase(
        kind="deposit",
        writes=r"account\.move\.create",
        create=lambda c, given: c.post_deposit(reference, given.customer, eur("500.00"), TODAY, key=""),
        find=lambda c, _: c.find_deposit(reference, key=""),
        held=lambda held: _moves(held, reference),
        prepare=_customer,
    )


def _journals() -> WriteCase:
    reference = fresh("JE")
    return WriteCase(
        kind="journal",
        writes=r"account\.move\.create",
        create=lambda c, _: c.post_journal(a_journal(reference), key=""),
        find=lambda c, _: c.find_journal(reference, key=""),
        held=lambda held: _moves(held, reference),
        reverse=lambda c, w, _: c.reverse_journal(w.target_id, TODAY, "wrong month", key=""),
        is_reversed=lambda held: _moves(held, f"{reference} reversed") == 1,
    )
