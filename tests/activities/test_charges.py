"""Charges whose answer is lost while their work takes another rate: the same charge, at its new amount (S05, S20)."""

from contextlib import suppress

import pytest

from activities.charge_round import ChargesPosted
from activities.charging import ChargingActivities, PostCharges
from canonical.engagement import EngagementRow
from canonical.errors import Failure, OutcomePending
from ledger.database import Database
from tests.activities.firm import Firm, an_origin, quick_books
from tests.ledger.billing_firm import Firm as BillingFirm
from tests.ledger.billing_firm import an_item, usd


async def asked_again(firm: Firm, post: PostCharges) -> ChargesPosted:
    """Until it is known what became of it: what was never sent is looked for twice."""
    for _ in range(2):
        await firm.make_due()
        with suppress(OutcomePending):
            return await firm.run(ChargingActivities.post_charges, post)
    await firm.make_due()
    return await firm.run(ChargingActivities.post_charges, post)


@pytest.mark.parametrize("ends", ["lost", "lost_request"])
async def test_a_new_rate_between_a_lost_answer_and_the_second_asking_is_no_other_charge(database: Database, ends: str) -> None:
    contract = f"C-CH-{ends}"
    firm, ours = Firm(quick_books(database)), BillingFirm(database, contract)
    firm.sell(contract)
    await firm.judged(contract)
    await firm.books.engagements.update(EngagementRow(reference=contract, targets={"erp_project": "P-1"}))
    work = an_item(f"{contract}.1", "8")
    await ours.approve(work)
    firm.erp.fail("post_charges", contract, ends)
    post = PostCharges(origin=an_origin(""), system="netsuite")
    with pytest.raises(Failure):
        await firm.run(ChargingActivities.post_charges, post)
    dearer = {"rate": usd(240), "rate_version": "RC-1.v2", "amount": usd(1920)}
    await ours.approve(work.model_copy(update=dearer), anew=True)
    done = await asked_again(firm, post)
    assert (done.items, done.revised, done.refused) == (1, 1, [])
    assert firm.erp.charges[work.reference].billable.amount == usd(1920)
    assert {state for key, state in (await firm.effects("")).items() if contract in key} == {"written"}
