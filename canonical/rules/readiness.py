"""Whether a period may be closed: every hindrance a sentence with its remedy; what waits and is accrued is none."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from canonical.closing import AccruedAccount, Readiness
from canonical.money import Money
from canonical.period import Period
from canonical.rules.close import Accruable

_UNDECIDED = frozenset({"calling", "unknown"})


def hindrances(found: Readiness) -> Iterator[str]:
    """What is not ready, in the order in which a controller would settle it."""
    for flight in found.in_flight:
        if flight.state in _UNDECIDED:
            what = f"{flight.count} writes of {flight.kind} in {flight.system}"
            yield f"{what} are {flight.state}: wait, or settle OUTCOME_UNKNOWN."
    for one in found.waiting:
        if one.state == "held":
            yield f"{one.amount} is held under {one.code} ({one.items} items): settle its exceptions; it is not accrued."
    if found.to_recognize:
        remedy = f"run `handoff revenue run {found.entity} {found.period.start:%Y-%m}`."
        yield f"{found.to_recognize} obligations have revenue that is not recognized: {remedy}"
    for journal in found.journals:
        if journal.state in {"proposed", "approved"}:
            yield f"Journal {journal.reference} over {journal.amount} is {journal.state} and not posted: settle its exception."
    for currency, amount in _by_currency(found.to_accrue):
        remedy = f"run `handoff close run {found.entity} {found.period.start:%Y-%m}`, which proposes the accrual."
        yield f"{Money.of(amount, currency)} is approved, not billed and not accrued: bill it, or {remedy}"


def to_accrue(waiting: Sequence[Accruable], accrued: Iterable[AccruedAccount]) -> list[Accruable]:
    """What must still be accrued of what waits, by account; negative where more is accrued than waits any more (S19)."""
    left: dict[tuple[str, str], Accruable] = {}
    for one in waiting:
        key = (one.amount.currency, one.account)
        known = left.get(key)
        left[key] = one if known is None else known.changed(amount=known.amount + one.amount, items=known.items + one.items)
    for before in accrued:
        key, amount = (before.currency, before.account), Money.of(before.amount, before.currency)
        known = left.get(key) or Accruable(account=before.account, amount=Money.zero(before.currency), items=0)
        left[key] = known.changed(amount=known.amount - amount)
    return [left[key] for key in sorted(left) if not left[key].amount.is_zero]


def month(text: str) -> Period | None:
    """The month that a person writes as 2026-04; None where it is none."""
    year, _, number = text.partition("-")
    is_written = len(year) == 4 and len(number) == 2 and (year + number).isdecimal() and (year + number).isascii()
    return Period.month(int(year), int(number)) if is_written and 1 <= int(number) <= 12 and 1 <= int(year) < 9999 else None


def _by_currency(accounts: Iterable[AccruedAccount]) -> list[tuple[str, Decimal]]:
    totals: dict[str, Decimal] = {}
    for one in accounts:
        totals[one.currency] = totals.get(one.currency, Decimal(0)) + one.amount
    return sorted((currency, amount) for currency, amount in totals.items() if amount)
