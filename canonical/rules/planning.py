"""From the contract and its service templates to the project, the billing schedule and the planned revenue (R46-R49)."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal

from canonical.billing_schedule import BillingRule, BillingSchedule, BillingTrigger, RevenuePlan, RevenuePlanItem, ScheduledItem
from canonical.contract import Contract, ContractLine
from canonical.errors import RuleBroken
from canonical.money import Money
from canonical.period import Period
from canonical.project import BillingTerm, Dimensions, Milestone, Phase, Project, StaffingNeed, Task
from canonical.quote import BillingKind
from canonical.rules.recurring import DuePeriod, RecurringPolicy, periods_of
from canonical.service_template import PhaseTemplate, ServiceTemplate

Templates = dict[str, ServiceTemplate]


def plan_project(contract: Contract, templates: Templates, *, workstreams: Iterable[str] | None = None) -> Project:
    """The project as sold, for these workstreams (all unless given)."""
    period, lines = _term(contract), _lines(contract, workstreams)
    first = templates[lines[0].service_template] if lines else None
    return Project(
        reference=contract.reference,
        title=contract.title,
        entity=contract.entity,
        customer=contract.payer.reference,
        currency=contract.currency,
        period=period,
        value=Money.sum((line.value(contract.currency) for line in lines), contract.currency),
        phases=tuple(phase for line in lines for phase in _phases(contract, line, templates[line.service_template], period)),
        milestones=tuple(milestone for line in lines for milestone in _milestones(contract, line)),
        staffing=tuple(need for line in lines for need in _staffing(contract, line, period)),
        billing=tuple(BillingTerm(line=line.reference, kind=line.kind, amount=line.value(contract.currency)) for line in lines),
        dimensions=Dimensions(
            practice=first.practice if first else "",
            region=contract.region,
            revenue_treatment=first.revenue_treatment if first else "",
            cost_center=contract.service_line,
        ),
    )


def plan_schedule(
    contract: Contract, *, workstreams: Iterable[str] | None = None, recurring: RecurringPolicy | None = None
) -> BillingSchedule:
    """What is billed when: milestones on acceptance, periods on their first day, retainers on signing, time by rule."""
    lines = _lines(contract, workstreams)
    return BillingSchedule(
        reference=contract.reference,
        project=contract.reference,
        customer=contract.payer.reference,
        entity=contract.entity,
        currency=contract.currency,
        items=tuple(item for line in lines for item in _items(contract, line, recurring)),
        rules=tuple(_rule(contract, line) for line in lines if line.kind is BillingKind.TIME_AND_MATERIALS),
    )


def plan_revenue(
    contract: Contract,
    templates: Templates,
    *,
    workstreams: Iterable[str] | None = None,
    recurring: RecurringPolicy | None = None,
) -> RevenuePlan:
    """When the contract's value is expected to be earned; a retainer is a deposit and plans no revenue of its own."""
    lines = [line for line in _lines(contract, workstreams) if line.kind is not BillingKind.RETAINER]
    items = (
        item for line in lines for item in _revenue(contract, line, templates[line.service_template].revenue_treatment, recurring)
    )
    return RevenuePlan(reference=contract.reference, currency=contract.currency, items=tuple(items))


def _lines(contract: Contract, workstreams: Iterable[str] | None) -> list[ContractLine]:
    wanted = None if workstreams is None else set(workstreams)
    return [line for line in contract.lines if wanted is None or line.workstream in wanted]


def _term(contract: Contract) -> Period:
    if contract.term is None:
        raise RuleBroken(
            f"Contract {contract.reference} was planned without its term", remedy="Let the control point judge it first."
        )
    return contract.term


def _phases(contract: Contract, line: ContractLine, template: ServiceTemplate, period: Period) -> list[Phase]:
    periods = cut(period, [phase.share for phase in template.phases])
    return [
        Phase(
            reference=f"{contract.reference}.{line.reference}.{phase.reference}",
            title=phase.title if len(contract.lines) == 1 else f"{line.reference} {phase.title}",
            line=line.reference,
            workstream=line.workstream,
            period=within,
            tasks=_tasks(contract, line, phase, template),
        )
        for phase, within in zip(template.phases, periods, strict=True)
    ]


def _tasks(contract: Contract, line: ContractLine, phase: PhaseTemplate, template: ServiceTemplate) -> tuple[Task, ...]:
    of_phase = phase.share / sum((p.share for p in template.phases), Decimal(0))
    shares = sum((task.share for task in phase.tasks), Decimal(0)) or Decimal(1)
    hours = sum((term.hours for term in line.rates), Decimal(0))
    return tuple(
        Task(
            reference=f"{contract.reference}.{line.reference}.{phase.reference}.{task.reference}",
            title=task.title,
            role=task.role,
            hours=(hours * of_phase * task.share / shares).quantize(Decimal("0.01")),
            is_billable=task.is_billable,
        )
        for task in phase.tasks
    )


