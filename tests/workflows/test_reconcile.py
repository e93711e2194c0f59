"""Both sides compared on the real engine: what is missing heals by itself, the rest becomes work for people (S30, R134, R135)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleBackfill,
    ScheduleOverlapPolicy,
    ScheduleSpec,
    ScheduleState,
)

from canonical.reconciliation import Discrepancy
from canonical.time_entry import ApprovalState
from ledger.exceptions import CaseFilter
from tests.build import an_acceptance, an_entry, usd
from tests.workflows.house import House
from workflows import options
from workflows.bill_milestone import BillMilestone, BillMilestoneWorkflow
from workflows.bill_time import BillTime, BillTimeWorkflow
from workflows.reconcile import Reconcile, Reconciled, ReconcileWorkflow
from workflows.release_invoice import ReleaseInvoice, ReleaseInvoiceWorkflow

pytestmark = pytest.mark.asyncio(loop_scope="session")
DAYS = {"since": date(2020, 1, 1), "through": date(2027, 12, 31)}


async def living(house: House, contract: str) -> None:
    house.firm.sell(contract)
    await (await house.provision(contract)).result()


async def reconciled(house: House, contract: str, nth: int = 1, **asked: Any) -> Reconciled:
    request = Reconcile(entity="US01", **{**DAYS, **asked})
    handle = await house.ran(ReconcileWorkflow.run, f"reconcile/{contract}/{nth}", request)
    done: Reconciled = await handle.result()
    return done


async def found(house: House, run: Reconciled, contract: str) -> list[Discrepancy]:
    """Of this contract: others of the same entity live in the same house."""
    seen = await house.firm.books.reconciliation.findings.of_run(run.run)
    return [one for one in seen if one.contract == contract]


async def test_an_entry_that_never_came_in_heals_and_its_finding_is_closed(house: House, contract: str) -> None:
    await living(house, contract)
    house.firm.psa.record(an_entry(contract))
    first = await reconciled(house, contract)
    [missing] = await found(house, first, contract)
    assert (missing.type, missing.comparison, missing.is_healed) == ("MISSING", "entries", True) and "entries" in first.healed
    assert missing.money == usd("-1800"), "it has no price in the ledger, and no rate there: the contract has one"
    [item] = await house.firm.books.billing.billables.read([missing.key])
    assert item.item.contract == contract
    second = await reconciled(house, contract, 2)
    assert not [one for one in await found(house, second, contract) if one.comparison == "entries"] and second.closed >= 1
    house.firm.psa.entries.clear()


async def test_a_report_heals_nothing_and_asks_nobody(house: House, contract: str) -> None:
    await living(house, contract)
    house.firm.psa.record(an_entry(contract))
    run = await reconciled(house, contract, is_report_only=True)
    [missing] = await found(house, run, contract)
    assert run.healed == [] and not missing.is_healed
    assert not await house.firm.books.billing.billables.read([missing.key])
    house.firm.psa.entries.clear()


async def test_what_lost_its_origin_is_proposed_with_its_money_and_resolved_when_it_is_gone(house: House, contract: str) -> None:
    await living(house, contract)
    house.firm.psa.record(an_entry(contract))
    await house.ran(BillTimeWorkflow.run, f"bill_time/{contract}", BillTime(system="kantata"))
    house.firm.psa.entries.clear()
    run = await reconciled(house, contract)
    assert [one.type for one in await found(house, run, contract) if one.comparison == "entries"] == ["ORPHAN"]
    case = await house.case(contract, "RECONCILE_ORPHAN")
    assert (case.money_amount, case.owner_role, case.control_point) == (Decimal(1800), "finance_operations", "reconciliation")
    house.firm.psa.record(an_entry(contract))
    await reconciled(house, contract, 2)
    assert not await house.firm.books.cases.list(CaseFilter(engagement=contract, code="RECONCILE_ORPHAN"))
    house.firm.psa.entries.clear()


async def test_an_entry_that_changed_after_the_cut_off_is_late_at_its_worth(house: House, contract: str) -> None:
    await living(house, contract)
    moments = datetime.now(UTC)
    house.firm.psa.record(an_entry(contract, changed_at=moments))
    run = await reconciled(house, contract, as_of=moments - timedelta(minutes=30))
    [late] = await found(house, run, contract)
    assert (late.type, late.money, late.is_healed) == ("LATE", usd("-1800"), True)
    house.firm.psa.entries.clear()


async def test_an_approval_that_was_taken_back_there_and_not_here_is_a_status(house: House, contract: str) -> None:
    await living(house, contract)
    house.firm.psa.record(an_entry(contract))
    await house.ran(BillTimeWorkflow.run, f"bill_time/{contract}", BillTime(system="kantata"))
    house.firm.psa.record(an_entry(contract, source_version="2026-04-21T09:00:00Z", state=ApprovalState.REJECTED))
    run = await reconciled(house, contract, is_report_only=True)
    assert [one.type for one in await found(house, run, contract) if one.comparison == "entries"] == ["STATUS"]
    house.firm.psa.entries.clear()


@pytest.mark.parametrize("ends", ["", "lost", "lost_request"])
async def test_an_invoice_that_the_erp_lost_is_posted_there_again_once(house: House, contract: str, ends: str) -> None:
    await living(house, contract)
    acceptance = an_acceptance(contract)
    await house.ran(BillMilestoneWorkflow.run, f"bill_milestone/{contract}", BillMilestone(acceptance=acceptance))
    request = ReleaseInvoice(contract=contract, run="first", through=DAYS["through"])
    await house.ran(ReleaseInvoiceWorkflow.run, f"release_invoice/{contract}", request)
    [document] = await house.firm.books.billing.documents.of(contract)
    erp = house.firm.erp
    erp.lose(document.target_id)
    if ends:
        erp.fail("post_invoice", contract, ends)
    first = await reconciled(house, contract)
    [missing] = [one for one in await found(house, first, contract) if one.comparison == "documents"]
    assert (missing.type, missing.is_healed) == ("MISSING", True)
    second = await reconciled(house, contract, 2)
    assert not [one for one in await found(house, second, contract) if one.comparison == "documents"]
    [again] = await house.firm.books.billing.documents.of(contract)
    assert again.target_id != document.target_id and again.state is document.state
    assert erp.count("post_invoice", contract) == (3 if ends == "lost_request" else 2)
    assert await house.firm.books.writes.written(f"create_invoice/{document.reference}")


async def test_what_a_system_does_not_list_is_not_taken_for_compared(house: House, contract: str) -> None:
    run = await reconciled(house, contract, is_report_only=True)
    sides = {one.comparison: one.not_compared for one in await house.firm.books.reconciliation.findings.sides(run.run)}
    assert sides["contracts"] == "salesforce does not list contract" and sides["entries"] == ""


async def test_a_backfilled_run_reconciles_the_day_of_its_scheduled_time(house: House, contract: str) -> None:
    """As in the Web UI: two evenings of last spring, each as of its own."""
    action = ScheduleActionStartWorkflow(
        ReconcileWorkflow.run,
        Reconcile(entity="US01", is_report_only=True),
        id=f"reconcile/{contract}",
        task_queue=options.WORKFLOWS,
    )
    spec = ScheduleSpec(cron_expressions=["0 0 * * *"])
    handle = await house.client.create_schedule(
        f"reconcile/{contract}", Schedule(action=action, spec=spec, state=ScheduleState(paused=True))
    )
    begins = datetime(2026, 3, 31, 23, 59, tzinfo=UTC)
    await handle.backfill(ScheduleBackfill(begins, begins + timedelta(days=1, hours=1), overlap=ScheduleOverlapPolicy.BUFFER_ALL))

    async def both() -> list[Reconciled] | None:
        started = house.client.list_workflows(f"WorkflowId STARTS_WITH 'reconcile/{contract}-'")
        ids = sorted([one.id async for one in started])
        return (
            [await house.client.get_workflow_handle(one, result_type=Reconciled).result() for one in ids]
            if len(ids) == 2
            else None
        )

    runs: list[Reconciled] = await house.until(both, "both evenings ran")
    await handle.delete()
    # Midnight UTC is the evening of the day before in New York.
    assert [run.through for run in runs] == [date(2026, 3, 31), date(2026, 4, 1)]
    assert [run.as_of.hour for run in runs] == [0, 0]
