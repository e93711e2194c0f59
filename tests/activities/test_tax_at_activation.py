"""The tax engine asked before anything is created, and its record while billing: a real connector, a simulated AvaTax (S17)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from activities.invoicing import InvoicingActivities, PostInvoice, VoidTax
from activities.plan import PlanActivation, PlanActivities
from activities.release import CompleteDocument, ReleaseActivities
from activities.tax_question import contract_question
from canonical.activation import ActivationDossier
from canonical.contract import RateTerm
from canonical.invoice import InvoiceState
from canonical.landscape import Capability
from canonical.money import Money
from canonical.party import Address
from ledger.database import Database
from policies.firm import Policies
from policies.landscape import Route
from sandbox.avatax.vendor import AvaTax as Account
from tests.activities.firm import Firm, an_origin, demo_policies, quick_books
from tests.build import a_contract, a_customer, a_time_line, usd
from tests.connectors.avatax_firm import AUSTIN, an_account, current, joined, register
from tests.ledger.billing_firm import Firm as BillingFirm
from tests.ledger.billing_firm import an_item

DAY = date(2026, 4, 1)


@dataclass
class TaxedFirm(Firm):
    """The firm with a tax engine beside its other systems."""

    engine: Any = None
    account: Any = None

    @property
    def systems(self) -> dict[str, Any]:
        return {**super().systems, "avatax": self.engine}

    async def code(self, contract: str) -> str:
        """The one finding against a contract, with its money."""
        [finding] = (await self.judged(contract)).findings
        return f"{finding.code} {finding.money}"


def routed(*entities: str) -> Policies:
    """The demo policies, with AvaTax for these entities."""
    policies = demo_policies()
    route = Route(capabilities=(Capability.TAX,), system="avatax", entities=entities)
    landscape = policies.landscape.model_copy(update={"serves": (*policies.landscape.serves, route)})
    return policies.model_copy(update={"landscape": landscape})


@asynccontextmanager
async def taxed(database: Database, *entities: str) -> AsyncIterator[TaxedFirm]:
    account: Account = an_account()
    async with joined(account) as bench:
        yield TaxedFirm(quick_books(database), routed(*entities), engine=bench.connector, account=account)


async def test_a_state_that_taxes_us_unregistered_is_told_before_anything_is_created(database: Database) -> None:
    async with taxed(database, "US01") as firm:
        firm.sell("T-1", addresses=(AUSTIN,))
        assert await firm.code("T-1") == "TAX_NEXUS_MISSING 289,000.00 USD"
        [finding] = (await firm.judged("T-1")).findings
        assert "US-TX" in finding.sentence and finding.can_override and "T-1" in finding.sentence
        assert firm.account.state["transactions"] == {}
        overridden = await firm.judged("T-1", overridden=[(finding.code, finding.subject)])
        assert overridden.findings == [] and overridden.dossier
        register(firm.account)
        assert (await firm.judged("T-1")).findings == []
        story = [noted.entry.details for noted in await firm.books.audit.story("T-1") if noted.entry.outcome == "clear"]
        assert story[-1]["tax"] == "23,842.50 USD"  # 8.25 % of 289,000


async def test_the_certificate_that_exempts_is_kept_with_the_activation(database: Database) -> None:
    async with taxed(database, "US01") as firm:
        firm.sell("T-2", addresses=(AUSTIN,))
        account = firm.crm.accounts["001-T-2"]
        firm.crm.accounts["001-T-2"] = account.model_copy(update={"reference": "CUST-EXEMPT"})
        judged = await firm.judged("T-2")
        assert judged.findings == []
        dossier = ActivationDossier.model_validate(await firm.books.dossiers.read(judged.dossier))
        assert dossier.exemption_certificate == "701"
        [entry] = [noted.entry for noted in await firm.books.audit.story("T-2") if noted.entry.action == "judge_activation"]
        assert (entry.details["tax"], entry.details["exemption_certificate"]) == ("0.00 USD", "701")
        planned = await firm.run(PlanActivities.plan_activation, PlanActivation(contract="T-2"))
        [tax] = [write for write in planned.writes if write.capability == "tax"]
        assert tax.details == ["0.00 USD on 289,000.00 USD", "exempt by certificate 701"]


async def test_where_nobody_serves_tax_the_engine_is_not_asked(database: Database) -> None:
    async with taxed(database, "DE01") as firm:
        firm.sell("T-3", addresses=(AUSTIN,))
        assert (await firm.judged("T-3")).findings == []
        assert list(firm.account.calls) == []


async def test_an_incomplete_address_is_one_finding_and_not_asked_about(database: Database) -> None:
    async with taxed(database, "US01") as firm:
        firm.sell("T-4", addresses=(Address(country="US"),))
        assert (await firm.code("T-4")).startswith("BILL_TO_INCOMPLETE")
        assert list(firm.account.calls) == []


@pytest.mark.parametrize(("hours", "asked"), [("400", "90,000.00 USD"), ("0", "225.00 USD")])
def test_time_without_planned_hours_is_asked_about_by_its_rate(hours: str, asked: str) -> None:
    line = a_time_line(rates=(RateTerm(role="Senior", rate=usd(225), hours=Decimal(hours)),))
    question = contract_question(a_contract(lines=(line,)), demo_policies(), DAY)
    assert question is not None and [str(one.amount) for one in question.lines] == [asked]
    assert (question.reference, question.tax_date, question.ship_from.country) == ("C-100", DAY, "US")


def test_nothing_can_be_asked_about_a_customer_without_an_address() -> None:
    assert contract_question(a_contract(customer=a_customer(addresses=())), demo_policies(), DAY) is None


async def billed(firm: TaxedFirm, database: Database, contract: str, run: str) -> None:
    """A living contract with 1,600 of approved work on a claimed document."""
    firm.sell(contract, addresses=(AUSTIN,))
    [finding] = (await firm.judged(contract)).findings
    await firm.judged(contract, overridden=[(finding.code, finding.subject)])
    ours = BillingFirm(database, contract)
    await ours.approve(an_item(f"{contract}.1", "8"))
    await ours.bill(run)


async def test_a_document_is_held_and_freed_and_its_tax_recorded_and_voided_once(database: Database) -> None:
    async with taxed(database, "US01") as firm:
        await billed(firm, database, "T-5", "INV-T5")
        documents = firm.books.billing.documents
        complete = CompleteDocument(origin=an_origin("T-5"), reference="INV-T5", tax_system="avatax")
        for _ in range(2):
            held = await firm.run(ReleaseActivities.complete_document, complete)
            assert [finding.code for finding in held.findings] == ["TAX_NEXUS_MISSING"]
            found = await documents.read("INV-T5")
            assert (found.state, found.hold_code, found.tax) == (InvoiceState.HELD, "TAX_NEXUS_MISSING", usd(0))

        register(firm.account)
        freed = await firm.run(ReleaseActivities.complete_document, complete)
        assert (freed.findings, freed.total) == ([], Money.of("1732.00", "USD"))
        found = await documents.read("INV-T5")
        assert (found.state, found.hold_code, found.tax) == (InvoiceState.PROPOSED, "", Money.of("132.00", "USD"))

        post = PostInvoice(origin=an_origin("T-5"), reference="INV-T5", system="avatax", targets={})
        for _ in range(2):
            await firm.run(InvoicingActivities.record_tax, post)
        [record] = current(firm.account.state)
        assert (record["status"], record["code"], record["referenceCode"]) == ("Committed", "INV-T5", "record_tax/INV-T5")
        void = VoidTax(origin=an_origin("T-5"), reference="INV-T5", system="avatax", reason="not wanted")
        assert [(await firm.run(InvoicingActivities.void_tax, void)).target_id for _ in range(2)] == ["INV-T5", None]
        [record] = current(firm.account.state)
        assert record["status"] == "Cancelled"
        assert (await firm.effects("T-5"))["record_tax/INV-T5"] == "reversed"


async def test_a_document_that_was_never_recorded_is_voided_without_asking(database: Database) -> None:
    async with taxed(database, "US01") as firm:
        void = VoidTax(origin=an_origin("T-7"), reference="INV-T7", system="avatax", reason="not yet")
        assert (await firm.run(InvoicingActivities.void_tax, void)).target_id is None
        assert list(firm.account.calls) == []


async def test_an_exempt_invoice_keeps_its_certificate(database: Database) -> None:
    async with taxed(database, "US01") as firm:
        firm.account.seed({"certificates": {"702": _certificate("CUST-T-6")}, "customers": {"602": _customer("CUST-T-6")}})
        firm.sell("T-6", addresses=(AUSTIN,))
        await firm.judged("T-6")
        ours = BillingFirm(database, "T-6")
        await ours.approve(an_item("T-6.1", "8"))
        await ours.bill("INV-T6")
        complete = CompleteDocument(origin=an_origin("T-6"), reference="INV-T6", tax_system="avatax")
        assert (await firm.run(ReleaseActivities.complete_document, complete)).findings == []
        document = await firm.books.billing.documents.read("INV-T6")
        assert (document.tax, document.exemption_certificate) == (usd(0), "702")
        trace = await firm.books.billing.traces.of_document("INV-T6")
        assert trace is not None and trace.exemption_certificate == "702"


def _customer(code: str) -> dict[str, Any]:
    return {"companyId": 1001, "customerCode": code}


def _certificate(code: str) -> dict[str, Any]:
    return {
        "companyId": 1001,
        "customers": [_customer(code)],
        "signedDate": "2020-01-01",
        "expirationDate": "2099-12-31",
        "exemptionReason": {"name": "RESALE"},
        "exposureZone": {"country": "US", "region": "TX"},
    }
