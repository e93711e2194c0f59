"""Customers' money on the real engine and ledger: taken once, applied once, and a person asked where the ERP refuses (S13)."""

from datetime import date

import pytest
from temporalio.client import WorkflowFailureError

from canonical.errors import Malformed, NotFound, NotReady, Rejected
from canonical.exception import Decision
from canonical.money import Money
from operations.cash import CashDesk
from operations.engine import Engine
from tests.build import usd
from tests.workflows.house import House
from tests.workflows.test_billing import living
from tests.workflows.test_credits import MAKER, invoiced

pytestmark = pytest.mark.asyncio(loop_scope="session")

DAY = date(2026, 11, 2)


def desk(house: House) -> CashDesk:
    return CashDesk(Engine(house.client), house.firm.books, house.firm.policies)


def bank(contract: str) -> str:
    """The reference of the customer's advance."""
    return f"BANK-{contract}"


async def advance(house: House, contract: str, amount: Money) -> str:
    """Its id in the ERP."""
    taken = await desk(house).deposit(contract, amount, on=DAY, reference=bank(contract), actor=MAKER)
    return taken.target_id


async def test_an_advance_is_taken_once_though_its_answer_is_lost_and_it_is_asked_again(house: House, contract: str) -> None:
    await living(house, contract)
    house.firm.erp.fail("post_deposit", contract, "lost")
    first = await advance(house, contract, usd(100))
    assert await advance(house, contract, usd(100)) == first
    assert house.firm.erp.count("post_deposit", contract) == 1
    held = await house.firm.books.billing.receivables.payment_named("netsuite", bank(contract))
    assert held is not None and (held.amount, held.unapplied, held.source_id) == (usd(100), usd(100), first)


async def test_an_advance_that_the_erp_refuses_waits_with_its_money_and_goes_on_from_there(house: House, contract: str) -> None:
    await living(house, contract)
    house.firm.erp.fail("post_deposit", contract, "rejected")
    with pytest.raises(NotReady, match="not done yet"):
        await advance(house, contract, usd(250))
    case = await house.case(contract, "REJECTED", "take_deposit")
    assert (case.control_point, case.project, case.money_amount) == ("cash_application", contract, usd(250).amount)
    await house.settle(contract, "REJECTED", Decision.RETRY)
    assert await house.client.get_workflow_handle(case.workflow_id).result()
    assert await house.cases(contract) == [] and house.firm.erp.count("post_deposit", contract) == 2


async def test_the_same_reference_is_not_another_advance(house: House, contract: str) -> None:
    await living(house, contract)
    await advance(house, contract, usd(100))
    with pytest.raises(NotReady):
        await advance(house, contract, usd(101))
    case = await house.settle(contract, "KEY_REUSED_WITH_DIFFERENT_CONTENT", Decision.REJECT)
    with pytest.raises(WorkflowFailureError):
        await house.client.get_workflow_handle(case.workflow_id).result()
    assert house.firm.erp.count("post_deposit", contract) == 1


async def test_an_advance_settles_an_invoice_once_and_never_more_than_there_is(house: House, contract: str) -> None:
    invoice = await invoiced(house, contract, "8")
    await advance(house, contract, usd(500))
    cash = desk(house)
    for amount, refused in ((usd("500.01"), "more than"), (usd(0), "cannot be booked"), (Money.of(5, "EUR"), "currency")):
        with pytest.raises(Malformed, match="amount") as told:
            await cash.apply(bank(contract), invoice, amount, actor=MAKER)
        assert refused in f"{told.value.message} {told.value.remedy}"
    first = await cash.apply(bank(contract), invoice, usd(400), actor=MAKER)
    assert (first.open, first.left) == (usd(1400), usd(100))
    assert await cash.apply(bank(contract), invoice, usd(400), actor=MAKER) == first
    rest = await cash.apply(bank(contract), invoice, usd(100), name="rest", actor=MAKER)
    assert (rest.open, rest.left) == (usd(1300), usd(0))
    assert house.firm.erp.count("apply_credit", invoice) + house.firm.erp.count("apply_credit", contract) >= 2


async def test_an_application_that_is_refused_can_be_given_up_and_leaves_the_money(house: House, contract: str) -> None:
    invoice = await invoiced(house, contract, "8")
    source = await advance(house, contract, usd(500))
    house.firm.erp.fail("apply_credit", source, "rejected")
    with pytest.raises(NotReady):
        await desk(house).apply(bank(contract), invoice, usd(400), actor=MAKER)
    case = await house.settle(contract, "REJECTED", Decision.REJECT, subject="apply_to_invoice")
    with pytest.raises(WorkflowFailureError):
        await house.client.get_workflow_handle(case.workflow_id).result()
    held = await house.firm.books.billing.receivables.payment_named("netsuite", bank(contract))
    assert held is not None and held.unapplied == usd(500)
    assert (await house.firm.books.billing.documents.read(invoice)).open == usd(1800)


async def test_money_and_invoices_that_nobody_knows_are_named(house: House, contract: str) -> None:
    invoice = await invoiced(house, contract, "8")
    with pytest.raises(NotFound, match="has told of no payment"):
        await desk(house).apply("NO-SUCH", invoice, usd(1), actor=MAKER)
    with pytest.raises(NotFound, match="no invoice NO-SUCH"):
        await desk(house).apply(bank(contract), "NO-SUCH", usd(1), actor=MAKER)
    with pytest.raises(Rejected):
        await desk(house).deposit("NO-SUCH", usd(1), on=DAY, reference="X", actor=MAKER)


async def test_money_of_another_customer_is_refused_before_anything_runs(house: House, contract: str) -> None:
    invoice, other = await invoiced(house, contract, "8"), f"{contract[:8]}-other"
    await living(house, other)
    await advance(house, other, usd(500))
    with pytest.raises(Malformed, match=f"money of CUST-{other}, and {invoice} is owed by CUST-{contract}"):
        await desk(house).apply(bank(other), invoice, usd(400), actor=MAKER)
    assert await house.cases(contract) == []
