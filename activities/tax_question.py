"""An invoice as a tax engine is asked about it: which lines bear tax, under which code, from where to where."""

from activities.billing_books import BillingPolicy
from activities.contract_of_record import ContractOfRecord
from canonical.billable import BillableKind
from canonical.errors import Rejected
from canonical.invoice import DocumentLine, Invoice, LineKind
from canonical.party import Address
from canonical.tax import TaxLine, TaxQuestion


def is_taxed(line: DocumentLine) -> bool:
    """A retainer is money held for the customer: the work that it pays for is taxed, neither its funding nor its draws."""
    return line.kind is LineKind.CHARGE and line.billing is not BillableKind.RETAINER


def coded(invoice: Invoice, policy: BillingPolicy) -> Invoice:
    """Each line that is taxed with its tax code: the item's own, else what policy says of its kind."""

    def of(line: DocumentLine) -> DocumentLine:
        if line.tax_code or not is_taxed(line):
            return line
        kind = line.billing or BillableKind.TIME
        return line.changed(tax_code=policy.tax_code(invoice.entity, kind, invoice.invoice_date))

    return invoice.model_copy(update={"lines": tuple(of(line) for line in invoice.lines)})


def tax_question(record: ContractOfRecord, invoice: Invoice, ship_from: Address) -> TaxQuestion:
    """The invoice as a tax engine is asked about it; a retainer's draw lowers what is owed, not what is taxed."""
    payer = record.contract.payer
    if payer.bill_to is None:
        raise Rejected(
            f"{payer.reference} has no address that {invoice.reference} could be taxed at",
            remedy="Complete the customer's bill-to address, then settle with retry.",
        )
    return TaxQuestion(
        reference=invoice.reference,
        entity=invoice.entity,
        customer=invoice.customer,
        currency=invoice.currency,
        tax_date=invoice.invoice_date,
        ship_from=ship_from,
        ship_to=payer.bill_to,
        lines=tuple(
            TaxLine(number=line.number, amount=line.amount, tax_code=line.tax_code, description=line.description)
            for line in invoice.lines
            if is_taxed(line)
        ),
        customer_tax_number=payer.tax_registrations[0].number if payer.tax_registrations else "",
        exchange_rate=invoice.exchange_rate,
    )
