"""Functional-currency amounts: converted line by line at a frozen rate, the rounding booked, gains and losses realized."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from canonical.errors import CurrencyMismatch, RuleBroken
from canonical.money import Currency, Money, Rounding
from canonical.rules.postings import Chart, Posting, summed
from canonical.schema import Part


class FrozenRate(Part):
    """A rate frozen on a billing event: one ``base`` is ``rate`` of ``quoted``; with its source and time (DESIGN 5).

    It converts both ways: what is in ``quoted`` is divided by the rate, which is exact where an inverse rate would not be.
    """

    base: Currency
    quoted: Currency
    rate: Decimal
    source: str = ""
    at: datetime | None = None


def converted(money: Money, quote: FrozenRate, rounding: Rounding = Rounding.HALF_UP) -> Money:
    """The amount in the other currency of the quote, rounded once (S04: 30,000 USD at 1.0800 USD/EUR are 27,777.78 EUR)."""
    if money.currency == quote.base:
        return Money(amount=money.amount * quote.rate, currency=quote.quoted).rounded(rounding)
    if money.currency == quote.quoted:
        return Money(amount=money.amount / quote.rate, currency=quote.base).rounded(rounding)
    raise CurrencyMismatch(
        f"{money} cannot be converted at a rate of {quote.base} to {quote.quoted}",
        remedy=f"Record a rate that names {money.currency}.",
    )


def functional(postings: Sequence[Posting], quote: FrozenRate, chart: Chart | None = None) -> list[Posting]:
    """Balanced postings in the entity's own currency: converted, rounded, the difference on the rounding account (S12)."""
    lines = [one.changed(amount=converted(one.amount, quote)) for one in summed(postings)]
    if not lines:
        return []
    off = Money.sum((one.amount for one in lines), lines[0].amount.currency)
    return lines if off.is_zero else [*lines, Posting(account=(chart or Chart()).rounding, amount=-off)]


class Carried(Part):
    """An open amount in its transaction currency, and what it is carried at in the entity's own (IAS 21.21)."""

    amount: Money
    carried_at: Money

    @classmethod
    def at(cls, amount: Money, quote: FrozenRate | None) -> "Carried":
        """Booked at a rate; in the entity's own currency where no rate is needed."""
        return cls(amount=amount, carried_at=converted(amount, quote) if quote else amount)

    def relieve(self, amount: Money) -> tuple["Carried", "Carried"]:
        """That much of it, and what stays open; carried amounts in proportion, and the last part takes all that is left (S13)."""
        if not Money.zero(amount.currency) <= amount <= self.amount:
            raise RuleBroken(f"{amount} cannot be settled of {self.amount}", remedy="Settle at most what is open.")
        taken = self.carried_at if amount == self.amount else self._share(amount)
        return (
            Carried(amount=amount, carried_at=taken),
            Carried(amount=self.amount - amount, carried_at=self.carried_at - taken),
        )

    def _share(self, amount: Money) -> Money:
        exact = self.carried_at.amount * amount.amount / self.amount.amount
        return Money(amount=exact, currency=self.carried_at.currency).rounded()


class Settled(Part):
    """A receivable settled with something carried at another rate: what is relieved on each side, and what stays open."""

    receivable: Carried
    source: Carried
    open_receivable: Carried
    open_source: Carried

    @property
    def gain(self) -> Money:
        """Realized in the entity's own currency; negative is a loss (IAS 21.28, ASC 830-20-35)."""
        return self.source.carried_at - self.receivable.carried_at


def settle(receivable: Carried, source: Carried) -> Settled:
    """Apply an advance, payment or credit as far as both go, by transaction currency and never by functional amounts (S13)."""
    amount = min(receivable.amount, source.amount)
    relieved, still_owed = receivable.relieve(amount)
    used, left = source.relieve(amount)
    return Settled(receivable=relieved, source=used, open_receivable=still_owed, open_source=left)


def settlement_postings(settled: Settled, source_account: str, chart: Chart | None = None) -> list[Posting]:
    """Dr what paid, Cr the receivable, the exchange gain or loss between (S13: Dr 2350 600, Dr 7000 200 / Cr 1100 800)."""
    accounts = chart or Chart()
    return [
        Posting.debit(source_account, settled.source.carried_at),
        Posting.credit(accounts.exchange, settled.gain),
        Posting.credit(accounts.receivable, settled.receivable.carried_at),
    ]


class AdvancePolicy(StrEnum):
    """Whether a customer's advance is money owed back (revalued) or a promise to deliver (kept at its own rate)."""

    MONETARY = "monetary"
    NON_MONETARY = "non_monetary"


def revenue_carried(invoiced: Money, quote: FrozenRate, advance: Carried | None, policy: AdvancePolicy) -> Money:
    """Revenue in the entity's own currency: a part paid by a non-monetary advance keeps the advance's rate (IFRIC 22)."""
    if advance is None or policy is AdvancePolicy.MONETARY:
        return converted(invoiced, quote)
    prepaid, _ = advance.relieve(min(advance.amount, invoiced))
    return prepaid.carried_at + converted(invoiced - prepaid.amount, quote)
