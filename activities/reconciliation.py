"""Both sides are read and compared, findings kept, and what is gone closed; each is safe to run twice (R134, R135)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import BaseModel
from temporalio import activity

from activities.billing_books import BillingBooks
from activities.books import Cases, Clock
from activities.contract_of_record import ContractsOfRecord
from activities.ports import Connected
from activities.reconciliation_ports import Listing, ReconciliationPolicy, Runs
from activities.roster import Roster
from activities.second_look import SecondLook
from activities.systems import Systems
from canonical.errors import Misconfigured
from canonical.exception import Case
from canonical.landscape import Scope
from canonical.period import Period
from canonical.provenance import Origin
from canonical.reconciliation import Comparison, Discrepancy, DiscrepancyState, Listed, ReconciliationRun, RunTotals
from canonical.rules.reconciling import OBJECTS, is_mirrored, window
from canonical.written import RoundingLevel

MOST_CASES = 200
_REMEDIES = {
    "DUPLICATE": "Take one of the records back there, or credit it if it was invoiced; the finding closes at the next run.",
    "AMOUNT": "Correct the side that is wrong (the ledger by a credit, never by hand); the finding closes at the next run.",
    "ORPHAN": "Find out who withdrew its origin: take the record back, or restore the origin; then the finding closes.",
    "STATUS": "Bring both sides to the same state; the finding closes at the next run.",
    "MISSING": "Running the handoff again does not bring it: create it there by hand, or withdraw it here.",
}


class BeginRun(BaseModel):
    """Reconcile an entity: its day of the cut-off unless days are asked for; ``as_of`` is the time the run was scheduled for."""

    origin: Origin
    key: str
    entity: str
    since: date | None = None
    through: date | None = None
    as_of: datetime | None = None
    is_report_only: bool = False


class Begun(BaseModel):
    """The run, what it compares, and the entity that what is nobody's belongs to."""

    run: ReconciliationRun
    comparisons: list[Comparison]
    home: str


class CompareSides(BaseModel):
    """One comparison of a run."""

    origin: Origin
    run: ReconciliationRun
    comparison: Comparison
    home: str


class FinishRun(BaseModel):
    """Every comparison is done."""

    origin: Origin
    run: ReconciliationRun


class Finished(BaseModel):
    """The drift, what this run found by type, and what can be healed in which comparison."""

    totals: list[RunTotals] = []
    found: dict[str, int] = {}
    closed: int = 0
    to_heal: list[str] = []


