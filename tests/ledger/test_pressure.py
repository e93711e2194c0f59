"""What waits and the money at risk: an item counts once, from its approval to the posting of its invoice (S19)."""

from ledger.database import Database
from tests.ledger.billing_firm import Firm, an_item, usd


async def at_risk(firm: Firm, entity: str) -> list[tuple[int, str]]:
    found = await firm.ledger.pressure.read()
    return [(one.items, str(one.amount.amount)) for one in found.at_risk if one.entity == entity]


async def test_what_is_approved_is_at_risk_until_its_invoice_is_posted(database: Database) -> None:
    firm, entity = Firm(database, "C-risk"), "PR01"
    await firm.approve(*(an_item(f"risk.{n}", "5", "170", entity=entity) for n in range(3)))
    assert await at_risk(firm, entity) == [(3, "2550.00")]
    await firm.bill("INV-C-risk")
    assert await at_risk(firm, entity) == [(3, "2550.00")], "billed and not posted is at risk all the same"
    await firm.post("INV-C-risk")
    assert await at_risk(firm, entity) == []


async def test_charges_wait_until_their_batch_is_posted_and_the_drain_is_told_by_what_went(database: Database) -> None:
    firm, entity = Firm(database, "C-drain"), "PR02"
    before = (await firm.ledger.pressure.read()).charges_waiting
    await firm.approve(*(an_item(f"drain.{n}", entity=entity) for n in range(40)))
    scopes = [(one.region, one.day) for one in await firm.ledger.charges.waiting() if one.entity == entity]
    first, _ = await firm.ledger.charges.claim("netsuite", entity, scopes, size=20, most=1_000)
    assert (await firm.ledger.pressure.read()).charges_waiting == before + 40
    await firm.ledger.charges.posted(first.reference, {})
    found = await firm.ledger.pressure.read()
    assert found.charges_waiting == before + 20 and found.a_minute >= 20
    assert found.drains_in is not None and found.drains_in.total_seconds() > 0
    assert sum((one.amount for one in found.at_risk if one.entity == entity), start=usd(0)) == usd(8000)
