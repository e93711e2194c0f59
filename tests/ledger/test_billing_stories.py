"""Acceptance scenarios as the ledger sees them: S05 to S09, S14 to S16, with their amounts."""

from datetime import date
from decimal import Decimal

import pytest

from canonical.billable import BillableKind, CreditDisposition
from canonical.errors import Rejected
from canonical.invoice import InvoiceState
from canonical.sub_ledger import SubLedgerKind, Want
from ledger.database import Database
from tests.ledger.billing_firm import WHO, Firm, a_limit, a_retainer, an_item, nets, retainer, usd, used

WRITTEN_OFF, REOPENED = CreditDisposition.WRITTEN_OFF, CreditDisposition.REOPENED


async def test_s06_a_partial_credit_reopens_only_the_credited_entries(database: Database) -> None:
    firm = Firm(database, "C-S06")
    await firm.approve(an_item("s06.1", "4.5", day=date(2026, 6, 15)), an_item("s06.2", "3.5", day=date(2026, 7, 23)))
    assert nets(await firm.bill("INV-S06", date(2026, 7, 31))) == ["1600.00"]
    await firm.post("INV-S06")
    await firm.credit("CM-S06", "INV-S06", [("s06.2", "", REOPENED)])
    assert (await firm.ledger.documents.read("CM-S06")).net == usd(700)
    await firm.approve(an_item("s06.3", "1", day=date(2026, 7, 31)))
    claimed = await firm.bill("INV-S06-2", date(2026, 7, 31))
    assert nets(claimed) == ["900.00"]
    (line,) = (await firm.ledger.documents.invoice("INV-S06-2")).lines
    assert (line.quantity, line.amount, line.items, line.billables) == (Decimal("4.5"), usd(900), 2, ("s06.2", "s06.3"))
    balances = [await firm.balance(f"s06.{n}") for n in (1, 2, 3)]
    assert [str(one.net) for one in balances] == ["900.00 USD", "700.00 USD", "200.00 USD"]
    assert nets(await firm.bill("INV-S06-3", date(2026, 7, 31))) == []


async def test_s08_crediting_an_invoice_gives_its_draw_back_to_the_retainer(database: Database) -> None:
    firm = Firm(database, "C-S08")
    await a_retainer(firm, "5000")
    await firm.approve(an_item("s08.1", "40"), an_item("s08.2", "10"))
    assert nets(await firm.bill("INV-S08")) == ["10000.00"]
    drawn = await firm.ledger.credits.draw("INV-S08", "C-S08", "L4", usd(1000), words="Retainer", account="2350")
    assert drawn and (drawn.taken, drawn.balance) == (usd(1000), usd(4000))
    again = await firm.ledger.credits.draw("INV-S08", "C-S08", "L4", usd(1000), words="Retainer", account="2350")
    assert again and (again.taken, again.is_new) == (usd(1000), False)
    invoice = await firm.ledger.documents.invoice("INV-S08")
    assert (invoice.net, [str(line.amount) for line in invoice.lines]) == (usd(9000), ["10,000.00 USD", "-1,000.00 USD"])
    await firm.post("INV-S08")
    await firm.credit("CM-S08", "INV-S08")
    assert await retainer(firm) == "5,000.00 USD"
    memo = await firm.ledger.documents.credit_memo("CM-S08")
    assert [(line.kind, str(line.amount), line.account) for line in memo.lines] == [
        ("charge", "10,000.00 USD", ""), ("retainer_draw", "-1,000.00 USD", "2350"),
    ]  # fmt: skip
    assert memo.total == usd(9000)
    await firm.post("CM-S08")
    assert (await firm.ledger.documents.read("INV-S08")).state is InvoiceState.CREDITED
    assert nets(await firm.bill("INV-S08-2")) == ["10000.00"]
    assert nets(await firm.bill("INV-S08-3")) == []


async def test_a_partial_credit_is_of_money_first_and_of_the_retainer_last(database: Database) -> None:
    firm = Firm(database, "C-first")
    await a_retainer(firm, "5000")
    await firm.approve(an_item("first.1", "40"), an_item("first.2", "10"))
    await firm.bill("INV-first")
    await firm.ledger.credits.draw("INV-first", "C-first", "L4", usd(5000), words="Retainer", account="2350")
    await firm.post("INV-first")
    await firm.credit("CM-first-1", "INV-first", [("first.2", "", REOPENED)])
    assert await retainer(firm) == "0.00 USD"
    await firm.credit("CM-first-2", "INV-first", [("first.1", "4000", REOPENED)])
    assert await retainer(firm) == "1,000.00 USD"
    assert (await firm.ledger.documents.read("CM-first-2")).net == usd(3000)
    await firm.credit("CM-first-3", "INV-first")
    assert await retainer(firm) == "5,000.00 USD"


