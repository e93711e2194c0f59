"""Tax of a document, rounded as its target does it and given out to its lines without losing a cent (S12, S17)."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from canonical.exception import Finding
from canonical.money import Money, Rounding, minor_unit
from canonical.schema import Part
from canonical.tax import TaxAnswer, TaxedLine
from canonical.written import RoundingLevel


class TaxPolicy(Part):
    """Where the target ERP rounds: each line, or the document by rate (S12)."""

    level: RoundingLevel = RoundingLevel.DOCUMENT
    rounding: Rounding = Rounding.HALF_UP


class Taxable(Part):
    """A document line's net amount and its rate (0.19); a retainer draw is negative."""

    amount: Money
    rate: Decimal


def taxes(lines: Sequence[Taxable], policy: TaxPolicy | None = None) -> list[Money]:
    """The tax of each line; their sum is the document's tax (S12: 29.93 by document, 29.94 by line)."""
    rules = policy or TaxPolicy()
    exact = [line.amount * line.rate for line in lines]
    if rules.level is not RoundingLevel.DOCUMENT:
        return [one.rounded(rules.rounding) for one in exact]
    found: dict[int, Money] = {}
    for rate in dict.fromkeys(line.rate for line in lines):
        numbers = [n for n, line in enumerate(lines) if line.rate == rate]
        found |= zip(numbers, rounded_together([exact[n] for n in numbers], rules.rounding), strict=True)
    return [found[n] for n in range(len(lines))]


def amounts(exact: Sequence[Money], policy: TaxPolicy | None = None) -> list[Money]:
    """Net amounts of lines, rounded where the target rounds (S12: 157.50 by line, 157.49 by document)."""
    rules = policy or TaxPolicy()
    if rules.level is RoundingLevel.DOCUMENT:
        return rounded_together(exact, rules.rounding)
    return [one.rounded(rules.rounding) for one in exact]


def rounded_together(exact: Sequence[Money], rounding: Rounding = Rounding.HALF_UP) -> list[Money]:
    """Amounts whose sum is the rounded sum: each within a unit of its own, by largest remainder, ties in order (S04, S12)."""
    if not exact:
        return []
    return apportioned(Money.sum(exact, exact[0].currency).rounded(rounding), exact)


def apportioned(total: Money, exact: Sequence[Money]) -> list[Money]:
    """A total that a target or tax engine told, given out to lines by largest remainder of their exact amounts (S12).

    The total is at most a unit a line away from their sum; one that is further away is given out in proportion instead.
    """
    unit = minor_unit(total.currency)
    floors = [(one.amount / unit).to_integral_value(ROUND_FLOOR) for one in exact]
    missing = total.in_minor_units() - int(sum(floors))
    if not 0 <= missing <= len(exact):
        return total.split([abs(one.amount) for one in exact] if any(one.amount for one in exact) else [Decimal(1)] * len(exact))
    first = sorted(range(len(exact)), key=lambda n: (floors[n] - exact[n].amount / unit, n))[:missing]
    raised = set(first)
    return [Money(amount=(floor + (n in raised)) * unit, currency=total.currency) for n, floor in enumerate(floors)]


def with_line_taxes(answer: TaxAnswer, policy: TaxPolicy | None = None) -> tuple[TaxedLine, ...]:
    """The engine's lines, rounded so that their taxes are the document's tax as the target will post it (S12)."""
    told = taxes([Taxable(amount=line.taxable, rate=line.rate) for line in answer.lines], policy)
    return tuple(line.changed(tax=tax) for line, tax in zip(answer.lines, told, strict=True))


def nexus_findings(answer: TaxAnswer, net: Money, *, entity: str, subject: str, then: str = "is held") -> list[Finding]:
    """Jurisdictions that tax this while the entity is not registered there hold the document: never zero tax (S17).

    One finding for all of them (a state with its cities is one registration), so that the money is at risk once.
    """
    if not answer.missing_nexus:
        return []
    places = ", ".join(answer.missing_nexus)
    return [
        Finding(
            code="TAX_NEXUS_MISSING",
            subject=subject,
            sentence=f"This service is taxed in {places}, and {entity} is not registered for tax there: {net} {then}.",
            remedy=f"Register {entity} in {places} and configure it in the tax engine, or record why it is not due.",
            money=net,
            evidence={"entity": entity, "jurisdictions": places, "document": subject},
            can_override=False,
        )
    ]
