"""The month end on the real engine and ledger: revenue, accruals that two people decide, readiness, the calendar (S01, S19)."""

from datetime import date

import pytest

from canonical.exception import Decision
from tests.ledger.revenue_firm import APRIL, MAY, WHO, Sold, planned
from tests.workflows.house import Handle, House
from workflows.close_period import ClosePeriod, ClosePeriodWorkflow
from workflows.recognize_revenue import RecognizeRevenue, RecognizeRevenueWorkflow
from workflows.start_closes import StartClosesWorkflow

pytestmark = pytest.mark.asyncio(loop_scope="session")
JUNE = date(2026, 6, 1)


async def recognizing(house: House, entity: str, start: date, part: str = "", **more: object) -> Handle:
    request = RecognizeRevenue(entity=entity, start=start, **more)  # type: ignore[arg-type]
    return await house.began(RecognizeRevenueWorkflow.run, f"recognize_revenue/{entity}/{start:%Y-%m}{part}", request)


async def closing(house: House, entity: str, start: date) -> Handle:
    request = ClosePeriod(entity=entity, start=start)
    return await house.began(ClosePeriodWorkflow.run, f"close_period/{entity}/{start:%Y-%m}", request)


def booked(house: House, entity: str, words: str) -> list[tuple[str, str, dict[str, str]]]:
    return [one for one in house.firm.erp.booked(entity) if words in one[1] or not one[1]]


async def test_revenue_is_posted_once_and_reversed_once(house: House, contract: str) -> None:
    sold = Sold(house.firm.books, contract, "UK01")
    await sold.plan(*planned("L3", "subscription", "straight_line", (APRIL, 6_000)))
    await sold.approve("subscription", "L3", 6_000, APRIL.start, service=APRIL)
    await sold.bill(f"{contract}-april", APRIL.last)
    done = await (await recognizing(house, "UK01", APRIL.start)).result()
    assert (done.runs, done.obligations) == (["REV-UK01-2026-04-1"], 1)
    assert (await (await recognizing(house, "UK01", APRIL.start, "/again")).result()).runs == []
    first = ("2026-04-30", "REV-UK01-2026-04-1-USD", {"2300": "6000", "4020": "-6000"})
    assert booked(house, "UK01", "REV-UK01-2026-04") == [first]
    mirrored = await house.firm.books.billing.journals.of_document("REV-UK01-2026-04-1-USD")
    assert [(one.line.account, str(one.line.debit or one.line.credit)) for one in mirrored] == [
        ("2300", "6,000.00 USD"),
        ("4020", "6,000.00 USD"),
    ]
    back = await recognizing(house, "UK01", APRIL.start, "/back", reverse=True, reason="the wrong month")
    assert (await back.result()).runs == ["REV-UK01-2026-04-1"]
    assert ("2026-04-30", "", {"2300": "-6000", "4020": "6000"}) in booked(house, "UK01", "REV-UK01-2026-04")
    anew = await (await recognizing(house, "UK01", APRIL.start, "/anew")).result()
    assert list(anew.journals) == ["REV-UK01-2026-04-2-USD"]


async def test_work_that_nobody_measured_is_work_for_people_and_the_rest_goes_on(house: House, contract: str) -> None:
    sold = Sold(house.firm.books, contract, "DE01")
    await sold.plan(
        *planned("L1", "fixed_fee", "over_time_by_hours", (APRIL, 1_000)),
        *planned("L3", "subscription", "straight_line", (APRIL, 50)),
    )
    done = await (await recognizing(house, "DE01", APRIL.start)).result()
    assert (done.obligations, done.unmeasured) == (1, 1)
    case = await house.case(contract, "PROGRESS_MISSING")
    assert (case.subject, str(case.money_amount)) == (f"{contract}.L1", "1000")
    await sold.measure("L1", 25, 100, APRIL.last)
    done = await (await recognizing(house, "DE01", APRIL.start, "/measured")).result()
    assert (done.obligations, done.unmeasured) == (1, 0)
    assert await house.cases(contract) == []
    assert [lines for _, _, lines in booked(house, "DE01", "REV")] == [
        {"1150": "50", "4020": "-50"},
        {"1150": "250.00", "4010": "-250.00"},
    ]


