"""Revenue of a period: what every line earned, prepared in the ledger by sets and pages; each is safe to run twice (R93)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from pydantic import BaseModel
from temporalio import activity

from activities.billing_ports import GeneralLedger
from activities.books import Cases, Clock
from activities.closing_books import ClosingBooks, ClosingPolicy
from activities.systems import Systems
from canonical.errors import NotServed, PeriodIsClosed, Rejected
from canonical.exception import Case, Finding, queued
from canonical.journal import Journal
from canonical.landscape import Capability, Scope
from canonical.obligation import LineStanding, Recognition, Sums
from canonical.period import Period
from canonical.provenance import Origin
from canonical.rules.close import place
from canonical.rules.earning import BY_PROGRESS, journals, missing_progress, recognitions
from canonical.rules.postings import Chart

_MOST_CASES = 500


class PrepareRevenue(BaseModel):
    """Recognize what an entity earned through the end of a month."""

    origin: Origin
    entity: str
    start: date


class Prepared(BaseModel):
    """What is to be posted: the run with its journals, by reference; no run where nothing has changed."""

    run: str = ""
    journals: list[str] = []
    system: str = ""
    obligations: int = 0
    unmeasured: int = 0
    policy_version: str = ""


class SettleRun(BaseModel):
    """A run has come to an end: posted, reversed or withdrawn."""

    origin: Origin
    run: str
    state: str


class PostedRuns(BaseModel):
    """The runs of a period that stand, the newest first, with their journals."""

    runs: dict[str, list[str]] = {}
    system: str = ""


@dataclass
class _Seen:
    """What was met on the way that people must hear of."""

    missing: list[Finding] = field(default_factory=list)
    measured: list[str] = field(default_factory=list)
    engagements: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RevenueActivities:
    """The steps of recognition that touch our own books and only read elsewhere."""

    systems: Systems
    billing: ClosingBooks
    policy: ClosingPolicy
    cases: Cases
    clock: Clock

    @activity.defn
    async def prepare_revenue(self, request: PrepareRevenue) -> Prepared:
        """Earned to date less what was recognized, for every obligation; asked again before it is posted, it is the same run."""
        period, now = month_of(request.start), await self.clock.now()
        require_over(period, now, "recognized")
        system = ledger_of(self.policy, request.entity, period)
        on = await self._accounted(request.entity, period, now.date(), system)
        chart, seen = self.policy.chart(period.last), _Seen()

        def draw_up(run: str, sums: Sequence[Sums]) -> list[Journal]:
            return journals(run, request.entity, on, sums, chart, f"Revenue earned through {period.last} ({run})")

        run = await self.billing.revenue.prepare(
            request.entity, period, on, lambda line: _earned(line, chart, seen), draw_up, origin=request.origin
        )
        await self._tell(request, seen, now)
        done = Prepared(system=system, unmeasured=len(seen.missing), policy_version=self.policy.version)
        if run is None:
            return done
        return done.model_copy(update={"run": run.reference, "journals": list(run.journals), "obligations": run.obligations})

    @activity.defn
    async def posted_runs(self, request: PrepareRevenue) -> PostedRuns:
        """What of a period stands in the books and can be reversed."""
        period = month_of(request.start)
        runs = await self.billing.revenue.runs(request.entity, request.start)
        standing = {run.reference: list(run.journals) for run in runs if run.state == "posted"}
        return PostedRuns(runs=standing, system=ledger_of(self.policy, request.entity, period))

    @activity.defn
    async def settle_run(self, request: SettleRun) -> None:
        """What the run held counts from now on, or for nothing."""
        await self.billing.revenue.settle(request.run, request.state, origin=request.origin)

    async def _accounted(self, entity: str, period: Period, today: date, system: str) -> date:
        """The period's last day while it is open, else a day of the next open one."""
        placed = place(period.last, today, await self.systems.get(system, GeneralLedger).periods(entity))
        if placed is None:
            raise PeriodIsClosed(f"No accounting period of {entity} from {period.start:%B %Y} on is open in {system}")
        return placed.accounting_date

    async def _tell(self, request: PrepareRevenue, seen: _Seen, now: datetime) -> None:
        """Lines that nobody measured become exceptions; those of lines that are measured by now are closed."""
        cases = [self._case(one, request, seen.engagements[one.subject], now) for one in seen.missing[:_MOST_CASES]]
        await self.cases.open(cases)
        if seen.measured:
            keys = [f"PROGRESS_MISSING/{subject}" for subject in seen.measured]
            await self.cases.resolve(keys, actor="handoff", reason="Its progress is measured.")

    def _case(self, finding: Finding, request: PrepareRevenue, contract: str, now: datetime) -> Case:
        terms = self.policy.case_terms(finding.code, request.entity, now)
        return queued(
            finding,
            terms,
            now,
            engagement=contract,
            project=contract,
            entity=request.entity,
            correlation=request.origin.correlation,
            control_point="billing_eligibility",
            step=request.origin.step,
        )


def month_of(start: date) -> Period:
    """The calendar month that begins on that day."""
    return Period.month(start.year, start.month)


def require_over(period: Period, now: datetime, done: str) -> None:
    """A month is recognized and closed on its last day or later."""
    if now.date() < period.last:
        raise Rejected(
            f"{period.start:%B %Y} is not over: it cannot be {done} before {period.last}",
            remedy="Wait for its last day, or name an earlier month.",
            code="PERIOD_NOT_OVER",
        )


def ledger_of(policy: ClosingPolicy, entity: str, period: Period) -> str:
    """The system that keeps the entity's general ledger."""
    system = policy.system_for(Capability.GENERAL_LEDGER, Scope(entity=entity, service_date=period.last))
    if not system:
        raise NotServed(f"No system keeps the general ledger of {entity} in {period.start:%B %Y}")
    return system


def _earned(line: LineStanding, chart: Chart, seen: _Seen) -> Iterator[Recognition]:
    subject, missing = f"{line.contract}.{line.line}", missing_progress(line)
    if missing is not None:
        seen.missing.append(missing)
        seen.engagements[subject] = line.contract
    elif line.treatment in BY_PROGRESS:
        seen.measured.append(subject)
    yield from recognitions(line, chart)
