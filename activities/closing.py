"""The month end of an entity: what stands in the way, what is accrued, which months are due; each is safe to run twice (S19)."""

import asyncio
import time
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from pydantic import BaseModel
from temporalio import activity

from activities.billing_ports import GeneralLedger
from activities.books import Clock
from activities.closing_books import ClosingBooks, ClosingPolicy
from activities.revenue import ledger_of, month_of, require_over
from activities.systems import Systems
from canonical.billable import BillableKind
from canonical.closing import AccruedAccount, Readiness
from canonical.errors import PeriodIsClosed
from canonical.exception import Finding
from canonical.journal import AccountingPeriod, Journal
from canonical.landscape import Capability, Scope
from canonical.money import Money
from canonical.period import Period
from canonical.provenance import Origin
from canonical.rules.close import Accruable, is_closed, propose_accrual
from canonical.rules.earning import recognitions
from canonical.rules.readiness import hindrances, to_accrue

_LOOKS_BACK = relativedelta(months=2)
_UNDER_WAY = timedelta(minutes=1)
"""A write whose worker died is taken up again within this; longer is for a person to look at."""


class CloseMonth(BaseModel):
    """A month of an entity, by its first day; ``lets_end`` gives what is just being written the time to come to its end."""

    origin: Origin
    entity: str
    start: date
    lets_end: bool = False


class Proposed(BaseModel):
    """The accruals that wait for people, one for each currency, and those that are approved and not posted yet."""

    findings: list[Finding] = []
    approved: list[str] = []
    system: str = ""


class DecideAccrual(BaseModel):
    """What people decided on a proposal; ``by`` names them."""

    origin: Origin
    reference: str
    is_approved: bool
    by: str = ""


class Decided(BaseModel):
    """Whether it may be posted; not if the work that it stands for has changed since it was proposed."""

    may_post: bool = False
    is_stale: bool = False


class DueClose(BaseModel):
    """A month whose closing day has come and whose close nobody has begun."""

    entity: str
    start: date


