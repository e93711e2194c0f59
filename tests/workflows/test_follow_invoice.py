"""What becomes of posted invoices on the real engine and ledger: paid in every way, disputed, overdue, parked (S16, S21, S28)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from canonical.exception import Decision
from canonical.journal import JournalLine, JournalRecord
from canonical.money import Money
from canonical.payment import Application, Payment, PaymentState
from canonical.provenance import Origin
from canonical.receivable import AccountStanding
from tests.build import usd
from tests.workflows.house import House
from tests.workflows.test_billing import accepted, living, released
from workflows.poll_receivables import PollReceivablesWorkflow

pytestmark = pytest.mark.asyncio(loop_scope="session")
WHO = Origin(correlation="desk", engagement="", actor="fin")


async def invoiced(house: House, contract: str) -> str:
    """One posted invoice over 40,000; answers its id in the ERP."""
    await living(house, contract)
    await (await accepted(house, contract)).result()
    await (await released(house, contract)).result()
    [document] = await house.firm.books.billing.documents.of(contract)
    return document.target_id


def paid(house: House, contract: str, version: str, amount: str, *lines: Application, **more: object) -> Payment:
    customer = next(r.target_id for r in house.firm.erp.records.values() if r.kind == "customer" and contract in r.reference)
    facts: dict[str, object] = {
        "system": "netsuite", "source_id": f"pay-{contract}", "source_version": version, "reference": f"PAY-{contract}",
        "entity": "US01", "customer": customer, "amount": usd(amount), "received_on": date(2026, 11, 20), "applications": lines,
    }  # fmt: skip
    return Payment.model_validate({**facts, **more})


async def round_of(house: House, contract: str, number: int) -> None:
    """A round of the schedule, and the customer followed to its end."""
    await house.ran(PollReceivablesWorkflow.run, f"poll_receivables/{contract}/{number}")
    handle = house.client.get_workflow_handle(f"follow_invoice/CUST-{contract}")

    async def ended() -> bool:
        return (await handle.describe()).close_time is not None

    await house.until(ended, f"CUST-{contract} was followed")


def last(house: House, contract: str) -> AccountStanding:
    return [one for one in house.firm.crm.exposures if one.customer == f"CUST-{contract}"][-1]


def amounts(standing: AccountStanding) -> tuple[Money, Money]:
    [one] = standing.exposures or (None,)
    return (one.open, one.credit) if one else (usd(0), usd(0))


async def test_crm_and_psa_follow_every_payment_to_the_cent(house: House, contract: str) -> None:
    target, erp = await invoiced(house, contract), house.firm.erp
    await round_of(house, contract, 1)
    assert amounts(last(house, contract)) == (usd(40_000), usd(0))
    assert last(house, contract).exposures[0].disputed == usd(0)
    assert house.firm.psa.notes[f"{contract}.first"].number == f"INV-{contract}.first"
    told = house.firm.crm.count("tell_account", contract)
    await house.ran(PollReceivablesWorkflow.run, f"poll_receivables/{contract}/again")
    assert house.firm.crm.count("tell_account", contract) == told

    erp.pays(paid(house, contract, "1", "16000", Application(target_id=target, amount=usd(16_000))), leaves=usd(24_000))
    await round_of(house, contract, 2)
    assert amounts(last(house, contract)) == (usd(24_000), usd(0))
    assert house.firm.psa.notes[f"{contract}.first"].status == "partly paid"
    assert await house.cases(contract) == []

    erp.pays(paid(house, contract, "2", "40500", Application(target_id=target, amount=usd(40_000))))
    await round_of(house, contract, 3)
    assert amounts(last(house, contract)) == (usd(0), usd(500))
    [case] = await house.cases(contract)
    assert (case.code, case.money_amount, case.owner_role) == ("OVER_PAYMENT", Decimal(500), "finance_operations")

    erp.pays(paid(house, contract, "3", "40500", state=PaymentState.BOUNCED))
    erp.opens(target, usd(40_000), "3")
    await round_of(house, contract, 4)
    assert amounts(last(house, contract)) == (usd(40_000), usd(0))
    assert [case.code for case in await house.cases(contract)] == ["PAYMENT_BOUNCED"]
    assert house.firm.psa.notes[f"{contract}.first"].status == "posted"


async def test_what_a_payment_posted_is_mirrored_though_the_worker_died_before_it_came_to_that(
    house: House, contract: str
) -> None:
    target, erp, billing = await invoiced(house, contract), house.firm.erp, house.firm.books.billing
    payment = paid(house, contract, "1", "16000", Application(target_id=target, amount=usd(16_000)))
    erp.pays(payment, leaves=usd(24_000))
    lines = (JournalLine(account="1000", debit=usd(16_000)), JournalLine(account="1100", credit=usd(16_000)))
    erp.journals[payment.source_id] = JournalRecord(
        target_id=payment.source_id, number="7", entity="US01", posted_on=date(2026, 11, 20), reference=payment.reference,
        lines=lines,
    )  # fmt: skip
    await billing.receivables.record_payments([payment.model_copy(update={"customer": f"CUST-{contract}"})], origin=WHO)
    for number in (1, 2):
        await round_of(house, contract, number)
    mirrored = await billing.journals.of_document(payment.reference)
    assert [(one.line.account, one.line.debit, one.line.credit) for one in mirrored] == [
        ("1000", usd(16_000), None), ("1100", None, usd(16_000)),
    ]  # fmt: skip


async def test_what_a_person_accepted_is_not_asked_again_until_it_changes(house: House, contract: str) -> None:
    target, erp = await invoiced(house, contract), house.firm.erp
    erp.pays(paid(house, contract, "1", "41000", Application(target_id=target, amount=usd(40_000))))
    await round_of(house, contract, 1)
    [case] = await house.cases(contract)
    await house.firm.books.cases.settle(case.number, Decision.OVERRIDE, actor="fin", reason="stays on account")
    await round_of(house, contract, 2)
    assert await house.cases(contract) == []
    erp.pays(paid(house, contract, "2", "42000", Application(target_id=target, amount=usd(40_000))))
    await round_of(house, contract, 3)
    assert [case.money_amount for case in await house.cases(contract)] == [Decimal(2_000)]


async def test_collections_are_asked_for_what_is_overdue_and_not_disputed(house: House, contract: str) -> None:
    await invoiced(house, contract)
    billing = house.firm.books.billing
    await billing.disputes.open(f"D-{contract}", f"{contract}.first", usd(2_400), "12 hours", origin=WHO)
    overdue = "UPDATE billing_documents SET due_date = current_date - 40 WHERE contract = $1"
    await house.firm.books.database.execute(overdue, contract)
    await round_of(house, contract, 1)
    [case] = await house.cases(contract)
    assert (case.code, case.money_amount, case.owner_role) == ("INVOICE_OVERDUE", Decimal(37_600), "collections")
    assert case.evidence["bucket"] == "31-60 days" and "2,400" in case.sentence.replace("2400", "2,400")
    [exposure] = last(house, contract).exposures
    assert (exposure.open, exposure.overdue, exposure.disputed) == (usd(40_000), usd(40_000), usd(2_400))
    await billing.disputes.settle(f"D-{contract}", usd(0), "all owed", origin=WHO)
    await round_of(house, contract, 2)
    assert [case.money_amount for case in await house.cases(contract)] == [Decimal(40_000)]


async def test_money_for_what_is_not_known_is_parked_and_raised_with_its_age(house: House, contract: str) -> None:
    await living(house, contract)
    early = paid(house, contract, "1", "9000", Application(target_id=f"by-hand-{contract}", amount=usd(9_000)))
    house.firm.erp.paid.append(early)
    await round_of(house, contract, 1)
    [exposure] = last(house, contract).exposures
    assert (exposure.parked, exposure.open, exposure.credit) == (usd(9_000), usd(0), usd(0))
    assert [one.reference for one in await house.firm.books.billing.receivables.parked() if contract in one.reference]
    later = "UPDATE payments SET first_seen_at = first_seen_at - $2::interval WHERE source_id = $1"
    await house.firm.books.database.execute(later, f"pay-{contract}", timedelta(hours=25))
    await round_of(house, contract, 2)
    [case] = await house.firm.books.cases.open_of(f"CUST-{contract}", "cash_application")
    assert (case.code, case.money_amount) == ("PAYMENT_FOR_UNKNOWN_INVOICE", Decimal(9_000))
    assert "25 h" in case.sentence


async def test_an_account_that_cannot_be_told_is_a_persons(house: House, contract: str) -> None:
    await invoiced(house, contract)
    house.firm.crm.fail("tell_account", contract, "rejected")
    await house.ran(PollReceivablesWorkflow.run, f"poll_receivables/{contract}/1")

    async def waits() -> object:
        found = await house.firm.books.cases.open_of(f"CUST-{contract}", "cash_application")
        return found[0] if found else None

    case = await house.until(waits, "the account that was refused")
    assert case.code == "REJECTED" and case.workflow_id == f"follow_invoice/CUST-{contract}"
    await house.firm.books.cases.settle(case.number, Decision.RETRY, actor="ann", reason="corrected")
    await house.tell(case, Decision.RETRY)
    handle = house.client.get_workflow_handle(f"follow_invoice/CUST-{contract}")
    assert (await handle.result())["told"] == 2
    assert amounts(last(house, contract)) == (usd(40_000), usd(0))


async def test_a_lost_answer_tells_an_account_once(house: House, contract: str) -> None:
    await invoiced(house, contract)
    house.firm.crm.fail("tell_account", contract, "lost")
    await round_of(house, contract, 1)
    assert house.firm.crm.count("tell_account", contract) == 1
    assert len([one for one in house.firm.crm.exposures if one.customer == f"CUST-{contract}"]) == 1
