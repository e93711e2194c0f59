"""Money at the door: an amount that its currency cannot hold, or a currency that nobody knows, is refused before it is stored."""

from decimal import Decimal, InvalidOperation

import pycountry

from canonical.exception import Finding
from canonical.money import Money


def admitted(amount: str | int | Decimal, currency: str, *, subject: str) -> Money | Finding:
    """The money that a system wrote, or why it is none: unknown currency, no number, too many digits (issue 3, bad input)."""
    evidence = {"entry": subject, "amount": str(amount), "currency": currency}
    if pycountry.currencies.get(alpha_3=currency) is None:
        return Finding(
            code="CURRENCY_UNKNOWN",
            subject=subject,
            sentence=f"{subject} is in '{currency}', which is no currency of ISO 4217.",
            remedy="Correct the currency in the system that sent it, such as EUR; then settle with retry.",
            evidence=evidence,
            can_override=False,
        )
    number = _number(amount)
    if number is None:
        return Finding(
            code="AMOUNT_UNREADABLE",
            subject=subject,
            sentence=f"{subject} has the amount '{amount}', which is no number.",
            remedy="Correct the amount in the system that sent it; then settle with retry.",
            evidence=evidence,
            can_override=False,
        )
    money = Money.of(number, currency)
    if money.is_exact:
        return money
    return Finding(
        code="TOO_MANY_DIGITS",
        subject=subject,
        sentence=f"{subject} has the amount {money}, which is more digits than {currency} has.",
        remedy=f"Correct the amount to the smallest unit of {currency} in the system that sent it; then settle with retry.",
        money=money.rounded(),
        evidence=evidence,
        can_override=False,
    )


def _number(amount: str | int | Decimal) -> Decimal | None:
    try:
        number = Decimal(amount)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