async def test_a_credited_funding_leaves_the_retainer_and_comes_back_if_the_credit_is_undone(database: Database) -> None:
    firm = Firm(database, "C-unfund")
    await a_retainer(firm, "0.01")
    signing = an_item("unfund.signing", "1", "5000", kind=BillableKind.RETAINER, line="L4", unit="")
    await firm.approve(signing, an_item("unfund.1", "5"))
    await firm.bill("INV-unfund")
    await firm.post("INV-unfund")
    want = Want(
        kind=SubLedgerKind.RETAINER,
        contract="C-unfund",
        name="L4",
        key="fund/INV-unfund",
        amount=usd(5000),
        document="INV-unfund",
    )
    await firm.ledger.sub_ledgers.fund(want, origin=WHO)
    await firm.credit("CM-unfund-1", "INV-unfund", [("unfund.signing", "1500", REOPENED)])
    assert await retainer(firm) == "3,500.01 USD"
    await firm.ledger.documents.move("CM-unfund-1", InvoiceState.HELD, code="ERP_REFUSED", origin=WHO)
    await firm.ledger.documents.withdraw("CM-unfund-1", "the ERP refused it", origin=WHO)
    assert await retainer(firm) == "5,000.01 USD"
    await firm.approve(an_item("unfund.2", "5"))
    await firm.bill("INV-unfund-2")
    await firm.ledger.credits.draw("INV-unfund-2", "C-unfund", "L4", usd(1000), words="Retainer", account="2350")
    await firm.post("INV-unfund-2")
    with pytest.raises(Rejected) as refused:
        await firm.credit("CM-unfund-2", "INV-unfund", [("unfund.signing", "", REOPENED)])
    assert refused.value.specific_code == "RETAINER_EXHAUSTED"
    assert (await firm.balance("unfund.signing")).net == usd(5000)
    await firm.credit("CM-unfund-3", "INV-unfund-2")
    await firm.credit("CM-unfund-4", "INV-unfund")
    assert await retainer(firm) == "0.01 USD"


async def test_a_credit_of_work_gives_back_what_a_retainer_paid_also_where_the_invoice_tops_it_up(database: Database) -> None:
    firm = Firm(database, "C-topped")
    await a_retainer(firm, "5000")
    await firm.approve(
        an_item("topped.1", "39.25", line="L4"),
        an_item("topped.up", "1", "20000", kind=BillableKind.RETAINER, line="L4", unit=""),
    )
    await firm.bill("INV-topped")
    await firm.ledger.credits.draw("INV-topped", "C-topped", "L4", usd(5000), words="Retainer", account="2350")
    await firm.post("INV-topped")
    await firm.credit("CM-topped", "INV-topped", [("topped.1", "", REOPENED)])
    assert (await firm.ledger.documents.read("CM-topped")).net == usd(2850)
    assert await retainer(firm) == "5,000.00 USD"


async def test_s09_a_retainer_is_drawn_to_its_end_and_asks_once_for_more(database: Database) -> None:
    firm = Firm(database, "C-S09")
    await a_retainer(firm, "5000")
    await firm.approve(an_item("s09.1", "39.25"))
    await firm.bill("INV-S09")
    for _ in range(2):
        drawn = await firm.ledger.credits.draw("INV-S09", "C-S09", "L4", usd(7850), words="Retainer", account="2350")
        assert drawn and (drawn.taken, drawn.short, drawn.balance) == (usd(5000), usd(2850), usd(0))
        assert drawn.crossed_threshold and drawn.agreed == usd(20000)
    assert (await firm.ledger.documents.read("INV-S09")).net == usd(2850)
    assert drawn
    top_up = Want(kind=SubLedgerKind.RETAINER, contract="C-S09", name="L4", key="top-up/INV-S09", amount=drawn.agreed)
    for _ in range(2):
        await firm.ledger.sub_ledgers.fund(top_up, origin=WHO)
    assert await retainer(firm) == "20,000.00 USD"
    moves = await firm.ledger.sub_ledgers.moves(SubLedgerKind.RETAINER, "C-S09", "L4")
    assert [str(one.balance) for one in moves] == ["5,000.00 USD", "0.00 USD", "20,000.00 USD"]


