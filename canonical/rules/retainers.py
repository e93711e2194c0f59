"""Retainers: drawn first, topped up once at a threshold, restored by credits, broken only by approval (S01, S08, S09)."""

from datetime import date
from decimal import Decimal

from canonical.errors import Rejected, RuleBroken
from canonical.exception import Finding
from canonical.money import Money
from canonical.reference import Reference, business_key
from canonical.schema import Part


class Pool(Part):
    """A retainer as it stands. ``agreed`` is the contract's amount, ``fundings`` counts how often it was billed, so that a top-up
    has a key of its own; ``expires_on`` is the first day on which what is left may be broken."""

    reference: Reference
    agreed: Money
    funded: Money
    balance: Money
    fundings: int = 1
    threshold: Decimal | None = None
    expires_on: date | None = None

    @property
    def needs_top_up(self) -> bool:
        """Whether it fell below the threshold, a share of the agreed amount (S09: 20 % of 20,000)."""
        return self.threshold is not None and self.balance < self.agreed * self.threshold


class TopUp(Part):
    """A request for more. Its key names the funding it follows: a redelivered draw asks for the same one (S09)."""

    key: str
    amount: Money


class Drawn(Part):
    """What a draw took and left: demand = drawn + receivable."""

    pool: Pool
    drawn: Money
    receivable: Money
    top_up: TopUp | None = None


def draw(pool: Pool, demand: Money) -> Drawn:
    """Take what the pool holds, bill the rest, ask for one top-up below a threshold (S01: 17,700 left; S09: 5,000, 2,850)."""
    if demand.amount < 0:
        raise RuleBroken(f"A retainer cannot be drawn by {demand}", remedy="Restore it by a credit instead.")
    taken = min(demand, pool.balance)
    left = pool.changed(balance=pool.balance - taken)
    asks = TopUp(key=business_key("top_up", pool.reference, pool.fundings), amount=pool.agreed)
    return Drawn(pool=left, drawn=taken, receivable=demand - taken, top_up=asks if left.needs_top_up else None)


def fund(pool: Pool, amount: Money) -> Pool:
    """The pool after a billed top-up (S09)."""
    return pool.changed(funded=pool.funded + amount, balance=pool.balance + amount, fundings=pool.fundings + 1)


def restore(pool: Pool, amount: Money) -> Pool:
    """The pool after the invoice that drew on it was credited (S08: back to 5,000); never above what was funded."""
    balance = pool.balance + amount
    if balance > pool.funded:
        raise RuleBroken(
            f"Retainer {pool.reference} was funded with {pool.funded} and cannot hold {balance}",
            remedy="Credit at most what the invoice drew.",
        )
    return pool.changed(balance=balance)


def expiry(pool: Pool, today: date) -> Finding | None:
    """An expired retainer with something left asks a person; by itself nothing moves (S09)."""
    if not _is_expired(pool, today) or pool.balance.is_zero:
        return None
    return Finding(
        code="RETAINER_EXPIRED",
        subject=pool.reference,
        sentence=f"Retainer {pool.reference} expired on {pool.expires_on} with {pool.balance} unused.",
        remedy="Approve the breakage, refund it, or extend the retainer; until then it stays the customer's.",
        money=pool.balance,
        evidence={"expires_on": str(pool.expires_on), "funded": str(pool.funded)},
    )


def break_unused(pool: Pool, today: date, *, approved_by: str) -> tuple[Pool, Money]:
    """The emptied pool and the breakage to recognize: only after expiry and with a name under it (S09; IFRS 15.B46)."""
    if not approved_by:
        raise Rejected(
            f"Breakage of retainer {pool.reference} is not approved",
            code="BREAKAGE_NOT_APPROVED",
            remedy="To recognize it you must settle its exception with an approval.",
        )
    if not _is_expired(pool, today):
        raise Rejected(
            f"Retainer {pool.reference} has not expired on {today}",
            code="RETAINER_NOT_EXPIRED",
            remedy="Wait until it expires, or refund it.",
        )
    return pool.changed(balance=Money.zero(pool.balance.currency)), pool.balance


def _is_expired(pool: Pool, today: date) -> bool:
    return pool.expires_on is not None and today >= pool.expires_on
