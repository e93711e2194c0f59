"""The signed contract against the quote: what differs, and how much money that is (R38, R54)."""

from decimal import Decimal

from canonical.money import Money
from canonical.quote import BillingKind, Quote
from canonical.rules.signed_terms import SignedTerms
from canonical.schema import Part


class Difference(Part):
    """One field on which quote and signed contract do not agree; ``money`` where it is an amount."""

    field: str
    quoted: str
    signed: str
    money: Money | None = None


def differences(quote: Quote, terms: SignedTerms, *, tolerance: Money | None = None) -> list[Difference]:
    """Every field both of them state and state differently; amounts within the tolerance agree."""
    found = [*_headers(quote, terms), *_amounts(quote, terms), *_rates(quote, terms)]
    return [d for d in found if d.money is None or tolerance is None or abs(d.money.amount) > tolerance.amount]


def _headers(quote: Quote, terms: SignedTerms) -> list[Difference]:
    pairs: list[tuple[str, object, object]] = [
        ("currency", quote.currency, terms.currency),
        ("start date", quote.start, terms.start),
        ("end date", quote.end, terms.last),
        ("payment terms", quote.payment_terms_days, terms.payment_terms_days),
    ]
    return [Difference(field=name, quoted=str(q), signed=str(s)) for name, q, s in pairs if q and s and q != s]


def _amounts(quote: Quote, terms: SignedTerms) -> list[Difference]:
    quoted = _line_amounts(quote)
    pairs: list[tuple[str, Decimal | None, Decimal | None]] = [
        (f"line {ref}", quoted.get(ref), amount) for ref, amount in terms.line_amounts.items()
    ]
    pairs.append(("total", quote.total.amount, terms.total))
    found = [_difference(name, q, s, quote.currency) for name, q, s in pairs]
    return [difference for difference in found if difference is not None]


def _line_amounts(quote: Quote) -> dict[str, Decimal]:
    """By line reference; a subscription line is compared by its monthly price, as the contract states it."""
    amounts: dict[str, Decimal] = {}
    for line in quote.lines:
        monthly = line.kind is BillingKind.SUBSCRIPTION and line.rate is not None
        amounts[line.reference] = amounts.get(line.reference, Decimal(0)) + (
            line.rate.amount if monthly and line.rate else line.amount.amount
        )
    return amounts


def _rates(quote: Quote, terms: SignedTerms) -> list[Difference]:
    quoted = {(line.reference, line.role): line.rate.amount for line in quote.lines if line.rate is not None}
    return [
        Difference(field=f"rate of {role} on line {ref}", quoted=str(quoted.get((ref, role), "none")), signed=str(rate))
        for (ref, role), rate in terms.rates.items()
        if quoted.get((ref, role)) != rate
    ]


def _difference(name: str, quoted: Decimal | None, signed: Decimal | None, currency: str) -> Difference | None:
    if signed is None or quoted == signed:
        return None
    gap = Money(amount=signed - (quoted or Decimal(0)), currency=currency)
    return Difference(field=name, quoted="none" if quoted is None else f"{quoted:,}", signed=f"{signed:,}", money=gap)
