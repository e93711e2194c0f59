"""Many at once: no item is billed twice, no account is overdrawn, nobody waits for each other in a circle."""

import asyncio
from decimal import Decimal

from canonical.billable import CreditDisposition
from canonical.billing_document import Allotment
from canonical.claim import Claimed
from canonical.errors import Failure, Rejected
from canonical.invoice import DocumentLine, Invoice
from canonical.sub_ledger import SubLedger, SubLedgerKind, Want
from ledger.database import Database
from tests.ledger.billing_firm import TODAY, WHO, Firm, an_item, usd

MANY = 16


async def test_sixteen_runs_over_the_same_items_bill_each_once(database: Database) -> None:
    firm = Firm(database, "C-runs")
    await firm.approve(*(an_item(f"runs.{n:03}") for n in range(200)))
    claims = await asyncio.gather(*(firm.bill(f"INV-runs-{n}") for n in range(MANY)))
    billed = [document for claimed in claims for document in claimed.documents]
    assert sum(document.net.amount for document in billed) == 40_000 and sum(document.items for document in billed) == 200
    assert await database.value("SELECT count(*) FROM billables WHERE contract = 'C-runs' AND billed = 200") == 200


async def test_one_run_asked_for_by_sixteen_is_one_run(database: Database) -> None:
    firm = Firm(database, "C-run")
    await firm.approve(*(an_item(f"run.{n}") for n in range(20)))
    claims: list[Claimed] = await asyncio.gather(*(firm.bill("INV-run") for _ in range(MANY)))
    assert all(claimed == claims[0] for claimed in claims)
    assert [document.items for document in claims[0].documents] == [20]


async def test_sixteen_who_allocate_the_same_items_in_any_order_bill_no_more_than_was_approved(database: Database) -> None:
    firm = Firm(database, "C-mix")
    names = [f"mix.{n:02}" for n in range(20)]
    await firm.approve(*(an_item(name, "10") for name in names))  # 2,000 each: six invoices of 300 fit, the seventh does not

    async def propose(number: int) -> bool:
        turned = names[number:] + names[:number] if number % 2 else names[::-1]
        line = DocumentLine(number=1, description="Work", amount=usd(6000))
        invoice = Invoice(
            reference=f"INV-mix-{number}", contract="C-mix", entity="US01", customer=firm.customer, currency="USD",
            invoice_date=TODAY, accounting_date=TODAY, lines=(line,), tax=usd(0),
        )  # fmt: skip
        parts = [Allotment(billable=name, line=1, amount=usd(300), quantity=Decimal("1.5")) for name in turned]
        try:
            await firm.ledger.documents.propose(invoice, parts, origin=WHO)
        except Rejected as refused:
            if refused.specific_code != "OVER_BILLED":
                raise
            return False
        return True

    assert sum(await asyncio.gather(*(propose(number) for number in range(MANY)))) == 6
    assert await database.value("SELECT count(*) FROM billables WHERE contract = 'C-mix' AND billed = 1800") == 20


async def test_sixteen_credits_of_one_invoice_take_no_more_than_was_billed(database: Database) -> None:
    firm = Firm(database, "C-cred")
    await firm.approve(an_item("cred.1", "10"), an_item("cred.2", "10"))
    await firm.bill("INV-cred")
    await firm.post("INV-cred")

    async def credit(number: int) -> bool:
        how = list(CreditDisposition)[number % 3]
        try:
            await firm.credit(f"CM-cred-{number}", "INV-cred", [("cred.1", "300", how), ("cred.2", "300", how)])
        except Rejected as refused:
            if refused.specific_code != "ALREADY_CREDITED":
                raise
            return False
        return True

    assert sum(await asyncio.gather(*(credit(number) for number in range(MANY)))) == 6
    balance = await firm.balance("cred.1")
    assert (balance.credited, balance.net) == (usd(1800), usd(200))


async def test_sixteen_who_draw_on_one_retainer_have_together_what_was_in_it(database: Database) -> None:
    firm = Firm(database, "C-pool")
    account = SubLedger(kind=SubLedgerKind.RETAINER, contract="C-pool", name="L4", currency="USD")
    await firm.ledger.sub_ledgers.open(account, origin=WHO)
    funding = Want(kind=SubLedgerKind.RETAINER, contract="C-pool", name="L4", key="signing", amount=usd(5000))
    await asyncio.gather(*(firm.ledger.sub_ledgers.fund(funding, origin=WHO) for _ in range(MANY)))
    wants = [funding.changed(key=f"draw/{n % 8}", amount=usd(700)) for n in range(MANY)]  # each told twice
    had = [taken for (taken,) in await asyncio.gather(*(firm.ledger.sub_ledgers.take([want]) for want in wants))]
    assert sorted({taken.key: taken.taken.amount for taken in had}.values()) == [100, *[700] * 7]
    assert sum(taken.is_new for taken in had) == 8
    kept = await firm.ledger.sub_ledgers.read(SubLedgerKind.RETAINER, "C-pool", "L4")
    assert kept and kept.balance == usd(0)


async def test_runs_amendments_and_withdrawals_do_not_wait_for_each_other_in_a_circle(database: Database) -> None:
    firm = Firm(database, "C-all")
    account = SubLedger(kind=SubLedgerKind.CAP, contract="C-all", name="L1", currency="USD", ceiling=usd(1_000_000))
    await firm.ledger.sub_ledgers.open(account, origin=WHO)
    same = an_item("x").work
    batches = [[an_item(f"all.{n:02}.{k}", str(1 + k), work=same) for k in range(10)] for n in range(MANY)]

    async def live(n: int) -> None:
        await firm.approve(*batches[n][:: 1 if n % 2 else -1])
        match n % 4:
            case 0:
                await firm.bill(f"INV-all-{n}")
            case 1:
                await firm.ledger.billables.freeze(f"amend/{n}", "C-all", origin=WHO)
                await firm.ledger.billables.unfreeze(f"amend/{n}", origin=WHO)
            case 2:
                gone = [(item.reference, "kantata", "9") for item in batches[n]]
                await firm.ledger.billables.withdraw(gone, "taken back", origin=WHO)
            case _:
                held = [item.reference for item in batches[n]]
                await firm.ledger.billables.hold(held, "DISPUTED", "", origin=WHO)
                await firm.ledger.billables.release(held, origin=WHO)

    outcomes = await asyncio.gather(*(live(n) for n in range(MANY)), return_exceptions=True)
    assert [one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, Failure)] == []
    assert [one for one in outcomes if isinstance(one, Failure)] == []
    used = await firm.ledger.sub_ledgers.read(SubLedgerKind.CAP, "C-all", "L1")
    billed = await database.value("SELECT sum(billed - credited) FROM billables WHERE contract = 'C-all'")
    assert used and used.balance and used.balance.amount == billed
