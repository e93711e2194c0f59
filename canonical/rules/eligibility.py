"""Billing eligibility, the third control point (R150): when a milestone or a scheduled item may be billed, and as what."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from canonical.acceptance import Acceptance
from canonical.billable import Billable, BillableKind, Work
from canonical.billing_schedule import BillingSchedule, BillingTrigger, ScheduledItem
from canonical.contract import Contract, ContractLine, MilestoneTerm
from canonical.exception import Finding
from canonical.period import Period
from canonical.project import Dimensions
from canonical.quote import BillingKind
from canonical.rules.rating import Placement

_KINDS = {BillingKind.SUBSCRIPTION: BillableKind.SUBSCRIPTION, BillingKind.RETAINER: BillableKind.RETAINER}


def placement_of(contract: Contract, line: ContractLine, dimensions: Dimensions) -> Placement:
    """Where the items of a line belong; the purchase order is that of its workstream (R44, R69)."""
    covering = contract.purchase_order(line.workstream)
    return Placement(
        contract=contract.reference,
        line=line.reference,
        entity=contract.entity,
        customer=contract.payer.reference,
        currency=contract.currency,
        workstream=line.workstream,
        purchase_order=covering.number if covering else "",
        dimensions=dimensions,
    )


def milestone_of(contract: Contract, reference: str) -> tuple[ContractLine, MilestoneTerm] | None:
    """The line and term of a milestone, by its own reference or with the contract's before it (M1, C-100.M1)."""
    short = reference.removeprefix(f"{contract.reference}.")
    found = ((line, term) for line in contract.lines for term in line.milestones if term.reference == short)
    return next(found, None)


def milestone_findings(contract: Contract, acceptance: Acceptance, accepted: Collection[str]) -> Iterator[Finding]:
    """What stands in the way of billing it: unknown, without evidence, before what it depends on (R74, R75)."""
    found = milestone_of(contract, acceptance.milestone)
    if found is None:
        known = ", ".join(term.reference for line in contract.lines for term in line.milestones) or "none"
        yield _finding(
            "MILESTONE_UNKNOWN",
            acceptance,
            f"Contract {contract.reference} has no milestone {acceptance.milestone}.",
            f"Correct its reference in the PSA; the contract has {known}.",
        )
        return
    _, term = found
    if not acceptance.evidence_url:
        yield _finding(
            "ACCEPTANCE_NO_EVIDENCE",
            acceptance,
            f"{term.title} ({term.amount}) was accepted by {acceptance.accepted_by or 'nobody'} without an acceptance record.",
            "Attach the signed acceptance record to the milestone, then settle with retry; or override with the reason.",
            term,
            can_override=True,
        )
    missing = [reference for reference in term.after if reference not in accepted]
    if missing:
        yield _finding(
            "MILESTONE_DEPENDENCY",
            acceptance,
            f"{term.title} ({term.amount}) was accepted before {', '.join(missing)}, which it depends on.",
            "Have the earlier milestones accepted, then settle with retry; or override with the reason.",
            term,
            can_override=True,
        )


def milestone_item(contract: Contract, acceptance: Acceptance, dimensions: Dimensions) -> Billable | None:
    """The accepted milestone as an item; its service is the day of acceptance (S01). None when there is no such milestone."""
    found = milestone_of(contract, acceptance.milestone)
    if found is None:
        return None
    line, term = found
    return Billable(
        reference=f"{contract.reference}.{term.reference}",
        kind=BillableKind.MILESTONE,
        **placement_of(contract, line, dimensions).model_dump(),
        service=_day(acceptance.accepted_on),
        unit="milestone",
        rate=term.amount,
        rate_version=f"{contract.reference}.v{contract.version}",
        amount=term.amount,
        description=term.title,
        work=Work(approved_by=acceptance.accepted_by),
        source="acceptance",
        source_version=acceptance.version,
        evidence={"clause": term.clause or line.clause, "acceptance": acceptance.evidence_url},
    )


def scheduled_items(contract: Contract, schedule: BillingSchedule, through: date, dimensions: Dimensions) -> list[Billable]:
    """Periods that have begun, retainers on signing, fees by date: due through a day, that day included (S01, R77)."""
    lines = {line.reference: line for line in contract.lines}
    due = [one for one in schedule.items if one.trigger is not BillingTrigger.ON_ACCEPTANCE and one.on and one.on <= through]
    return [_scheduled(contract, lines[one.line], one, dimensions) for one in due]


def _scheduled(contract: Contract, line: ContractLine, item: ScheduledItem, dimensions: Dimensions) -> Billable:
    assert item.on is not None
    return Billable(
        reference=item.reference,
        kind=_KINDS.get(line.kind, BillableKind.MILESTONE),
        **placement_of(contract, line, dimensions).model_dump(),
        service=item.period or _day(item.on),
        unit="period" if item.period else "",
        rate=item.amount,
        rate_version=f"{contract.reference}.v{contract.version}",
        amount=item.amount,
        description=item.title,
        source="schedule",
        source_version=f"{contract.version:06}",
        evidence={"clause": line.clause},
    )


def _day(day: date) -> Period:
    return Period(start=day, end=day + timedelta(days=1))


def _finding(
    code: str,
    acceptance: Acceptance,
    sentence: str,
    remedy: str,
    term: MilestoneTerm | None = None,
    *,
    can_override: bool = False,
) -> Finding:
    return Finding(
        code=code,
        subject=acceptance.milestone,
        sentence=sentence,
        remedy=remedy,
        money=term.amount if term else None,
        evidence={"milestone": acceptance.milestone, "accepted_on": str(acceptance.accepted_on), "version": acceptance.version},
        can_override=can_override,
    )
