"""From accepted milestones and approved time to invoices, on the real engine and ledger (S01, S15, R73-R75, R84)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from canonical.exception import Decision
from canonical.invoice import InvoiceState
from canonical.rate_card import Rate, RateCard
from canonical.sub_ledger import SubLedger, SubLedgerKind, Want
from canonical.time_entry import ApprovalState
from ledger.exceptions import CaseFilter
from operations.preview import preview
from tests.activities.firm import an_origin
from tests.build import an_acceptance, an_entry, usd
from tests.workflows.house import Handle, House
from workflows.bill_milestone import BillMilestone, BillMilestoneWorkflow
from workflows.bill_recurring import BillRecurring, BillRecurringWorkflow
from workflows.bill_time import BillTime, BillTimeWorkflow
from workflows.expire_retainer import ExpireRetainer, ExpireRetainerWorkflow
from workflows.follow_rates import FollowRatesWorkflow, RatesImported
from workflows.release_invoice import ReleaseInvoice, ReleaseInvoiceWorkflow

pytestmark = pytest.mark.asyncio(loop_scope="session")
YEARS_LATER = date(2027, 12, 31)


async def living(house: House, contract: str, **sold: Any) -> None:
    house.firm.sell(contract, **sold)
    await (await house.provision(contract)).result()


async def accepted(house: House, contract: str, **changes: Any) -> Handle:
    acceptance = an_acceptance(contract, **changes)
    return await house.began(
        BillMilestoneWorkflow.run,
        f"bill_milestone/{contract}/{acceptance.milestone}/{acceptance.version}",
        BillMilestone(acceptance=acceptance),
    )


async def polled(house: House, contract: str, poll: int = 1) -> None:
    await house.ran(BillTimeWorkflow.run, f"bill_time/{contract}/{poll}", BillTime(system="kantata"))


async def released(house: House, contract: str, run: str = "first") -> Handle:
    request = ReleaseInvoice(contract=contract, run=run, through=YEARS_LATER)
    return await house.began(ReleaseInvoiceWorkflow.run, f"release_invoice/{contract}/{run}", request)


async def net_of(house: House, contract: str) -> list[str]:
    documents = await house.firm.books.billing.documents.of(contract)
    return [f"{one.state} {one.net}" for one in documents]


async def test_an_accepted_milestone_is_billed_once(house: House, contract: str) -> None:
    await living(house, contract)
    for _ in range(2):
        await (await accepted(house, contract)).result()
    await (await released(house, contract)).result()
    await (await released(house, contract, "again")).result()
    assert await net_of(house, contract) == ["posted 40,000.00 USD"]
    assert house.firm.erp.count("post_invoice", contract) == 1


async def test_an_acceptance_without_a_record_waits_and_is_rejected(house: House, contract: str) -> None:
    await living(house, contract)
    handle = await accepted(house, contract, evidence_url="")
    case = await house.case(contract, "ACCEPTANCE_NO_EVIDENCE")
    assert case.money_amount == Decimal(40_000) and case.control_point == "billing_eligibility"
    await house.settle(contract, "ACCEPTANCE_NO_EVIDENCE", Decision.REJECT)
    assert not (await handle.result()).is_billable
    await (await released(house, contract)).result()
    assert await net_of(house, contract) == []
    assert await house.status(contract) == "active"


async def test_approved_time_is_billed_and_what_lost_its_approval_is_not(house: House, contract: str) -> None:
    await living(house, contract)
    psa = house.firm.psa
    psa.record(an_entry(contract))
    psa.record(an_entry(contract, source_id=f"{contract}-2", work_date=date(2026, 4, 17), hours=Decimal(4)))
    psa.record(an_entry(contract, source_id=f"{contract}-3", work_date=date(2026, 4, 18), state=ApprovalState.SUBMITTED))
    await polled(house, contract)
    psa.record(an_entry(contract, source_version="2026-04-21T09:00:00Z", state=ApprovalState.REJECTED))
    await polled(house, contract, 2)
    await (await released(house, contract)).result()
    assert await net_of(house, contract) == ["posted 900.00 USD"]
    psa.entries.clear()


async def test_time_without_a_price_is_work_for_people_and_heals(house: House, contract: str) -> None:
    await living(house, contract)
    psa = house.firm.psa
    psa.record(an_entry(contract, role="Juggler", rate=usd(100)))
    await polled(house, contract)
    case = await house.case(contract, "RATE_MISSING")
    assert (case.money_amount, case.control_point) == (Decimal(800), "billing_eligibility")
    psa.record(an_entry(contract, source_version="2026-04-22T09:00:00Z"))
    await polled(house, contract, 2)
    assert await house.cases(contract) == []
    psa.entries.clear()


async def test_above_the_threshold_a_person_releases_or_withdraws(house: House, contract: str) -> None:
    await living(house, contract, orders={"": "4500-9"})
    for milestone in ("M1", "M2"):
        await (await accepted(house, contract, milestone=milestone)).result()
    house.firm.psa.record(an_entry(contract))
    await polled(house, contract)
    handle = await released(house, contract)
    case = await house.case(contract, "INVOICE_RELEASE")
    assert case.money_amount == Decimal("101800.00")
    await house.settle(contract, "INVOICE_RELEASE", Decision.REJECT)
    assert (await handle.result()).withdrawn == [f"{contract}.first"]
    handle = await released(house, contract, "second")
    await house.settle(contract, "INVOICE_RELEASE", Decision.OVERRIDE)
    await handle.result()
    documents = await house.firm.books.billing.documents.of(contract)
    assert [one.state for one in documents] == [InvoiceState.WITHDRAWN, InvoiceState.POSTED]
    assert documents[-1].net == usd("101800.00")
    house.firm.psa.entries.clear()


async def charged(house: House, contract: str, expected: dict[str, str]) -> None:
    """The charges of a contract at the ERP become these: our reference and its billing code."""

    async def there() -> bool:
        lines = [line for line in house.firm.erp.charges.values() if line.billable.contract == contract]
        return {line.billable.reference: f"{line.billable.quantity} h {line.billing_code}" for line in lines} == expected

    await house.until(there, f"{contract} is charged {expected}")


async def test_approved_time_is_charged_in_a_batch_and_taken_back_with_its_approval(house: House, contract: str) -> None:
    await living(house, contract)
    psa, first, second = house.firm.psa, an_entry(contract), an_entry(contract, source_id=f"{contract}-2", hours=Decimal(4))
    psa.record(first)
    psa.record(second)
    await polled(house, contract)
    await charged(house, contract, {first.reference: "8 h SVC-SENIOR", second.reference: "4 h SVC-SENIOR"})
    batches = "SELECT count(DISTINCT charge_batch) FROM billables WHERE contract = $1"
    assert await house.firm.books.database.value(batches, contract) == 1, "a neighbour's work may be in it too"
    psa.record(an_entry(contract, source_version="2026-04-21T09:00:00Z", state=ApprovalState.REJECTED))
    psa.record(an_entry(contract, source_id=f"{contract}-2", hours=Decimal(3), source_version="2026-04-21T09:00:00Z"))
    await polled(house, contract, 2)
    await charged(house, contract, {second.reference: "3 h SVC-SENIOR"})
    await (await released(house, contract)).result()
    assert await net_of(house, contract) == ["posted 675.00 USD"]
    psa.entries.clear()


async def test_a_long_poll_has_what_came_first_charged_before_the_rest_comes(house: House, contract: str) -> None:
    await living(house, contract)
    for number in range(2_000):  # a transaction's worth; small, since reconciliation proposes the largest findings of the house
        small = an_entry(contract, source_id=f"{contract}-{number}", note=str(number), hours=Decimal("0.25"))
        house.firm.psa.record(small)
    held = house.firm.psa.hold("expenses", "kantata")
    handle = await house.began(BillTimeWorkflow.run, f"bill_time/{contract}", BillTime(system="kantata"))

    async def are_charged() -> bool:
        lines = [line for line in house.firm.erp.charges.values() if line.billable.contract == contract]
        return len(lines) == 2_000

    await house.until(are_charged, "all are charged")
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    assert held.gate is not None
    held.gate.set()
    assert (await handle.result()).counts["new"] == 2_000
    house.firm.psa.entries.clear()


async def test_work_that_is_rated_anew_keeps_its_charge_which_says_the_new_amount(house: House, contract: str) -> None:
    await living(house, contract)
    house.firm.psa.record(entry := an_entry(contract))
    await polled(house, contract)
    await charged(house, contract, {entry.reference: "8 h SVC-SENIOR"})
    [known] = await house.firm.books.billing.billables.read([entry.reference])
    rate = Rate(role="Senior", line=known.item.line, rate=usd("240"), since=date(2026, 4, 1))
    card = RateCard(reference=f"{contract}.rates", contract=contract, version=2, rates=(rate,))
    await house.firm.books.billing.rate_cards.add(card, origin=an_origin(contract))
    request = RatesImported(contract=contract, card=card.reference, version=2)
    handle = await house.ran(FollowRatesWorkflow.run, f"follow_rates/{contract}", request)
    assert (await handle.result()).rated_again == 1
    house.firm.erp.fail("revise_charges", entry.reference, "lost")
    await polled(house, contract, 2)

    async def says_so() -> bool:
        return house.firm.erp.charges[entry.reference].billable.amount == usd("1920")

    await house.until(says_so, "the charge says the new amount")
    house.firm.psa.entries.clear()


async def test_a_refused_batch_waits_for_a_person_and_keeps_nothing_else_back(house: House, contract: str) -> None:
    await living(house, contract)
    psa, erp = house.firm.psa, house.firm.erp
    erp.fail("post_charges", contract, "rejected")
    psa.record(an_entry(contract))
    await polled(house, contract)

    async def waits() -> Any:
        found = await house.firm.books.cases.list(CaseFilter(code="CHARGES_REFUSED", limit=1_000))
        return next((one for one in found if contract in one.subject), None)

    case = await house.until(waits, "the batch is refused")
    assert case.money_amount == Decimal(1_800)
    psa.record(an_entry(contract, source_id=f"{contract}-2", work_date=date(2026, 4, 17)))
    await polled(house, contract, 2)
    await charged(house, contract, {f"kantata.{contract}-2": "8 h SVC-SENIOR"})
    await house.firm.books.cases.settle(case.number, Decision.RETRY, actor="ann", reason="mapped", adopt="")
    await house.tell(case, Decision.RETRY)
    await charged(house, contract, {f"kantata.{contract}-{n}": "8 h SVC-SENIOR" for n in (1, 2)})
    psa.entries.clear()


async def test_the_rest_of_an_expired_retainer_is_booked_once_it_was_approved(house: House, contract: str) -> None:
    await living(house, contract)
    books, origin = house.firm.books.billing, an_origin(contract)
    facts: dict[str, Any] = {"kind": SubLedgerKind.RETAINER, "contract": contract, "name": "L9"}
    account = SubLedger(**facts, currency="USD", agreed=usd(20_000), expires_on=date(2026, 6, 1))
    await books.sub_ledgers.open(account, origin=origin)
    await books.sub_ledgers.fund(Want(**facts, key="fund/1", amount=usd(5_000)), origin=origin)
    for day, decision in ((date(2026, 5, 31), None), (date(2026, 6, 1), Decision.REJECT), (date(2026, 6, 2), Decision.OVERRIDE)):
        request = ExpireRetainer(contract=contract, name="L9", on=day)
        handle = await house.began(ExpireRetainerWorkflow.run, f"expire_retainer/{contract}/L9/{day}", request)
        if decision:
            await house.settle(contract, "RETAINER_EXPIRED", decision)
        done = await handle.result()
    assert done.broken == usd(5_000)
    assert house.firm.erp.count("post_journal", contract) == 1
    left = await books.sub_ledgers.read(SubLedgerKind.RETAINER, contract, "L9")
    assert left and left.balance == usd(0)


async def test_the_dry_run_says_what_the_run_then_makes(house: House, contract: str) -> None:
    await living(house, contract, orders={"WS-A": "4500-1 (30,000.00)", "WS-B": "4500-2"})
    await (await accepted(house, contract)).result()
    house.firm.psa.record(an_entry(contract))
    house.firm.psa.record(an_entry(contract, source_id=f"{contract}-2", state=ApprovalState.SUBMITTED))
    await polled(house, contract)
    await house.ran(
        BillRecurringWorkflow.run, f"bill_recurring/{contract}", BillRecurring(contract=contract, through=YEARS_LATER)
    )
    before = await preview(house.firm.books, contract, YEARS_LATER)
    assert [(one.purchase_order, one.net, one.waits) for one in before.documents] == [
        ("4500-1", usd(30_000), usd(10_000)),
        ("4500-2", usd(1_800), usd(0)),
    ]
    assert [(row.state, row.hours) for row in before.pending] == [("pending_approval", Decimal(8))]
    await (await released(house, contract)).result()
    documents = await house.firm.books.billing.documents.of(contract)
    assert {one.purchase_order: one.net for one in documents} == {one.purchase_order: one.net for one in before.documents}
    after = await preview(house.firm.books, contract, YEARS_LATER)
    assert after.documents == [] and [(row.code, row.amount) for row in after.held] == [("PO_EXHAUSTED", usd(10_000))]
    house.firm.psa.entries.clear()
