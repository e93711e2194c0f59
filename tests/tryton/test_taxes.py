"""Tryton's tax set-up foretells the tax of an invoice, and the posted invoice bears it."""

from decimal import Decimal

import pytest

from canonical.errors import Conflict, MoveRefused, NotFound, Rejected
from canonical.money import Money
from canonical.party import Address
from canonical.tax import TaxLine, TaxQuestion
from connectors.tryton.client import Tryton as Connector
from tests.tryton.world import TODAY, a_line, a_posted_invoice, eur, fresh

BERLIN, VIENNA = Address(city="Berlin", country="DE"), Address(city="Vienna", country="AT")


def asked(*amounts: tuple[str, str], reference: str = "INV-1", ship_to: Address = BERLIN) -> TaxQuestion:
    lines = tuple(TaxLine(number=n, amount=eur(amount), tax_code=code) for n, (amount, code) in enumerate(amounts, 1))
    return TaxQuestion(
        reference=reference,
        entity="DE01",
        customer="CUST-1",
        currency="EUR",
        tax_date=TODAY,
        ship_from=Address(country="DE"),
        ship_to=ship_to,
        lines=lines,
    )


async def test_each_line_bears_its_own_tax(connector: Connector) -> None:
    answer = await connector.probe(asked(("40000", "VAT19"), ("500", "RC"), ("24000", "")))
    assert answer.tax == eur("7600.00")
    assert [(line.tax, line.rate, line.is_taxable) for line in answer.lines] == [
        (eur("7600.00"), Decimal("0.19"), True),
        (eur("0.00"), Decimal(0), False),
        (eur("0.00"), Decimal(0), False),
    ]
    assert answer.missing_nexus == () and not answer.is_committed


async def test_the_tax_of_a_document_is_rounded_once(connector: Connector) -> None:
    answer = await connector.probe(asked(("52.50", "VAT19"), ("52.50", "VAT19"), ("52.50", "VAT19")))
    assert answer.tax == eur("29.93")  # 9.975 a line would come to 29.94
    assert [line.tax for line in answer.lines] == [eur("9.98"), eur("9.98"), eur("9.97")]


async def test_what_was_foretold_is_what_the_posted_invoice_bears(connector: Connector) -> None:
    reference = fresh("INV")
    question = asked(("27777.78", "VAT19"), reference=reference)
    foretold = (await connector.probe(question)).tax
    assert await connector.find_recorded(reference, key="") is None
    with pytest.raises(NotFound):
        await connector.record(question, key="")

    invoice, _ = await a_posted_invoice(connector, a_line("27777.78"), tax=foretold, reference=reference)
    recorded = await connector.record(question, key="")
    found = await connector.find_recorded(reference, key="")
    assert recorded.target_id == invoice and found == recorded
    assert recorded.details["tax"] == "5277.78"
    answer = await connector.read_answer(reference)
    assert (answer.tax, answer.is_committed) == (eur("5277.78"), True)
    assert [(line.taxable, line.rate) for line in answer.lines] == [(eur("27777.78"), Decimal("0.19"))]


async def test_a_posted_invoice_of_another_tax_is_not_on_record(connector: Connector) -> None:
    reference = fresh("INV")
    await a_posted_invoice(connector, reference=reference)
    with pytest.raises(Conflict, match=r"190\.00 EUR"):
        await connector.record(asked(("2000", "VAT19"), reference=reference), key="")


async def test_a_tax_at_home_is_not_charged_abroad(connector: Connector) -> None:
    with pytest.raises(Rejected, match="goes to AT") as refused:
        await connector.probe(asked(("1000", "VAT19"), ship_to=VIENNA))
    assert "tax code" in refused.value.remedy
    assert (await connector.probe(asked(("1000", "RC"), ship_to=VIENNA))).tax == Money.zero("EUR")


async def test_the_tax_of_a_posted_invoice_goes_with_a_credit_only(connector: Connector) -> None:
    reference = fresh("INV")
    assert (await connector.void(reference, "mistake", key="")).details == {"void": "it does not exist"}
    await a_posted_invoice(connector, reference=reference)
    with pytest.raises(MoveRefused) as refused:
        await connector.void(reference, "mistake", key="")
    assert "credit" in refused.value.remedy
