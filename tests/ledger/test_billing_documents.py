"""Documents on their way: lines as policy asks, tax and accounts, drafts withdrawn, credits that the ERP refused."""

from datetime import date
from decimal import Decimal

import pytest

from canonical.billable import BillableKind, CreditDisposition
from canonical.billing_document import LineTerms
from canonical.claim import GroupBy
from canonical.errors import KeyReusedWithDifferentContent, MoveRefused, Rejected, RuleBroken
from canonical.invoice import CreditedAllocation, CreditMemo, DocumentRecord, DocumentState, InvoiceState, LineKind
from canonical.rules.document_rounding import rounding_lines
from canonical.sub_ledger import SubLedgerKind
from ledger.database import Database
from tests.ledger.billing_firm import TODAY, WHO, Firm, a_limit, a_retainer, an_item, nets, retainer, usd, used

WRITTEN_OFF, REOPENED = CreditDisposition.WRITTEN_OFF, CreditDisposition.REOPENED


async def test_a_draft_that_is_withdrawn_leaves_nothing_behind(database: Database) -> None:
    firm = Firm(database, "C-draft")
    await a_retainer(firm, "5000")
    await firm.approve(an_item("draft.1", "8"))
    await firm.bill("INV-draft")
    await firm.ledger.credits.draw("INV-draft", "C-draft", "L4", usd(9999), words="Retainer", account="2350")
    for _ in range(2):
        document = await firm.ledger.documents.withdraw("INV-draft", "not yet", origin=WHO)
        assert document.state is InvoiceState.WITHDRAWN
    balance = await firm.balance("draft.1")
    assert (balance.billed, balance.credited, balance.open) == (usd(0), usd(0), usd(1600))
    assert await retainer(firm) == "5,000.00 USD"
    await firm.bill("INV-draft-2")
    await firm.post("INV-draft-2")
    with pytest.raises(MoveRefused, match="is posted and cannot become withdrawn"):
        await firm.ledger.documents.withdraw("INV-draft-2", "too late", origin=WHO)
    assert (await firm.balance("draft.1")).net == usd(1600)


async def test_a_credit_that_the_erp_refused_is_undone_unless_its_items_are_billed_again(database: Database) -> None:
    firm = Firm(database, "C-undo")
    await a_limit(firm, SubLedgerKind.CAP, "L1", "5000")
    await firm.approve(an_item("undo.1", "8"), an_item("undo.2", "2"))
    await firm.bill("INV-undo")
    await firm.post("INV-undo")
    await firm.credit("CM-undo", "INV-undo", [("undo.1", "", REOPENED), ("undo.2", "", WRITTEN_OFF)])
    assert await used(firm, SubLedgerKind.CAP, "L1") == "0.00 USD"
    await firm.ledger.documents.move("CM-undo", InvoiceState.HELD, code="ERP_REFUSED", origin=WHO)
    await firm.ledger.documents.withdraw("CM-undo", "the ERP refused it", origin=WHO)
    assert await used(firm, SubLedgerKind.CAP, "L1") == "2,000.00 USD"
    for name, net in (("undo.1", 1600), ("undo.2", 400)):
        balance = await firm.balance(name)
        assert (balance.net, balance.credited, balance.closed) == (usd(net), usd(0), usd(0))
    await firm.credit("CM-undo-2", "INV-undo")
    await firm.bill("INV-undo-2")
    await firm.ledger.documents.move("CM-undo-2", InvoiceState.HELD, code="ERP_REFUSED", origin=WHO)
    with pytest.raises(Rejected):
        await firm.ledger.documents.withdraw("CM-undo-2", "the ERP refused it", origin=WHO)
    assert (await firm.ledger.documents.read("CM-undo-2")).state is InvoiceState.HELD


