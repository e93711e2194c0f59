"""Which lines of an invoice bear tax, and under which code: the item's own, else what policy says of its kind."""

from datetime import date

import pytest

from activities.tax_question import coded, is_taxed
from canonical.billable import BillableKind
from canonical.invoice import DocumentLine, Invoice, LineKind
from canonical.money import Money
from policies.billing import Billing
from policies.firm import Policies
from tests.activities.firm import demo_policies

DAY = date(2026, 10, 31)


@pytest.fixture(scope="module")
def policy() -> Policies:
    """The demo firm's, with German tax codes for the hours and milestones of DE01."""
    version = demo_policies().billing.versions[-1]
    german = version.general.model_copy(update={"tax_codes": {BillableKind.TIME: "VAT19", BillableKind.MILESTONE: "VAT19"}})
    billing = Billing(versions=(version.model_copy(update={"by_entity": {"DE01": german}}),))
    return demo_policies().model_copy(update={"billing": billing})


def line(billing: BillableKind | None, code: str = "", kind: LineKind = LineKind.CHARGE) -> DocumentLine:
    amount = Money.of("100", "EUR")
    return DocumentLine(number=1, description="Work", amount=amount, billing=billing, tax_code=code, kind=kind)


def an_invoice(*lines: DocumentLine, entity: str = "DE01") -> Invoice:
    return Invoice(
        reference="C-1.2026-10",
        contract="C-1",
        entity=entity,
        customer="CUST-1",
        currency="EUR",
        invoice_date=DAY,
        accounting_date=DAY,
        lines=lines,
        tax=Money.zero("EUR"),
    )


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (line(BillableKind.TIME), "VAT19"),
        (line(BillableKind.MILESTONE), "VAT19"),
        (line(None), "VAT19"),
        (line(BillableKind.TIME, code="RC"), "RC"),
        (line(BillableKind.USAGE), ""),
        (line(BillableKind.RETAINER), ""),
        (line(None, kind=LineKind.RETAINER_DRAW), ""),
    ],
)
def test_a_line_bears_its_own_code_or_that_of_its_kind(policy: Policies, given: DocumentLine, code: str) -> None:
    [found] = coded(an_invoice(given), policy).lines
    assert found.tax_code == code
    assert is_taxed(given) or not code


def test_an_entity_without_codes_bears_none(policy: Policies) -> None:
    [found] = coded(an_invoice(line(BillableKind.TIME), entity="US01"), policy).lines
    assert found.tax_code == ""
