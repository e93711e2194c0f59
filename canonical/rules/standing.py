"""What account teams and delivery are told of a customer's receivables: exposure by currency, by deal, and each invoice."""

from collections.abc import Iterable, Sequence
from datetime import date

from canonical.money import Money
from canonical.receivable import AccountStanding, CustomerStanding, DealStanding, InvoiceNote, OpenInvoice


def account_standing(standing: CustomerStanding) -> AccountStanding:
    """Exposure of the account, and of each deal that has an open invoice, or one that changed, whoever pays it (R101)."""
    deals = {(one.contract, one.open.currency) for one in standing.invoices}
    told = deal_standings(deals, (*standing.invoices, *standing.shared), standing.read_at.date())
    return AccountStanding(customer=standing.customer, exposures=standing.exposures, deals=told)


def deal_standings(deals: Iterable[tuple[str, str]], invoices: Iterable[OpenInvoice], today: date) -> tuple[DealStanding, ...]:
    """What is open of these contracts, each in a currency, of all who pay for it."""
    by_deal: dict[tuple[str, str], list[OpenInvoice]] = {}
    for one in invoices:
        by_deal.setdefault((one.contract, one.open.currency), []).append(one)
    return tuple(_deal(*deal, by_deal.get(deal, []), today) for deal in sorted(deals))


def _deal(contract: str, currency: str, own: Sequence[OpenInvoice], today: date) -> DealStanding:
    late = [one.open for one in own if one.due is not None and one.due < today]
    return DealStanding(
        contract=contract,
        open=Money.sum((one.open for one in own), currency),
        overdue=Money.sum(late, currency),
        disputed=Money.sum((one.disputed for one in own), currency),
        words="; ".join(f"{note.number} {note.status}" for note in map(note_of, own) if note.open.amount),
    )


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
