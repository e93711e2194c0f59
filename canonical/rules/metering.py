"""Metered use becomes items: a billing period that is over, at its tiers; one that no meter spoke of is asked for (R77)."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from canonical.billable import Billable, BillableKind
from canonical.contract import Contract, ContractLine
from canonical.exception import Finding
from canonical.money import Money
from canonical.project import Dimensions
from canonical.quote import BillingKind
from canonical.rules.eligibility import placement_of
from canonical.rules.recurring import DuePeriod, RecurringPolicy, periods, usage_amount
from canonical.schema import Part
from canonical.usage import Metered, MeterReading, UsagePlan

SOURCE = "meter"


class Use(Part):
    """What the use of a contract comes to. ``unused`` are periods of which the meter says that nothing is to be paid, each as its
    item would be named, with its version."""

    items: tuple[Billable, ...] = ()
    unused: tuple[tuple[str, str], ...] = ()
    missing: tuple[Finding, ...] = ()

    @property
    def subjects(self) -> list[str]:
        """Every period that was looked at, by the name of its item."""
        return [
            *(one.reference for one in self.items),
            *(name for name, _ in self.unused),
            *(one.subject for one in self.missing),
        ]


def use_of(
    contract: Contract, metered: Sequence[Metered], through: date, dimensions: Dimensions, policy: RecurringPolicy | None = None
) -> Use:
    """Every period of every metered line that is over by the end of a day: use is billed in arrears."""
    found = Use()
    for line in contract.lines:
        if line.kind is BillingKind.USAGE and line.usage and contract.term:
            own = [one for one in metered if one.line == line.reference]
            found = _and_also(found, _of_line(contract, line, line.usage, own, through, dimensions, policy or RecurringPolicy()))
    return found


def refusals(contract: Contract, readings: Iterable[MeterReading]) -> list[str]:
    """Why a reading cannot be of this contract, one sentence each; none is good."""
    metered = {line.reference for line in contract.lines if line.kind is BillingKind.USAGE}
    told = [_refusal(contract, one, metered) for one in readings]
    return [sentence for sentence in told if sentence]


def _of_line(
    contract: Contract,
    line: ContractLine,
    plan: UsagePlan,
    metered: Sequence[Metered],
    through: date,
    dimensions: Dimensions,
    policy: RecurringPolicy,
) -> Use:
    assert contract.term is not None
    scheduled = list(periods(Money.zero(contract.currency), contract.term, policy))
    expected = line.value(contract.currency).split([Decimal(one.period.days) for one in scheduled])
    items, unused, missing = list[Billable](), list[tuple[str, str]](), list[Finding]()
    for due, worth in zip(scheduled, expected, strict=True):
        if due.period.last > through:
            break
        own, name = [one for one in metered if one.used_on in due.period], f"{contract.reference}.{due.reference(line.reference)}"
        if not own:
            missing.append(_missing(line, due, name, worth))
            continue
        version, used = f"{max(one.mark for one in own):012}", sum((one.quantity for one in own), Decimal(0))
        amount = usage_amount(plan, used, policy.rounding)
        if amount.is_zero:
            unused.append((name, version))
            continue
        items.append(
            Billable(
                reference=name,
                kind=BillableKind.USAGE,
                **placement_of(contract, line, dimensions).model_dump(),
                service=due.period,
                quantity=used,
                unit=plan.unit,
                rate=plan.tiers[0].rate if _is_flat(plan) else None,
                rate_version=f"{contract.reference}.v{contract.version}",
                amount=amount,
                description=f"{line.description} {due.period.start:%B %Y}",
                source=SOURCE,
                source_version=version,
                evidence={"clause": line.clause, "tiers": _told(plan)},
            )
        )
    return Use(items=tuple(items), unused=tuple(unused), missing=tuple(missing))


def _is_flat(plan: UsagePlan) -> bool:
    return len(plan.tiers) == 1 and not plan.included


def _told(plan: UsagePlan) -> str:
    free = [f"{plan.included:f} included"] if plan.included else []
    priced = [f"{'above' if one.up_to is None else f'up to {one.up_to:f}'} {one.rate}" for one in plan.tiers]
    return ", ".join([*free, *priced])


def _missing(line: ContractLine, due: DuePeriod, name: str, worth: Money) -> Finding:
    return Finding(
        code="USAGE_MISSING",
        subject=name,
        sentence=f"No meter has said what was used of {line.description} from {due.period.start} to {due.period.last}.",
        remedy="Import the meter's readings (`handoff usage import`), 0 where nothing was used, and bill again.",
        money=worth,
        evidence={"line": line.reference, "period": str(due.period)},
        can_override=False,
    )


def _refusal(contract: Contract, one: MeterReading, metered: set[str]) -> str:
    if one.line not in metered:
        known = f"metered are {', '.join(sorted(metered))}" if metered else "none of its lines is metered"
        return f"{one.reading}: {contract.reference} has no metered line {one.line}; {known}."
    if contract.term and one.used_on not in contract.term:
        return f"{one.reading}: {one.used_on} is outside the term of {contract.reference}, {contract.term}."
    return ""


def _and_also(one: Use, other: Use) -> Use:
    return Use(items=one.items + other.items, unused=one.unused + other.unused, missing=one.missing + other.missing)
