"""The paths of the month end as short stories, beside those of the sagas."""

from canonical.exception import Decision
from tests.ledger.revenue_firm import APRIL, MAY, Sold, planned
from tests.replay.stories import story
from tests.workflows.house import Handle, House
from workflows.close_period import ClosePeriod, ClosePeriodWorkflow
from workflows.judge_close import JudgeClose, JudgeCloseWorkflow
from workflows.recognize_revenue import RecognizeRevenue, RecognizeRevenueWorkflow
from workflows.start_closes import StartClosesWorkflow


async def a_month(house: House, contract: str, entity: str) -> Sold:
    sold = Sold(house.firm.books, contract, entity)
    await sold.plan(*planned("L3", "subscription", "straight_line", (APRIL, 6_000)))
    return sold


@story
async def recognize_revenue(house: House, contract: str) -> Handle:
    await a_month(house, contract, "UK01")
    request = RecognizeRevenue(entity="UK01", start=APRIL.start)
    return await house.ran(RecognizeRevenueWorkflow.run, f"recognize_revenue/{contract}", request)


@story
async def recognize_revenue_that_is_rejected(house: House, contract: str) -> Handle:
    await a_month(house, contract, "IN01")
    house.firm.erp.fail("post_journal", "REV-IN01", "rejected")
    request = RecognizeRevenue(entity="IN01", start=APRIL.start)
    handle = await house.began(RecognizeRevenueWorkflow.run, f"recognize_revenue/{contract}", request)
    await house.settle("", "REJECTED", Decision.REJECT)
    await handle.result()
    return handle


@story
async def recognize_revenue_reversed(house: House, contract: str) -> Handle:
    await a_month(house, contract, "DE01")
    request = RecognizeRevenue(entity="DE01", start=APRIL.start)
    await house.ran(RecognizeRevenueWorkflow.run, f"recognize_revenue/{contract}", request)
    back = request.model_copy(update={"reverse": True, "reason": "the wrong month"})
    return await house.ran(RecognizeRevenueWorkflow.run, f"recognize_revenue/{contract}/back", back)


@story
async def close_period_with_an_accrual(house: House, contract: str) -> Handle:
    sold = await a_month(house, contract, "DE01")
    await sold.approve("time", "L2", 300, MAY.last)
    request = ClosePeriod(entity="DE01", start=MAY.start)
    handle = await house.began(ClosePeriodWorkflow.run, f"close_period/{contract}", request)
    await house.settle("", "ACCRUAL_PROPOSED", Decision.OVERRIDE)
    await handle.result()
    return handle


@story
async def close_period_that_is_not_ready(house: House, contract: str) -> Handle:
    sold = await a_month(house, contract, "UK01")
    await sold.approve("time", "L2", 300, MAY.last)
    request = ClosePeriod(entity="UK01", start=MAY.start)
    handle = await house.began(ClosePeriodWorkflow.run, f"close_period/{contract}", request)
    await house.settle("", "ACCRUAL_PROPOSED", Decision.REJECT)
    await house.settle("", "CLOSE_NOT_READY", Decision.RETRY)
    await house.settle("", "ACCRUAL_PROPOSED", Decision.REJECT)
    await house.settle("", "CLOSE_NOT_READY", Decision.OVERRIDE)
    await handle.result()
    return handle


@story
async def judge_close(house: House, contract: str) -> Handle:
    await a_month(house, contract, "DE01")
    request = JudgeClose(entity="DE01", start=APRIL.start)
    return await house.ran(JudgeCloseWorkflow.run, f"judge_close/{contract}", request)


@story
async def start_closes(house: House, contract: str) -> Handle:
    return await house.ran(StartClosesWorkflow.run, f"start_closes/{contract}")