async def test_what_was_not_released_is_not_posted_and_a_number_is_told_once(database: Database) -> None:
    firm = Firm(database, "C-post")
    await firm.approve(an_item("post.1"))
    await firm.bill("INV-post")
    record = DocumentRecord(
        target_id="77", number="NS-77", state=DocumentState.OPEN, net=usd(200), tax=usd(0), total=usd(200), open=usd(200),
    )  # fmt: skip
    with pytest.raises(MoveRefused, match="is proposed and cannot become posted"):
        await firm.ledger.documents.posted("INV-post", record, system="erp", origin=WHO)
    assert (await firm.ledger.documents.read("INV-post")).target_id == ""
    await firm.ledger.documents.move("INV-post", InvoiceState.RELEASED, origin=WHO)
    await firm.ledger.documents.posted("INV-post", record, system="erp", origin=WHO)
    await firm.ledger.documents.move("INV-post", InvoiceState.PAID, origin=WHO)
    again = await firm.ledger.documents.posted("INV-post", record.changed(number="NS-78"), system="erp", origin=WHO)
    assert (again.number, again.target_id, again.state) == ("NS-77", "77", InvoiceState.PAID)
    await firm.approve(an_item("post.2"))
    with pytest.raises(KeyReusedWithDifferentContent):
        await firm.bill("another run", reference="INV-post")


async def test_lines_are_grouped_as_policy_asks_and_completed_with_tax(database: Database) -> None:
    firm = Firm(database, "C-lines")
    work = an_item("x").work
    await firm.approve(
        an_item("lines.1", "62.5", "225", work=work.changed(note="1")),
        an_item("lines.2", "118", "165", work=work.changed(role="Consultant", note="2")),
        an_item("lines.3", "2", "225", date(2026, 7, 1), work=work.changed(person="P-2", note="3")),
        an_item("lines.4", kind=BillableKind.MILESTONE, line="L2", rate=None, amount=usd(40000), description="M1", unit=""),
    )
    claimed = await firm.bill("INV-lines", group_by=(GroupBy.ROLE, GroupBy.MONTH))
    invoice = await firm.ledger.documents.invoice("INV-lines")
    assert [(one.line, one.description, str(one.quantity), str(one.amount)) for one in invoice.lines] == [
        ("L1", "Consultant", "118", "19,470.00 USD"), ("L1", "Senior", "62.5", "14,062.50 USD"),
        ("L1", "Senior", "2", "450.00 USD"), ("L2", "M1", "1", "40,000.00 USD"),
    ]  # fmt: skip
    assert nets(claimed) == ["73982.50"]
    terms = [LineTerms(number=1, account="4000", tax=usd("97.35"))]
    document = await firm.ledger.documents.complete("INV-lines", usd("369.91"), terms, origin=WHO)
    assert (document.tax, document.total) == (usd("369.91"), usd("74352.41"))
    first = (await firm.ledger.documents.invoice("INV-lines")).lines[0]
    assert (first.account, first.tax, first.description) == ("4000", usd("97.35"), "Consultant")
    await firm.post("INV-lines")
    with pytest.raises(MoveRefused):
        await firm.ledger.documents.complete("INV-lines", usd(0), [], origin=WHO)


