"""Documents and contracts as a tax engine is asked about them: which lines bear tax, under which code, from where to where."""

from collections.abc import Iterator
from datetime import date

from activities.billing_books import BillingPolicy
from activities.ports import ActivationPolicy
from canonical.billable import BillableKind
from canonical.contract import Contract, ContractLine
from canonical.errors import Rejected
from canonical.invoice import CreditMemo, DocumentLine, Invoice, LineKind
from canonical.money import Money
from canonical.party import Address, Customer
from canonical.quote import BillingKind
from canonical.tax import TaxLine, TaxQuestion

_BILLED_AS = {
    BillingKind.FIXED_FEE: BillableKind.MILESTONE,
    BillingKind.SUBSCRIPTION: BillableKind.SUBSCRIPTION,
    BillingKind.USAGE: BillableKind.USAGE,
}


def is_taxed(line: DocumentLine) -> bool:
    """A retainer is money held for the customer: the work that it pays for is taxed, neither its funding nor its draws.

    What a document is rounded by belongs to what is taxed.
    """
    return line.kind in {LineKind.CHARGE, LineKind.ROUNDING} and line.billing is not BillableKind.RETAINER


def coded(invoice: Invoice, policy: BillingPolicy) -> Invoice:
    """Each line that is taxed with its tax code: the item's own, else what policy says of its kind."""

    def of(line: DocumentLine) -> DocumentLine:
        if line.tax_code or not is_taxed(line):
            return line
        kind = line.billing or BillableKind.TIME
        return line.changed(tax_code=policy.tax_code(invoice.entity, kind, invoice.invoice_date))

    return invoice.model_copy(update={"lines": tuple(of(line) for line in invoice.lines)})


def tax_question(
    payer: Customer, document: Invoice | CreditMemo, ship_from: Address, *, invoiced_on: date | None = None
) -> TaxQuestion:
    """The document as a tax engine is asked about it; a retainer's draw lowers what is owed, not what is taxed.

    A credit is taxed as its invoice was (``invoiced_on``), in the period in which it is accounted.
    """
    if payer.bill_to is None:
        raise Rejected(
            f"{payer.reference} has no address that {document.reference} could be taxed at",
            remedy="Complete the customer's bill-to address, then settle with retry.",
        )
    dated = document.invoice_date if isinstance(document, Invoice) else document.memo_date
    return TaxQuestion(
        reference=document.reference,
        entity=document.entity,
        customer=document.customer,
        currency=document.currency,
        tax_date=invoiced_on or dated,
        document_date=dated if invoiced_on else None,
        ship_from=ship_from,
        ship_to=payer.bill_to,
        lines=tuple(
            TaxLine(number=line.number, amount=line.amount, tax_code=line.tax_code, description=line.description)
            for line in document.lines
            if is_taxed(line)
        ),
        customer_tax_number=payer.tax_registrations[0].number if payer.tax_registrations else "",
        is_credit=isinstance(document, CreditMemo),
        exchange_rate=document.exchange_rate,
    )


def contract_question(contract: Contract, policy: ActivationPolicy, on: date) -> TaxQuestion | None:
    """What the contract sells as a tax engine is asked before anything is created (S17); none where nothing could be asked."""
    bill_to, lines = contract.payer.bill_to, tuple(_sold(contract, policy, on))
    if bill_to is None or not bill_to.is_complete or not lines:
        return None
    registrations = contract.payer.tax_registrations
    return TaxQuestion(
        reference=contract.reference,
        entity=contract.entity,
        customer=contract.payer.reference,
        currency=contract.currency,
        tax_date=on,
        ship_from=policy.issuer_address(contract.entity, on),
        ship_to=bill_to,
        lines=lines,
        customer_tax_number=registrations[0].number if registrations else "",
    )


def _sold(contract: Contract, policy: ActivationPolicy, on: date) -> Iterator[TaxLine]:
    """A retainer stands for the work that it will pay for."""
    for number, line in enumerate(contract.lines, start=1):
        amount = _worth(line, contract.currency)
        if amount.amount > 0:
            code = policy.tax_code(contract.entity, _BILLED_AS.get(line.kind, BillableKind.TIME), on)
            yield TaxLine(number=number, amount=amount, tax_code=code, description=line.description)


def _worth(line: ContractLine, currency: str) -> Money:
    """Where no hours were planned, one hour: whether it is taxed does not depend on how many there will be."""
    value = line.value(currency)
    return value if value.amount > 0 or not line.rates else line.rates[0].rate
