"""What a month end waits for by itself, and what it leaves to a person (S19)."""

import asyncio
from datetime import date

from activities.charging import ChargingActivities, PostCharges
from activities.closing import CloseActivities, CloseMonth
from canonical.engagement import EngagementRow
from ledger.database import Database
from tests.activities.firm import Firm, an_origin, quick_books
from tests.ledger.billing_firm import Firm as BillingFirm
from tests.ledger.billing_firm import an_item


async def test_a_write_that_nobody_is_making_any_more_is_left_to_a_person_at_once(database: Database) -> None:
    firm = Firm(quick_books(database))
    await database.execute(
        "INSERT INTO effects (key, kind, system, state, sent_at, lease_until)"
        " VALUES ('left/1', 'invoice', 'netsuite', 'calling', clock_timestamp(), clock_timestamp() - interval '1 minute')"
    )
    month = CloseMonth(origin=an_origin(""), entity="UK01", start=date(2026, 4, 1), lets_end=True)
    async with asyncio.timeout(20):
        found = await firm.run(CloseActivities.judge_close, month)
    assert not found.is_under_way and any("calling" in one for one in found.hindrances)
    await database.execute("UPDATE effects SET state = 'closed' WHERE key = 'left/1'")


async def test_a_write_that_is_being_made_may_end_before_a_month_is_judged(database: Database) -> None:
    contract, start = "C-CLOSE-1", date(2026, 4, 1)
    firm = Firm(quick_books(database))
    firm.sell(contract)
    await firm.judged(contract)
    await firm.books.engagements.update(EngagementRow(reference=contract, targets={"erp_project": "P-1"}))
    await BillingFirm(database, contract).approve(an_item(f"{contract}.1", "8"))
    held = firm.erp.hold("post_charges", contract)
    posting = asyncio.create_task(firm.run(ChargingActivities.post_charges, PostCharges(origin=an_origin(""), system="netsuite")))
    assert held.gate is not None
    await held.entered.wait()
    month = CloseMonth(origin=an_origin(""), entity="US01", start=start)
    seen = await firm.run(CloseActivities.judge_close, month)
    assert seen.is_under_way and any("calling" in one for one in seen.hindrances)
    judging = asyncio.create_task(firm.run(CloseActivities.judge_close, month.model_copy(update={"lets_end": True})))
    done, _ = await asyncio.wait([judging], timeout=0.5)
    assert not done, "it waits"
    held.gate.set()
    assert (await posting).items == 1
    assert not (await judging).is_under_way