async def test_one_memo_credits_several_invoices_and_each_gives_back_what_it_used(
    database: Database,
) -> None:  # S05, a lower rate
    firm = Firm(database, "C-several")
    await a_limit(firm, SubLedgerKind.CAP, "L1", "50000")
    for month, hours in ((4, "80"), (5, "72.5")):
        await firm.approve(an_item(f"several.{month}", hours, "225", day=date(2026, month, 7)))
        await firm.bill(f"INV-several-{month}", date(2026, month, 28))
        await firm.post(f"INV-several-{month}")
    parts = [
        CreditedAllocation(
            allocation=one.allocation, amount=usd(amount), quantity=Decimal(0), disposition=CreditDisposition.PRICE_ADJUSTMENT
        )
        for month, amount in ((4, "1200"), (5, "1087.50"))
        for one in await firm.ledger.documents.allocations(f"INV-several-{month}")
    ]
    head = CreditMemo(
        reference="CM-several", invoice="INV-several-5", contract=firm.contract, entity="US01", customer=firm.customer,
        currency="USD", memo_date=TODAY, accounting_date=TODAY, reason="210 instead of 225", lines=(), tax=usd(0),
    )  # fmt: skip
    for _ in range(2):
        await firm.ledger.credits.credit(head, parts, origin=WHO)
    memo = await firm.ledger.documents.credit_memo("CM-several")
    assert [str(line.amount) for line in memo.lines] == ["1,200.00 USD", "1,087.50 USD"]
    assert await used(firm, SubLedgerKind.CAP, "L1") == "32,025.00 USD"
    assert [str((await firm.balance(f"several.{month}")).net) for month in (4, 5)] == ["16,800.00 USD", "15,225.00 USD"]
    await firm.post("CM-several")
    assert (await firm.ledger.documents.read("INV-several-4")).state is InvoiceState.POSTED


async def test_one_memo_credits_no_other_contracts_invoice(database: Database) -> None:
    firm, other = Firm(database, "C-ours"), Firm(database, "C-theirs")
    for one in (firm, other):
        await one.approve(an_item(f"{one.contract}.1", "4"))
        await one.bill(f"INV-{one.contract}")
        await one.post(f"INV-{one.contract}")
    (theirs,) = await firm.ledger.documents.allocations("INV-C-theirs")
    part = CreditedAllocation(
        allocation=theirs.allocation, amount=usd(800), quantity=Decimal(4), disposition=CreditDisposition.REOPENED
    )
    head = CreditMemo(
        reference="CM-ours", invoice="INV-C-ours", contract=firm.contract, entity="US01", customer=firm.customer,
        currency="USD", memo_date=TODAY, accounting_date=TODAY, reason="a slip", lines=(), tax=usd(0),
    )  # fmt: skip
    with pytest.raises(RuleBroken):
        await firm.ledger.credits.credit(head, [part], origin=WHO)


async def test_a_run_may_bill_to_another_customer_and_the_items_stay_their_own(database: Database) -> None:  # S07
    firm = Firm(database, "C-other")
    await firm.approve(an_item("other.1", "4"), an_item("other.2", "2"))
    claimed = await firm.bill("INV-other", bill_to="CUST-IE", billables=("other.1",))
    assert [(one.customer, str(one.net)) for one in claimed.documents] == [("CUST-IE", "800.00 USD")]
    (item,) = await firm.ledger.billables.read(["other.1"])
    assert item.item.customer == firm.customer


async def test_a_document_is_rounded_once_and_a_part_of_an_item_is_worth_its_amount(database: Database) -> None:
    firm = Firm(database, "C-round")
    await a_limit(firm, SubLedgerKind.CAP, "L1", "130")
    await firm.approve(*(an_item(f"round.{n}", "0.35", "149.99", day=date(2026, 6, n)) for n in (1, 2, 3)))
    await firm.bill("INV-round", group_by=(GroupBy.ITEM,))
    documents = firm.ledger.documents
    invoice, exact = await documents.invoice("INV-round"), await documents.exact("INV-round")
    assert sorted(one.amount for one in exact.values()) == [Decimal("25"), Decimal("52.4965"), Decimal("52.4965")]
    made = rounding_lines(invoice.lines, exact, account="7010")
    for _ in range(2):
        await documents.round("INV-round", made, origin=WHO)
        assert ((await documents.read("INV-round")).net, (await documents.read("INV-round")).total) == (
            usd("129.99"),
            usd("129.99"),
        )
    assert [one.amount for one in (await documents.invoice("INV-round")).lines if one.kind is LineKind.ROUNDING] == [usd("-0.01")]
    assert (await firm.balance("round.1")).net == usd("52.50"), "the item is billed as it was rated"
    await firm.post("INV-round")
    await documents.round("INV-round", made, origin=WHO)
    assert (await documents.read("INV-round")).net == usd("129.99")
