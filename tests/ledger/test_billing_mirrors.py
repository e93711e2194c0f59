"""What the ERP and others say, kept beside our items: payments, journals, rate cards, exchange rates (S28, U3, R56, R97)."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from canonical.errors import KeyReusedWithDifferentContent, Malformed, MoveRefused, NotFound, Unbalanced
from canonical.invoice import DocumentRecord, DocumentState
from canonical.journal import JournalLine, JournalRecord
from canonical.payment import Application, Payment, PaymentState
from canonical.rate_card import Rate, RateCard
from ledger.database import Database
from tests.ledger.billing_firm import TODAY, WHO, Firm, an_item, usd


def a_payment(firm: Firm, version: str, amount: str, *applications: Application, state: str = "received") -> Payment:
    return Payment(
        system="erp", source_id=f"pay-{firm.contract}", source_version=version, reference=f"PAY-{firm.contract}", entity="US01",
        customer=firm.customer, amount=usd(amount), received_on=TODAY, state=PaymentState(state), applications=applications,
    )  # fmt: skip


def applied(firm: Firm, amount: str, withheld: str = "") -> Application:
    kept = usd(withheld) if withheld else None
    return Application(target_id=f"id-INV-{firm.contract}", amount=usd(amount), withheld=kept, certificate="W-1" if kept else "")


async def an_invoice(firm: Firm, total: str = "10000") -> None:
    await firm.approve(an_item(f"{firm.contract}.1", str(Decimal(total) / 200)))
    await firm.bill(f"INV-{firm.contract}", due_date=date(2026, 9, 3))
    await firm.post(f"INV-{firm.contract}")


async def erp_says(firm: Firm, open_amount: str, version: str) -> None:
    record = DocumentRecord(
        target_id=f"id-INV-{firm.contract}", number="NS-77", state=DocumentState.OPEN, net=usd(10000), tax=usd(0),
        total=usd(10000), open=usd(open_amount), version=version,
    )  # fmt: skip
    known = await firm.ledger.receivables.record_status("erp", [record], origin=WHO)
    assert known == [f"INV-{firm.contract}"]


async def exposure(firm: Firm, day: date = TODAY) -> tuple[str, str, str]:
    found = await firm.ledger.receivables.exposure(firm.customer, as_of=day)
    (one,) = found
    return str(one.open.amount), str(one.overdue.amount), str(one.credit.amount)


async def test_s28_exposure_follows_what_is_paid(database: Database) -> None:
    firm = Firm(database, "C-S28")
    await an_invoice(firm)
    assert await exposure(firm) == ("10000.00", "0", "0")
    await firm.ledger.receivables.record_payments([a_payment(firm, "1", "4000", applied(firm, "4000"))], origin=WHO)
    await erp_says(firm, "6000", "2")
    assert await exposure(firm, date(2026, 9, 4)) == ("6000", "6000", "0")
    await firm.ledger.receivables.record_payments([a_payment(firm, "2", "9000", applied(firm, "9000", "1000"))], origin=WHO)
    await erp_says(firm, "0", "3")
    assert await firm.ledger.receivables.exposure(firm.customer, as_of=TODAY) == []
    assert await firm.ledger.receivables.record_payments([a_payment(firm, "1", "4000", applied(firm, "4000"))], origin=WHO) == []
    (payment,) = await firm.ledger.receivables.payments_of(firm.customer)
    assert (payment.amount, payment.applications) == (usd(9000), (applied(firm, "9000", "1000"),))
    await firm.ledger.receivables.record_payments([a_payment(firm, "3", "10500", applied(firm, "10000"))], origin=WHO)
    assert await exposure(firm) == ("0", "0", "500")
    await firm.ledger.receivables.record_payments([a_payment(firm, "4", "10500", state="bounced")], origin=WHO)
    await erp_says(firm, "10000", "4")
    assert await exposure(firm) == ("10000", "0", "0")


async def test_s28_a_payment_that_comes_before_its_invoice_waits(database: Database) -> None:
    firm = Firm(database, "C-early")
    await firm.ledger.receivables.record_payments([a_payment(firm, "1", "10000", applied(firm, "10000"))], origin=WHO)
    assert firm.customer in {payment.customer for payment in await firm.ledger.receivables.parked()}
    await an_invoice(firm)
    assert firm.customer not in {payment.customer for payment in await firm.ledger.receivables.parked()}


async def test_a_payment_that_moves_to_another_customer_is_looked_at_for_both(database: Database) -> None:
    wrong, right = Firm(database, "C-wrong"), Firm(database, "C-right")
    mirror, follow_ups = wrong.ledger.receivables, wrong.ledger.follow_ups
    await mirror.record_payments([a_payment(wrong, "1", "500")], origin=WHO)
    changes, _ = await follow_ups.look(wrong.customer)
    await follow_ups.followed(wrong.customer, changes, look_again_at=None)
    moved = a_payment(wrong, "2", "500").model_copy(update={"customer": right.customer})
    await mirror.record_payments([moved], origin=WHO)
    assert {wrong.customer, right.customer} <= set(await follow_ups.waiting(after="CUST-C-r", limit=10_000))
    assert (await mirror.exposure(wrong.customer, as_of=TODAY), await exposure(right)) == ([], ("0", "0", "500"))


async def test_a_payment_that_the_erp_deleted_is_nobodys_credit_and_comes_back_with_the_erp(database: Database) -> None:
    firm = Firm(database, "C-gone")
    mirror, payment = firm.ledger.receivables, a_payment(firm, "1", "500")
    await mirror.record_payments([payment], origin=WHO)
    for expected in ([payment.reference], []):
        assert await mirror.payments_gone(payment.system, [payment.source_id], origin=WHO) == expected
    assert await mirror.exposure(firm.customer, as_of=TODAY) == []
    await mirror.record_payments([payment], origin=WHO)
    assert await exposure(firm) == ("0", "0", "500")


async def test_a_dispute_needs_a_document_and_stays_as_it_was_settled(database: Database) -> None:
    firm = Firm(database, "C-disp")
    await an_invoice(firm)
    disputes = firm.ledger.disputes
    with pytest.raises(NotFound):
        await disputes.open("D-0", "INV-nowhere", usd(1), "", origin=WHO)
    with pytest.raises(Malformed, match="more than the 10000"):
        await disputes.open("D-0", "INV-C-disp", usd(10_001), "hours", origin=WHO)
    for amount in ("500", "700"):
        await disputes.open("D-1", "INV-C-disp", usd(amount), "hours", origin=WHO)
    assert [one.amount for one in await disputes.list(document="INV-C-disp")] == [usd(700)]
    with pytest.raises(Malformed):
        await disputes.open("D-2", "INV-C-disp", usd("9300.01"), "hours", origin=WHO)
    for _ in range(2):
        assert (await disputes.settle("D-1", usd(200), "for us", origin=WHO)).conceded == usd(200)
    with pytest.raises(MoveRefused, match="settled with 200"):
        await disputes.settle("D-1", usd(300), "for them", origin=WHO)
    with pytest.raises(MoveRefused, match="settled already"):
        await disputes.open("D-1", "INV-C-disp", usd(900), "again", origin=WHO)
    assert await disputes.list(document="INV-C-disp") == []


def a_journal(credit: str = "100.00", target_id: str = "J-1") -> JournalRecord:
    lines = (JournalLine(account="1100", debit=usd("100.00")), JournalLine(account="4000", credit=usd(credit)))
    return JournalRecord(target_id=target_id, number="77", entity="US01", posted_on=TODAY, document="INV-C-books", lines=lines)


async def test_a_journal_that_does_not_balance_is_not_kept(database: Database) -> None:
    firm = Firm(database, "C-books")
    with pytest.raises(Unbalanced, match=r"100\.00 debit and 99\.99 credit in USD"):
        await firm.ledger.journals.keep("erp", [a_journal(target_id="J-0"), a_journal("99.99")])
    assert await firm.ledger.journals.of_document("INV-C-books") == []
    assert await firm.ledger.journals.unkept("erp", ["J-2", "J-1"]) == ["J-1", "J-2"]
    assert await firm.ledger.journals.keep("erp", [a_journal()]) == 2
    assert await firm.ledger.journals.unkept("erp", ["J-2", "J-1"]) == ["J-2"]
    assert await firm.ledger.journals.keep("erp", [a_journal()]) == 0
    await an_invoice(firm, "100")
    trace = await firm.ledger.traces.of_document("INV-C-books")
    assert trace and [(one.line.account, one.line.debit, one.line.credit) for one in trace.postings] == [
        ("1100", usd(100), None), ("4000", None, usd(100)),
    ]  # fmt: skip
    assert await firm.ledger.traces.of_document("INV-unheard-of") is None


def a_card(rate: str, version: int = 1, contract: str = "C-1") -> RateCard:
    rates = (
        Rate(role="Senior", rate=usd(rate), since=date(2026, 1, 1), until=date(2026, 4, 1)),
        Rate(role="Senior", rate=usd(240), since=date(2026, 4, 1)),
    )
    return RateCard(reference=f"RC-{contract or 'firm'}", contract=contract, version=version, rates=rates)


async def test_versions_of_a_rate_card_are_added_and_never_rewritten(database: Database) -> None:
    cards = Firm(database).ledger.rate_cards
    assert [await cards.add(a_card("225"), origin=WHO), await cards.add(a_card("225"), origin=WHO)] == [True, False]
    with pytest.raises(KeyReusedWithDifferentContent, match="known with other prices"):
        await cards.add(a_card("226"), origin=WHO)
    assert await cards.next_version("RC-C-1") == 2
    await cards.add(a_card("226", 2), origin=WHO)
    await cards.add(a_card("300", contract=""), origin=WHO)
    named = [(card.reference, card.version) for card in await cards.for_contracts(["C-1"])]
    assert named == [("RC-C-1", 1), ("RC-C-1", 2), ("RC-firm", 1)]
    assert await cards.read("RC-C-1", 1) == a_card("225")
    assert await cards.read("RC-C-1", 9) is None


async def test_an_exchange_rate_has_a_source_and_a_time(database: Database) -> None:
    rates = Firm(database).ledger.exchange_rates
    noon, later = datetime(2026, 4, 1, 12, tzinfo=UTC), datetime(2026, 4, 2, 12, tzinfo=UTC)
    for _ in range(2):
        await rates.add([("ecb", "EUR", "USD", noon, Decimal("1.0500")), ("ecb", "EUR", "USD", later, Decimal("1.0600"))])
    with pytest.raises(KeyReusedWithDifferentContent):
        await rates.add([("ecb", "EUR", "USD", noon, Decimal("1.0501"))])
    held = await rates.holding("EUR", "USD", date(2026, 4, 1))
    assert held and (held.rate, held.source, held.at) == (Decimal("1.0500"), "ecb", noon)
    assert await rates.holding("EUR", "USD", date(2026, 3, 31)) is None
    assert await rates.holding("EUR", "USD", date(2026, 4, 2), source="bank") is None
    own = await rates.holding("USD", "USD", date(2026, 4, 2))
    assert own and own.rate == 1