@dataclass(frozen=True)
class ReconciliationActivities:
    """The comparing half; what heals is in reconciliation_healing.py."""

    systems: Systems
    policy: ReconciliationPolicy
    reconciliation: Runs
    cases: Cases
    clock: Clock
    record: ContractsOfRecord
    billing: BillingBooks
    roster: Roster

    @activity.defn
    async def begin_reconciliation(self, request: BeginRun) -> Begun:
        """Its days and cut-off, frozen; asked again, it is the same run."""
        now = await self.clock.now()
        as_of = min(request.as_of or now, now)
        terms = self.policy.reconciliation(request.entity, as_of.date())
        days = window(terms, as_of, request.since, request.through)
        run = await self.reconciliation.begin(
            request.key,
            entity=request.entity,
            since=days.start,
            through=days.last,
            as_of=as_of,
            is_report_only=request.is_report_only,
            workflow=request.origin.workflow,
        )
        scope = Scope(entity=request.entity, service_date=run.through)
        served = [(one, self.policy.system_for(one.capability, scope)) for one in OBJECTS]
        await self._unserved(run.number, [one.name for one, system in served if not system])
        return Begun(run=run, comparisons=[one.with_system(system) for one, system in served if system], home=terms.home)

    @activity.defn
    async def compare_sides(self, request: CompareSides) -> None:
        """Both sides into the ledger, a page at a time, and compared there."""
        comparison, run = request.comparison, request.run
        system = self.systems.connected.get(comparison.outside)
        if not isinstance(system, Listing) or not system.listings.issuperset(comparison.things):
            why = f"{comparison.outside} does not list {', '.join(comparison.things)}"
            await self.reconciliation.findings.not_compared(run.number, comparison.name, (comparison.outside, "ledger"), why)
            return
        look = SecondLook(self.systems, self.record, self.billing, self.policy, self.roster, self.clock)
        await self.reconciliation.compare(
            run,
            comparison,
            _pages(system, comparison, run),
            again=look.at(system, comparison, run.entity),
            lag=look.lag(system),
            home=request.home,
            rounding=_rounding(system, comparison),
        )

    @activity.defn
    async def finish_reconciliation(self, request: FinishRun) -> Finished:
        """Close what is gone, take the contracts' positions, and propose to people what does not heal by itself."""
        run, findings = request.run, self.reconciliation.findings
        accounts = self.policy.chart(run.through).revenue_accounts
        await findings.take_positions(run.number, run.entity, accounts)
        await self.reconciliation.finish(run.number)
        found = await findings.of_run(run.number)
        closed = await findings.of_run(run.number, state=DiscrepancyState.CLOSED)
        if not run.is_report_only:
            await self._propose([one for one in found if one.type.proposes], request.origin)
            await self.cases.resolve([case_key(one) for one in closed], actor="handoff", reason=f"Gone at run {run.number}.")
        counted = {one.type.value: sum(other.type is one.type for other in found) for one in found}
        to_heal = sorted({one.comparison for one in found if one.type.heals or is_mirrored(one)})
        return Finished(totals=await findings.totals(run.number), found=counted, closed=len(closed), to_heal=to_heal)

    async def _unserved(self, run: int, names: Sequence[str]) -> None:
        for name in names:
            await self.reconciliation.findings.not_compared(run, name, ("", "ledger"), "no system of the landscape serves it")

    async def _propose(self, found: Sequence[Discrepancy], origin: Origin) -> None:
        """The largest one by one; what is beyond counting by hand is read on the run itself."""
        now = await self.clock.now()
        largest = sorted(found, key=lambda one: abs(one.money.amount) if one.money else 0, reverse=True)[:MOST_CASES]
        await self.cases.open([proposal(one, self.policy, origin, now) for one in largest])


def proposal(found: Discrepancy, policy: ReconciliationPolicy, origin: Origin, now: datetime) -> Case:
    """A finding as work for people."""
    code = f"RECONCILE_{found.type.value}"
    terms = policy.case_terms(code, found.entity, now)
    return Case(
        key=case_key(found),
        code=code,
        sentence=f"{found.type.value} in {found.comparison}: {found.key} of {found.day or 'no day'}: {found.left} against "
        f"{found.right}.",
        remedy=_REMEDIES[found.type.value],
        subject=found.key,
        evidence={
            "comparison": found.comparison,
            "left": found.left,
            "right": found.right,
            "records": ", ".join(found.targets),
            "finding": str(found.number),
        },
        money_amount=found.money.amount if found.money else None,
        money_currency=found.money.currency if found.money else None,
        engagement=found.contract,
        entity=found.entity,
        correlation=origin.correlation,
        control_point="reconciliation",
        step=origin.step,
        owner_role=terms.owner_role,
        opened_at=now,
        due_at=terms.due_at,
    )


def case_key(found: Discrepancy) -> str:
    """One finding is one case, whatever type it takes."""
    return f"RECONCILE/{found.number}"


async def _pages(system: Listing, comparison: Comparison, run: ReconciliationRun) -> AsyncIterator[Sequence[Listed]]:
    days, count = Period.through(run.since, run.through), 0
    for thing in comparison.things:
        async for page in system.listed(thing, entity=run.entity, days=days):
            count += len(page)
            activity.heartbeat(count)
            yield page


def _rounding(system: Connected, comparison: Comparison) -> RoundingLevel:
    """What the system declares of this kind of write."""
    declared_as = next((one.declared_as for one in OBJECTS if one.name == comparison.name), "")
    if not declared_as:
        return RoundingLevel.NONE
    try:
        return system.declares(declared_as).rounding
    except Misconfigured:  # it lists what it never writes
        return RoundingLevel.NONE