async def test_s14_a_purchase_order_is_filled_to_its_end_and_the_rest_waits(database: Database) -> None:
    firm = Firm(database, "C-S14")
    await a_limit(firm, SubLedgerKind.PURCHASE_ORDER, "4500-1", "60000", "52000")
    items = [an_item(f"s14.{n}", "9.5", purchase_order="4500-1", day=date(2026, 4, n)) for n in range(1, 6)]
    await firm.approve(*items, an_item("s14.b", "5", purchase_order="4500-2", day=date(2026, 4, 9)))
    claimed = await firm.bill("INV-S14", date(2026, 4, 30))
    assert [(one.reference, one.purchase_order, str(one.net)) for one in claimed.documents] == [
        ("INV-S14-1", "4500-1", "8,000.00 USD"), ("INV-S14-2", "4500-2", "1,000.00 USD"),
    ]  # fmt: skip
    assert [(one.code, one.name, one.amount, one.items) for one in claimed.left] == [("PO_EXHAUSTED", "4500-1", usd(1500), 1)]
    assert await used(firm, SubLedgerKind.PURCHASE_ORDER, "4500-1") == "60,000.00 USD"
    assert nets(await firm.bill("INV-S14-again", date(2026, 4, 30))) == []
    assert await firm.bill("INV-S14", date(2026, 4, 30)) == claimed
    await a_limit(firm, SubLedgerKind.PURCHASE_ORDER, "4500-1", "61000")
    assert nets(await firm.bill("INV-S14-more", date(2026, 4, 30))) == ["1000.00"]
    with pytest.raises(Rejected, match="more would be used"):
        await a_limit(firm, SubLedgerKind.PURCHASE_ORDER, "4500-1", "60999.99")
    await firm.post("INV-S14-1")
    await firm.credit("CM-S14", "INV-S14-1", [("s14.1", "", REOPENED)])
    assert await used(firm, SubLedgerKind.PURCHASE_ORDER, "4500-1") == "59,100.00 USD"


@pytest.mark.parametrize(("hours", "billed"), [("40.00495", "8000.99"), ("40.005", "8000.00")])
async def test_s14_a_tolerance_takes_what_then_fits_whole(database: Database, hours: str, billed: str) -> None:
    firm = Firm(database, f"C-S14-{hours}")
    await a_limit(firm, SubLedgerKind.PURCHASE_ORDER, "4500-1", "60000", "52000", "0.99")
    await firm.approve(an_item(f"s14-{hours}.1", hours, purchase_order="4500-1"))
    assert nets(await firm.bill(f"INV-{hours}")) == [billed]


async def test_s05_a_cap_bills_what_it_has_room_for(database: Database) -> None:
    firm = Firm(database, "C-S05")
    await a_limit(firm, SubLedgerKind.CAP, "L1", "50000", "48000")
    await a_limit(firm, SubLedgerKind.PURCHASE_ORDER, "4500", "2200")
    delta = an_item("s05.delta", kind=BillableKind.RATE_DELTA, amount=usd("2287.50"), rate=None, purchase_order="4500")
    await firm.approve(delta, an_item("s05.1", "1.5", line="L2", purchase_order="4500", day=date(2026, 6, 16)))
    claimed = await firm.bill("INV-S05")
    assert nets(claimed) == ["2200.00"]
    left = [(one.code, one.name, one.amount) for one in claimed.left]
    assert left == [("CAP_EXCEEDED", "L1", usd("287.50")), ("PO_EXHAUSTED", "4500", usd(100))]
    assert await used(firm, SubLedgerKind.CAP, "L1") == "50,000.00 USD"
    await firm.ledger.documents.withdraw("INV-S05", "wrong month", origin=WHO)
    assert await used(firm, SubLedgerKind.CAP, "L1") == "48,000.00 USD"
    assert await used(firm, SubLedgerKind.PURCHASE_ORDER, "4500") == "0.00 USD"
    assert (await firm.balance("s05.delta")).open == usd("2287.50")