async def test_a_journal_that_is_refused_and_rejected_counts_for_nothing(house: House, contract: str) -> None:
    await Sold(house.firm.books, contract, "IN01").plan(*planned("L3", "subscription", "straight_line", (APRIL, 70)))
    house.firm.erp.fail("post_journal", "REV-IN01", "rejected")
    handle = await recognizing(house, "IN01", APRIL.start)
    await house.settle("", "REJECTED", Decision.REJECT, subject="post_REV-IN01-2026-04-1-USD")
    assert (await handle.result()).is_rejected
    [run] = await house.firm.books.billing.revenue.runs("IN01")
    assert (run.state, booked(house, "IN01", "REV")) == ("withdrawn", [])
    assert (await (await recognizing(house, "IN01", APRIL.start, "/again")).result()).runs == ["REV-IN01-2026-04-2"]


async def test_an_accrual_is_posted_as_it_was_approved_and_reversed_once(house: House, contract: str) -> None:
    sold = Sold(house.firm.books, contract, "DE01")
    await sold.plan(*planned("L2", "time_and_materials", "as_billed", (MAY, 500)))
    await sold.approve("time", "L2", 300, date(2026, 6, 12))
    handle = await closing(house, "DE01", JUNE)
    case = await house.case("", "ACCRUAL_PROPOSED", "ACCR-DE01-2026-06-USD-1")
    assert case.money_amount == 300 and "1 items" in case.sentence
    await sold.approve("time", "L2", 40, date(2026, 6, 13), number=2)  # the work changes while people look
    await house.settle("", "ACCRUAL_PROPOSED", Decision.OVERRIDE, subject="ACCR-DE01-2026-06-USD-1")
    await house.settle("", "ACCRUAL_PROPOSED", Decision.OVERRIDE, subject="ACCR-DE01-2026-06-USD-2")
    done = await handle.result()
    assert (list(done.journals), done.hindrances) == (["ACCR-DE01-2026-06-USD-2"], [])
    found = booked(house, "DE01", "ACCR")
    assert ("2026-06-30", "ACCR-DE01-2026-06-USD-2", {"1150": "340", "4000": "-340"}) in found
    assert ("2026-07-01", "", {"1150": "-340", "4000": "340"}) in found
    mirrored = await house.firm.books.billing.journals.of_document("ACCR-DE01-2026-06-USD-2.reversal")
    assert [str(one.posted_on) for one in mirrored] == ["2026-07-01", "2026-07-01"]
    again = await (await closing(house, "DE01", JUNE)).result()
    assert (again.journals, house.firm.erp.count("post_journal", "ACCR-DE01")) == ({}, 1)
    state = await house.firm.books.billing.closing.state("DE01", JUNE)
    assert state and state.state == "done"


async def test_what_stands_in_the_way_waits_for_the_controller(house: House, contract: str) -> None:
    sold = Sold(house.firm.books, contract, "IN01")
    await sold.plan(*planned("L2", "time_and_materials", "as_billed", (MAY, 500)))
    held = await sold.approve("time", "L2", 90, date(2026, 6, 12))
    await house.firm.books.billing.billables.hold([held], "PO_EXHAUSTED", "4500-1", origin=WHO)
    handle = await closing(house, "IN01", JUNE)
    case = await house.case("", "CLOSE_NOT_READY", "IN01.2026-06")
    assert "90.00 USD is held under PO_EXHAUSTED" in case.sentence
    await house.settle("", "CLOSE_NOT_READY", Decision.OVERRIDE, subject="IN01.2026-06")
    assert len((await handle.result()).hindrances) == 1


async def test_an_accrual_that_is_rejected_stays_a_hindrance(house: House, contract: str) -> None:
    sold = Sold(house.firm.books, contract, "UK01")
    await sold.plan(*planned("L2", "time_and_materials", "as_billed", (MAY, 500)))
    await sold.approve("time", "L2", 10, date(2026, 6, 12))
    handle = await closing(house, "UK01", JUNE)
    await house.settle("", "ACCRUAL_PROPOSED", Decision.REJECT, subject="ACCR-UK01-2026-06-USD-1")
    await house.settle("", "CLOSE_NOT_READY", Decision.OVERRIDE, subject="UK01.2026-06")
    assert "10.00 USD is approved, not billed and not accrued" in (await handle.result()).hindrances[0]


async def test_the_calendar_begins_what_is_due_and_nothing_twice(house: House) -> None:
    first = await (await house.began(StartClosesWorkflow.run, "start_closes/1")).result()
    begun = {name.split("/")[1] for name in first.started}
    assert begun == {"DE01", "IN01", "UK01", "US01"}

    async def all_begun() -> bool:
        again = await (await house.ran(StartClosesWorkflow.run, "start_closes/2")).result()
        return not again.started

    await house.until(all_begun, "every close is known")
