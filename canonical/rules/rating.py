"""Rating: the most specific rate in force on the work date, times the hours to bill, rounded once (R56, R64, S05)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import NamedTuple

from canonical.billable import Billable, BillableKind, Work
from canonical.contract import Contract
from canonical.exception import Finding
from canonical.money import Currency, Money, Rounding
from canonical.period import Period
from canonical.project import Dimensions
from canonical.rate_card import Rate, RateCard
from canonical.reference import Reference
from canonical.schema import Part
from canonical.time_entry import TimeEntry


class HourPolicy(Part):
    """How recorded hours become hours to bill: at least ``minimum``, in steps of ``step`` (0: as recorded), up or nearest."""

    minimum: Decimal = Decimal(0)
    step: Decimal = Decimal(0)
    rounds_up: bool = True

    def hours_to_bill(self, recorded: Decimal) -> Decimal:
        """The hours a customer is billed for; nothing recorded is nothing billed (R56)."""
        if recorded <= 0:
            return recorded
        hours = max(recorded, self.minimum)
        if not self.step:
            return hours
        return (hours / self.step).to_integral_value(ROUND_CEILING if self.rounds_up else ROUND_HALF_UP) * self.step


class RatingPolicy(Part):
    """How the firm rates: hours, and how the one rounding of the amount is done."""

    hours: HourPolicy = HourPolicy()
    rounding: Rounding = Rounding.HALF_UP


class Placement(Part):
    """Where an entry belongs: contract line, entity, payer, currency, and what accounting carries with it unchanged (R69)."""

    contract: Reference
    line: Reference
    entity: str
    customer: Reference
    currency: Currency
    workstream: str = ""
    purchase_order: str = ""
    tax_code: str = ""
    dimensions: Dimensions = Dimensions()


class Priced(NamedTuple):
    """A rate and the version of the card that says so."""

    rate: Rate
    version: str


class _Named(NamedTuple):
    """What a rate, or an entry, names; in the order of what is more specific. An empty field of a rate matches everybody."""

    person: str
    line: str
    project: str
    role: str


_Shape = tuple[bool, ...]
_Ranked = dict[_Shape, dict[tuple[str, ...], list[Priced]]]


class RateBook:
    """Rate cards, arranged so that an entry finds its rate at once, however many rates there are.

    The most specific wins: person and project, person, role and line, role and project, role (R56). The engagement's own
    card goes before the firm's; of several rates in force the one that began last counts, of one day the latest version's.
    """

    def __init__(self, cards: Iterable[RateCard]) -> None:
        books = defaultdict[tuple[str, str], _Ranked](lambda: defaultdict(lambda: defaultdict(list)))
        for card in sorted(cards, key=lambda card: card.version):
            for rate in card.rates:
                named = _Named(rate.person, rate.line, rate.project, rate.role)
                priced = Priced(rate, f"{card.reference}.v{card.version}")
                books[card.contract, rate.rate.currency][_shape(named)][named].append(priced)
        self._books = {scope: sorted(ranked.items(), reverse=True) for scope, ranked in books.items()}

    def rate_for(self, *, role: str, person: str, placement: Placement, day: date, project: str = "") -> Priced | None:
        """The rate in force on the work date, in the contract's currency; none when no card has one (R56)."""
        entry = _Named(person, placement.line, project or placement.contract, role)
        for contract in (placement.contract, ""):
            for shape, rates in self._books.get((contract, placement.currency), ()):
                named = tuple(value if is_named else "" for value, is_named in zip(entry, shape, strict=True))
                found = _in_force(rates.get(named, ()), day)
                if found is not None:
                    return found
        return None


def _shape(named: _Named) -> _Shape:
    """Which fields are named; of two shapes the greater is the more specific."""
    return tuple(bool(value) for value in named)


def _in_force(rates: Sequence[Priced], day: date) -> Priced | None:
    holding = [one for one in rates if one.rate.holds_on(day)]
    return max(reversed(holding), key=lambda one: one.rate.since) if holding else None


def card_of(contract: Contract) -> RateCard:
    """The rates that the contract's lines state, in force from its first day: how its time is rated at first (R54, R56)."""
    since = contract.term.start if contract.term else date.min
    return RateCard(
        reference=f"{contract.reference}.rates",
        contract=contract.reference,
        version=contract.version,
        rates=tuple(
            Rate(role=term.role, line=line.reference, rate=term.rate, since=since)
            for line in contract.lines
            for term in line.rates
        ),
    )


def rate_entry(
    entry: TimeEntry, placement: Placement, book: RateBook, policy: RatingPolicy | None = None, *, role: str = ""
) -> Billable | Finding | None:
    """An approved entry as a billable item, or why it has no price: a rate of zero is never one (R56, S05).

    None where the entry is not billable: that is cost only (R65). ``role`` is the labor category of the person's posting, for an
    entry that names none.
    """
    if not entry.is_billable:
        return None
    policy, category = policy or RatingPolicy(), entry.role or role
    priced = book.rate_for(role=category, person=entry.person, placement=placement, day=entry.work_date, project=entry.project)
    if priced is None:
        return _missing(entry, placement, category)
    if priced.rate.rate.amount <= 0:
        return _zero(entry, priced, category)
    hours = policy.hours.hours_to_bill(entry.hours)
    return Billable(
        reference=entry.reference,
        kind=BillableKind.TIME,
        **{name: getattr(placement, name) for name in Placement.model_fields},
        service=Period(start=entry.work_date, end=entry.work_date + timedelta(days=1)),
        quantity=hours,
        unit="hour",
        rate=priced.rate.rate,
        rate_version=priced.version,
        amount=(priced.rate.rate * hours).rounded(policy.rounding),
        description=category,
        work=Work(person=entry.person, role=category, task=entry.task, approved_by=entry.approved_by, note=entry.note),
        source=entry.system,
        source_version=entry.source_version,
    )


def at_risk(entry: TimeEntry) -> Money | None:
    """What unrated time is worth by the PSA's own rate, where it told one: money for the exception queue, never a price."""
    return (entry.rate * entry.hours).rounded() if entry.rate else None


def _missing(entry: TimeEntry, placement: Placement, category: str) -> Finding:
    who = f"{category or 'no labor category'}, {entry.person or 'nobody'}"
    return Finding(
        code="RATE_MISSING",
        subject=entry.reference,
        sentence=f"On {entry.work_date} {placement.contract}.{placement.line} has no rate in {placement.currency} for {who}.",
        remedy="Add the rate to the engagement's rate card (`handoff rates import`), then settle with retry.",
        money=at_risk(entry),
        evidence={"entry": entry.reference, "hours": str(entry.hours), "work_date": str(entry.work_date)},
        can_override=False,
    )


def _zero(entry: TimeEntry, priced: Priced, category: str) -> Finding:
    return Finding(
        code="RATE_ZERO",
        subject=entry.reference,
        sentence=f"The rate of {category or entry.person} on {entry.work_date} is {priced.rate.rate}, which is no price.",
        remedy="Correct the rate card, or mark the entry as not billable in the PSA; then settle with retry.",
        money=at_risk(entry),
        evidence={"entry": entry.reference, "hours": str(entry.hours), "rate_version": priced.version},
        can_override=False,
    )