async def test_s15_what_is_approved_later_is_billed_later_each_entry_once(database: Database) -> None:
    firm = Firm(database, "C-S15")
    await firm.approve(*(an_item(f"s15.{n}", "8", "180") for n in range(3)))
    assert nets(await firm.bill("INV-S15-1")) == ["4320.00"]
    await firm.approve(an_item("s15.3", "8", "180"))
    assert nets(await firm.bill("INV-S15-2")) == ["1440.00"]
    await firm.approve(an_item("s15.4", "6", "180", source_version="2026-07-01"))
    assert nets(await firm.bill("INV-S15-3")) == ["1080.00"]
    assert nets(await firm.bill("INV-S15-4")) == []


async def test_s16_what_is_written_off_is_not_billed_again(database: Database) -> None:
    firm = Firm(database, "C-S16")
    await firm.approve(an_item("s16.1", "63"), an_item("s16.2", "12"))
    assert nets(await firm.bill("INV-S16")) == ["15000.00"]
    await firm.post("INV-S16")
    await firm.ledger.disputes.open("DISP-1", "INV-S16", usd(2400), "12 h are contested", item="s16.2", origin=WHO)
    (exposure,) = await firm.ledger.receivables.exposure(firm.customer, as_of=date(2026, 9, 1))
    assert (exposure.open, exposure.disputed) == (usd(15000), usd(2400))
    await firm.credit("CM-S16", "INV-S16", [("s16.2", "1400", WRITTEN_OFF)])
    await firm.ledger.disputes.settle("DISP-1", usd(1400), "7 h for the client", origin=WHO)
    assert await firm.ledger.disputes.list(document="INV-S16") == []
    balance = await firm.balance("s16.2")
    assert (balance.net, balance.closed, balance.open) == (usd(1000), usd(1400), usd(0))
    assert nets(await firm.bill("INV-S16-2")) == []
    with pytest.raises(Rejected) as refused:
        await firm.credit("CM-S16-2", "INV-S16", [("s16.2", "1000.01", REOPENED)])
    assert refused.value.specific_code == "ALREADY_CREDITED"


async def test_s07_a_credit_and_rebill_leaves_history_with_both(database: Database) -> None:
    firm = Firm(database, "C-S07")
    await firm.approve(an_item("s07.1", "200"))
    await firm.bill("INV-S07")
    await firm.post("INV-S07")
    for state in (InvoiceState.PAID, InvoiceState.PAID):
        await firm.ledger.documents.move("INV-S07", state, origin=WHO)
    await firm.credit("CM-S07", "INV-S07")
    await firm.post("CM-S07")
    await firm.bill("INV-S07-2")
    assert await firm.ledger.traces.of_item("s07.1") == ["INV-S07", "CM-S07", "INV-S07-2"]
    trace = await firm.ledger.traces.of_document("NS-INV-S07", line=1)
    assert trace and trace.total == 1
    assert [(one.line.number, one.line.amount) for one in trace.lines] == [(1, trace.net)]
    (item,) = trace.items
    assert (item.billable.work.approved_by, item.billable.rate_version, item.billable.evidence) == (
        "boss",
        "RC-1/1",
        {"clause": "4.2"},
    )
    assert [(one.document, one.number, one.amount) for one in item.credits] == [("CM-S07", "NS-CM-S07", usd(40000))]


async def test_a_price_adjustment_closes_money_and_no_hours(database: Database) -> None:
    firm = Firm(database, "C-price")
    await firm.approve(an_item("price.1", "80", "225"))
    await firm.bill("INV-price")
    await firm.post("INV-price")
    await firm.credit("CM-price", "INV-price", [("price.1", "1200", CreditDisposition.PRICE_ADJUSTMENT)])
    (standing,) = await firm.ledger.documents.allocations("INV-price")
    assert (standing.left, standing.left_quantity) == (usd(16800), Decimal(80))
    assert nets(await firm.bill("INV-price-2")) == []


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
async def test_what_a_limit_has_room_for_does_not_depend_on_which_item_came_first(
    database: Database, order: tuple[int, int, int]
) -> None:
    named = "".join(map(str, order))
    firm = Firm(database, f"C-ORDER-{named}")
    await a_limit(firm, SubLedgerKind.PURCHASE_ORDER, "4500-1", "700")
    for number in order:
        await firm.approve(an_item(f"order-{named}.{number}", "2", purchase_order="4500-1"))
    assert nets(await firm.bill(f"INV-ORDER-{named}")) == ["700.00"]
    balances = [await firm.balance(f"order-{named}.{number}") for number in (1, 2, 3)]
    assert [str(one.net) for one in balances] == ["400.00 USD", "300.00 USD", "0.00 USD"]
