"""What account teams and delivery are told of a customer's receivables: exposure by currency, by deal, and each invoice."""

from canonical.money import Money
from canonical.receivable import AccountStanding, CustomerStanding, DealStanding, InvoiceNote, OpenInvoice


def account_standing(standing: CustomerStanding) -> AccountStanding:
    """Exposure of the account, and of each deal that has an open invoice, or one that changed (R101)."""
    by_deal: dict[tuple[str, str], list[OpenInvoice]] = {}
    for invoice in standing.invoices:
        by_deal.setdefault((invoice.contract, invoice.open.currency), []).append(invoice)
    deals = (_deal(contract, currency, invoices, standing) for (contract, currency), invoices in sorted(by_deal.items()))
    return AccountStanding(customer=standing.customer, exposures=standing.exposures, deals=tuple(deals))


def identity(standing: AccountStanding) -> AccountStanding:
    """What makes it another standing: a deal with nothing open is told once, when it comes to that, and not again."""
    return standing.changed(deals=tuple(deal for deal in standing.deals if deal.open.amount))


def note_of(invoice: OpenInvoice) -> InvoiceNote:
    """What the project is told of an invoice."""
    status = "disputed" if invoice.disputed.amount > 0 else invoice.state.replace("_", " ")
    return InvoiceNote(
        reference=invoice.reference,
        number=invoice.number or invoice.reference,
        status=status,
        total=invoice.total,
        open=invoice.open,
        url=invoice.url,
    )


def _deal(contract: str, currency: str, invoices: list[OpenInvoice], standing: CustomerStanding) -> DealStanding:
    today = standing.read_at.date()
    late = [one.open for one in invoices if one.due is not None and one.due < today]
    return DealStanding(
        contract=contract,
        open=Money.sum((one.open for one in invoices), currency),
        overdue=Money.sum(late, currency),
        disputed=Money.sum((one.disputed for one in invoices), currency),
        words="; ".join(f"{note.number} {note.status}" for note in map(note_of, invoices) if note.open.amount),
    )