def cut(period: Period, shares: Sequence[Decimal]) -> list[Period]:
    """A period cut into as many consecutive pieces as shares, each at least a day; needs at least that many days."""
    if period.days < len(shares):
        raise RuleBroken(
            f"{period} is too short for {len(shares)} phases", remedy="Lengthen the contract's term or use a shorter template."
        )
    total, spare = sum(shares, Decimal(0)), period.days - len(shares)
    days = [1 + int((spare * share / total).to_integral_value(ROUND_FLOOR)) for share in shares]
    days[-1] += period.days - sum(days)
    pieces, start = [], period.start
    for length in days:
        pieces.append(Period(start=start, end=start + timedelta(days=length)))
        start = pieces[-1].end
    return pieces


def _milestones(contract: Contract, line: ContractLine) -> list[Milestone]:
    return [
        Milestone(
            reference=f"{contract.reference}.{term.reference}",
            title=term.title,
            line=line.reference,
            workstream=line.workstream,
            amount=term.amount,
            due=term.due,
            after=tuple(f"{contract.reference}.{reference}" for reference in term.after),
        )
        for term in line.milestones
    ]


def _staffing(contract: Contract, line: ContractLine, period: Period) -> list[StaffingNeed]:
    return [
        StaffingNeed(
            reference=f"{contract.reference}.{line.reference}.{term.role.replace(' ', '-')}",
            role=term.role,
            hours=term.hours,
            period=period,
            workstream=line.workstream,
        )
        for term in line.rates
        if term.hours > 0
    ]


def _order(contract: Contract, line: ContractLine) -> str:
    covering = contract.purchase_order(line.workstream)
    return covering.number if covering else ""


def _items(contract: Contract, line: ContractLine, recurring: RecurringPolicy | None) -> list[ScheduledItem]:
    order = _order(contract, line)
    amount = line.amount or Money.zero(contract.currency)

    def item(suffix: str, title: str, trigger: BillingTrigger, of: Money, **more: object) -> ScheduledItem:
        facts = {"line": line.reference, "workstream": line.workstream, "purchase_order": order, **more}
        return ScheduledItem.model_validate(
            {"reference": f"{contract.reference}.{suffix}", "title": title, "trigger": trigger, "amount": of, **facts}
        )

    match line.kind:
        case BillingKind.FIXED_FEE if line.milestones:
            return [item(m.reference, m.title, BillingTrigger.ON_ACCEPTANCE, m.amount, on=m.due) for m in line.milestones]
        case BillingKind.FIXED_FEE:
            return [item(line.reference, line.description, BillingTrigger.ON_DATE, amount, on=_term(contract).last)]
        case BillingKind.RETAINER:
            return [item(line.reference, line.description, BillingTrigger.ON_SIGNING, amount, on=_term(contract).start)]
        case BillingKind.SUBSCRIPTION:
            return [
                item(
                    one.reference(line.reference),
                    f"{line.description} {one.period.start:%B %Y}",
                    BillingTrigger.ON_DATE,
                    one.amount,
                    on=one.period.start,
                    period=one.period,
                )
                for one in _periods(contract, line, recurring)
            ]
        case _:
            return []


def _periods(contract: Contract, line: ContractLine, recurring: RecurringPolicy | None) -> list[DuePeriod]:
    priced = line if line.amount else line.changed(amount=Money.zero(contract.currency))
    return periods_of(priced, _term(contract), recurring)


def _rule(contract: Contract, line: ContractLine) -> BillingRule:
    return BillingRule(
        reference=f"{contract.reference}.{line.reference}",
        line=line.reference,
        kind=line.kind,
        rates=line.rates,
        cap=line.cap,
        workstream=line.workstream,
        purchase_order=_order(contract, line),
    )


def _revenue(contract: Contract, line: ContractLine, treatment: str, recurring: RecurringPolicy | None) -> list[RevenuePlanItem]:
    term, value = _term(contract), line.value(contract.currency)
    if line.kind is BillingKind.FIXED_FEE and line.milestones and treatment == "point_in_time":
        return _on_acceptance(contract, line, treatment)
    if line.kind is BillingKind.SUBSCRIPTION:
        earned = [part for one in _periods(contract, line, recurring) for part in one.by_month()]
        treatment = "straight_line"
    else:
        treatment = "as_billed" if line.kind is BillingKind.USAGE else treatment  # use is known once it is metered
        months = list(term.months())
        earned = list(zip(months, value.split([Decimal(month.days) for month in months]), strict=True))
    return [
        RevenuePlanItem(line=line.reference, treatment=treatment, period=period, amount=amount, kind=line.kind)
        for period, amount in earned
    ]


def _on_acceptance(contract: Contract, line: ContractLine, treatment: str) -> list[RevenuePlanItem]:
    """Milestones earn on the day they are due, or on the last day of the term; those of one day are one item."""
    term, days = _term(contract), dict[date, Money]()
    for milestone in line.milestones:
        day = milestone.due if milestone.due and milestone.due in term else term.last
        days[day] = days.get(day, Money.zero(contract.currency)) + milestone.amount
    return [
        RevenuePlanItem(
            line=line.reference,
            treatment=treatment,
            period=Period(start=day, end=day + timedelta(days=1)),
            amount=amount,
            kind=line.kind,
        )
        for day, amount in sorted(days.items())
    ]
