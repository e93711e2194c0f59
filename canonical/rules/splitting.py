"""One amount billed by several entities or to several payers: by weight, nothing lost, each in its own currency (R81)."""

from collections.abc import Sequence
from decimal import Decimal

from canonical.money import Currency, Money
from canonical.reference import Reference
from canonical.rules.exchange import FrozenRate, converted
from canonical.schema import Part


class Share(Part):
    """Who bills how much of it, to whom, in which currency; ``rate`` is the contract's where that is another (S04)."""

    entity: str
    customer: Reference
    weight: Decimal
    currency: Currency
    rate: FrozenRate | None = None


class Portion(Part):
    """A share in money: ``agreed`` in the contract's currency, which all portions together exhaust; ``billed`` in its own."""

    share: Share
    agreed: Money
    billed: Money


def portions(amount: Money, shares: Sequence[Share]) -> list[Portion]:
    """The amount split by weight, then each converted and rounded once (S04: 27,777.78 EUR and 20,000.00 USD)."""
    parts = amount.split([share.weight for share in shares])
    return [_portion(share, part) for share, part in zip(shares, parts, strict=True)]


def share_billed(done: Sequence[Portion], amount: Money) -> Decimal:
    """How much of an amount its posted portions are, for the status of a split that is held in part (S04: 40 %)."""
    return Money.sum((one.agreed for one in done), amount.currency).amount / amount.amount


def _portion(share: Share, part: Money) -> Portion:
    billed = converted(part, share.rate) if share.rate and share.currency != part.currency else part
    return Portion(share=share, agreed=part, billed=billed)