@dataclass(frozen=True)
class CloseActivities:
    """What the close reads and keeps in our own books."""

    systems: Systems
    billing: ClosingBooks
    policy: ClosingPolicy
    clock: Clock

    @activity.defn
    async def begin_close(self, request: CloseMonth) -> None:
        """Refuse a month that is not over; note that its close has begun."""
        require_over(month_of(request.start), await self.clock.now(), "closed")
        await self.billing.closing.start(request.entity, request.start, request.origin.workflow)

    @activity.defn
    async def propose_accruals(self, request: CloseMonth) -> Proposed:
        """What is approved and not accounted, less what is accrued, as journals for people to decide on (S19)."""
        period = month_of(request.start)
        system = ledger_of(self.policy, request.entity, period)
        drawn = await self._drawn(request.entity, period)
        if drawn and is_closed(period.last, await self.systems.get(system, GeneralLedger).periods(request.entity)):
            raise PeriodIsClosed(f"{period.start:%B %Y} is closed in {system} for {request.entity}: nothing can be accrued in it")
        known = await self.billing.closing_journals.of(request.entity, request.start, purpose="accrual")
        findings = [await self._proposed(request, period, journal, items) for journal, items in drawn]
        approved = [one.reference for one in known if one.state == "approved"]
        return Proposed(findings=findings, approved=approved, system=system)

    @activity.defn
    async def decide_accrual(self, request: DecideAccrual) -> Decided:
        """Approve it, unless what it stands for has changed meanwhile; or withdraw it."""
        ledger = self.billing.closing_journals
        journal, known = await ledger.read(request.reference)
        if not request.is_approved:
            await ledger.move(request.reference, "withdrawn", by=request.by, origin=request.origin)
            return Decided()
        if known.state in {"approved", "posted"}:
            return Decided(may_post=True)
        drawn = await self._drawn(journal.entity, month_of(journal.accounting_date.replace(day=1)))
        if known.state != "proposed" or not any(_is_same(journal, now) for now, _ in drawn):
            return Decided(is_stale=True)
        return Decided(may_post=await ledger.move(request.reference, "approved", by=request.by, origin=request.origin))

    @activity.defn
    async def judge_close(self, request: CloseMonth) -> Readiness:
        """Everything that a controller looks at, read at one time."""
        found = await self.readiness(request.entity, month_of(request.start))
        until = time.monotonic() + _UNDER_WAY.total_seconds()
        while request.lets_end and found.is_under_way and time.monotonic() < until:
            activity.heartbeat()
            await asyncio.sleep(1)
            found = await self.readiness(request.entity, month_of(request.start))
        return found

    @activity.defn
    async def finish_close(self, request: CloseMonth) -> None:
        """Our own close is done; the ERP's period is closed there, by people."""
        await self.billing.closing.finish(request.entity, request.start)

    @activity.defn
    async def due_closes(self) -> list[DueClose]:
        """Months of the last quarter whose closing day has come, of entities whose ledger somebody keeps, and not begun."""
        today = (await self.clock.now()).date()
        first = today.replace(day=1) - _LOOKS_BACK
        begun, months = await self.billing.closing.begun(first), [first + relativedelta(months=n) for n in range(2)]
        return [
            DueClose(entity=entity, start=start)
            for start in months
            for entity in self.policy.entity_codes(today)
            if (entity, start) not in begun and self._is_due(entity, month_of(start), today)
        ]

    async def readiness(self, entity: str, period: Period) -> Readiness:
        """The state of a month, for the process and for whoever asks."""
        closing, chart = self.billing.closing, self.policy.chart(period.last)
        runs = await self.billing.revenue.runs(entity, period.start)
        found = Readiness(
            entity=entity,
            period=period,
            as_of=await self.clock.now(),
            books=await self._books(entity, period),
            waiting=tuple(await closing.waiting(entity, period.end)),
            pending=tuple(await closing.pending(entity, period.end)),
            in_flight=tuple(await closing.in_flight(entity)),
            cases=tuple(await closing.cases(entity)),
            prior=tuple(await closing.prior(entity, period)),
            to_recognize=await self.billing.revenue.due(entity, period, lambda line: recognitions(line, chart)),
            recognized_at=max((run.prepared_at for run in runs if run.prepared_at and run.state == "posted"), default=None),
            to_accrue=tuple(_account(one) for one in await self._to_accrue(entity, period)),
            journals=tuple(await self.billing.closing_journals.of(entity, period.start)),
            close=await closing.state(entity, period.start),
        )
        return found.model_copy(update={"hindrances": tuple(hindrances(found))})

    async def _books(self, entity: str, period: Period) -> AccountingPeriod | None:
        system = ledger_of(self.policy, entity, period)
        periods = await self.systems.get(system, GeneralLedger).periods(entity)
        return next((one for one in periods if period.last in one.period), None)

    async def _to_accrue(self, entity: str, period: Period) -> list[Accruable]:
        chart = self.policy.chart(period.last)
        accounts = {kind: chart.billed_to(kind) for kind in BillableKind}
        waiting = await self.billing.closing.accruable(entity, period.end, accounts)
        accrued = await self.billing.closing_journals.accrued(entity, period.start, chart.contract_asset)
        return to_accrue(waiting, accrued)

    async def _drawn(self, entity: str, period: Period) -> list[tuple[Journal, int]]:
        """A journal and its number of items for each currency."""
        found, chart = await self._to_accrue(entity, period), self.policy.chart(period.last)
        drawn = list[tuple[Journal, int]]()
        for currency in sorted({one.amount.currency for one in found}):
            of_it = [one for one in found if one.amount.currency == currency]
            name = f"ACCR-{entity}-{period.start:%Y-%m}-{currency}"
            journal = propose_accrual(name, entity, period, of_it, chart)
            if journal is not None:
                drawn.append((journal, sum(one.items for one in of_it)))
        return drawn

    async def _proposed(self, request: CloseMonth, period: Period, journal: Journal, items: int) -> Finding:
        """The proposal as it stands, or a new one where the work has changed."""
        ledger = self.billing.closing_journals
        for one in await ledger.of(request.entity, request.start, purpose="accrual"):
            if one.state == "proposed" and _is_same((await ledger.read(one.reference))[0], journal):
                return _finding(one.reference, journal, items, period)
        return _finding(await ledger.propose(period, journal, items, origin=request.origin), journal, items, period)

    def _is_due(self, entity: str, period: Period, today: date) -> bool:
        scope = Scope(entity=entity, service_date=period.last)
        if not self.policy.system_for(Capability.GENERAL_LEDGER, scope):
            return False
        return today >= self.policy.closing_day(entity, period)


def _is_same(one: Journal, other: Journal) -> bool:
    """Whatever their references: what they would post, and when."""
    names = ("entity", "currency", "accounting_date", "lines", "reverses_on")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _finding(reference: str, journal: Journal, items: int, period: Period) -> Finding:
    total = Money.sum((line.debit for line in journal.lines if line.debit), journal.currency)
    lines = {f"{'Dr' if line.debit else 'Cr'} {line.account}": str(line.debit or line.credit) for line in journal.lines}
    back = journal.reverses_on or period.last + timedelta(days=1)
    return Finding(
        code="ACCRUAL_PROPOSED",
        subject=reference,
        sentence=f"{total} of approved work ({items} items) is not billed in {period.start:%B %Y}: {reference} accrues it.",
        remedy=f"Override to have it posted on {period.last} and reversed on {back}, retry to draw it up anew, or reject it.",
        money=total,
        evidence={"journal": reference, "accounting_date": str(period.last), "reverses_on": str(back), **lines},
    )


def _account(one: Accruable) -> AccruedAccount:
    return AccruedAccount(currency=one.amount.currency, account=one.account, amount=one.amount.amount)
