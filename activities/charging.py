"""Rated time and expenses are posted to an ERP as charges, in batches of an account, each once; or taken back (R64, R68, S20)."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from pydantic import BaseModel
from temporalio import activity

from activities.billing_books import BillingBooks, BillingPolicy
from activities.billing_ports import Receivables
from activities.books import Engagements
from activities.step import Asked, Bookkeeping, Step
from activities.systems import Systems
from canonical.billable import Billable
from canonical.charge import ChargeBatch, ChargeLine, TakenBack, ToCharge
from canonical.errors import Failure, Misconfigured, NotReady, OutcomePending, Rejected, Throttled
from canonical.exception import Finding
from canonical.landscape import Capability, Scope
from canonical.money import Money
from canonical.provenance import Origin
from canonical.written import Written

_AT_ONCE = 8
_A_WAVE = 25
_MOST = 50_000
_WITHOUT_LIMIT = 1_000
_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (0.5, 1, 2, 4))
_LONGEST_PAUSE = timedelta(seconds=10)
_OF_ONE_BATCH = (NotReady, OutcomePending)
"""What ails one batch, not the account: the others go on, and that batch is looked at again later."""


class FindChargeable(BaseModel):
    """Ask where rated work is to be posted."""

    origin: Origin


class Chargeable(BaseModel):
    """The accounts with something to post or take back; and how many items go to a system that serves no charges."""

    systems: list[str] = []
    not_served: dict[str, int] = {}


class PostCharges(BaseModel):
    """Post what waits for an account; ``again`` names batches that were refused and are to be posted once more."""

    origin: Origin
    system: str
    again: list[str] = []


class ChargesPosted(BaseModel):
    """What it came to. ``more``: there was more than one activity should carry."""

    batches: int = 0
    items: int = 0
    taken_back: int = 0
    revised: int = 0
    refused: list[Finding] = []
    more: bool = False


@dataclass
class _Round:
    """One attempt: what it did so far, and the failure that ends it."""

    erp: Receivables
    origin: Origin
    posted: ChargesPosted = field(default_factory=ChargesPosted)
    projects: dict[str, str] = field(default_factory=dict)
    failure: Failure | None = None
    ended: bool = False

    def fail(self, failure: Failure) -> None:
        """What ails the account ends the round; what ails one batch is told when the others are through."""
        if self.failure is None or isinstance(self.failure, _OF_ONE_BATCH):
            self.failure = failure
        self.ended = self.ended or not isinstance(failure, _OF_ONE_BATCH)


@dataclass(frozen=True)
class ChargingActivities:
    """A batch belongs to an account, not to an engagement. Charges post to no account of the general ledger: invoices do."""

    systems: Systems
    books: Bookkeeping
    billing: BillingBooks
    engagements: Engagements
    policy: BillingPolicy

    @activity.defn
    async def find_chargeable(self, request: FindChargeable) -> Chargeable:
        """Which accounts have work, decided now, by entity, region and day of service (R157); who serves no charges is named."""
        routed = self._routed(await self.billing.charges.waiting())
        found = Chargeable(systems=list(await self.billing.charges.systems()))
        for system, waiting in sorted(routed.items()):
            if self._serves(system):
                found.systems.append(system)
            else:
                found.not_served[system] = sum(one.items for one in waiting)
        return found.model_copy(update={"systems": sorted(set(found.systems))})

    @activity.defn
    async def post_charges(self, request: PostCharges) -> ChargesPosted:
        """First what was begun, then what lost its approval is taken back and what has another price says so, then what waits;

        a repeat posts only the rest.
        """
        origin = request.origin.changed(mapping_version=self.policy.version)
        around = _Round(self.systems.get(request.system, Receivables), origin)
        await self._posted_side_by_side(around, _each(await self.billing.charges.unposted(request.system, request.again)))
        if not around.ended:
            await self._take_back(around)
        if not around.ended:
            await self._revise(around)
        if not around.ended:
            await self._posted_side_by_side(around, self._claimed(around))
        if around.failure is not None:
            raise around.failure
        return around.posted

    # Where it goes.

    def _routed(self, waiting: Sequence[ToCharge]) -> dict[str, list[ToCharge]]:
        routed: dict[str, list[ToCharge]] = {}
        for one in waiting:
            scope = Scope(entity=one.entity, region=one.region, service_date=one.day)
            system = self.policy.system_for(Capability.RECEIVABLES, scope)
            if system:
                routed.setdefault(system, []).append(one)
        return routed

    def _serves(self, system: str) -> bool:
        try:
            self.systems.get(system, Receivables).declares("charges")
        except (Misconfigured, Rejected):
            return False
        return True

    async def _claimed(self, around: _Round) -> AsyncIterator[ChargeBatch]:
        """Wave by wave, entity by entity."""
        system = around.erp.name
        size = around.erp.declares("charges").line_limit or _WITHOUT_LIMIT
        mine = self._routed(await self.billing.charges.waiting()).get(system, [])
        for entity in sorted({one.entity for one in mine}):
            scopes = sorted({(one.region, one.day) for one in mine if one.entity == entity})
            while batches := await self.billing.charges.claim(system, entity, scopes, size=size, most=size * _A_WAVE):
                for batch in batches:
                    yield batch
                if around.posted.items >= _MOST:
                    around.posted.more = True
                    return

    # Posting.

    async def _posted_side_by_side(self, around: _Round, batches: AsyncIterator[ChargeBatch]) -> None:
        """A few at a time; a failure lets those under way end, so that none is left in the dark."""
        queue: asyncio.Queue[ChargeBatch | None] = asyncio.Queue(_AT_ONCE)

        async def post() -> None:
            while (batch := await queue.get()) is not None:
                if not around.ended:
                    await self._post(batch, around)

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(post())
            async for batch in batches:
                await queue.put(batch)
                if around.ended:
                    break
            for _ in range(_AT_ONCE):
                await queue.put(None)

    async def _post(self, batch: ChargeBatch, around: _Round) -> None:
        asked = _asked(around, verb="post", kind="charges", reference=batch.reference)
        try:
            lines = await self._lines(batch, around.projects)
            written = await self._patiently(asked, lines, batch, around)
        except Rejected as refused:
            await self._refused(batch, refused, around, asked.key)
        except Failure as failure:
            around.fail(failure)
        else:
            await self.billing.charges.posted(batch.reference, written.details)
            around.posted.batches += 1
            around.posted.items += len(batch.items)

    async def _patiently(self, asked: Asked, lines: list[ChargeLine], batch: ChargeBatch, around: _Round) -> Written:
        """To be throttled once in a thousand batches is no reason to begin again: nothing was done, and there is time."""
        for pause in _PAUSES:
            try:
                return await self._once(asked, lines, batch, around)
            except Throttled as throttled:
                if around.ended or (throttled.retry_after or timedelta()) > _LONGEST_PAUSE:
                    raise
                await asyncio.sleep(max(throttled.retry_after or timedelta(), pause).total_seconds())
        return await self._once(asked, lines, batch, around)

    async def _once(self, asked: Asked, lines: list[ChargeLine], batch: ChargeBatch, around: _Round) -> Written:
        return await self.books.once(
            asked,
            request={"lines": [_told(line) for line in lines]},
            call=partial(around.erp.post_charges, lines, key=asked.key),
            look_up=partial(_found, around.erp, batch, asked.key),
        )

    async def _lines(self, batch: ChargeBatch, projects: dict[str, str]) -> list[ChargeLine]:
        for contract in {item.contract for item in batch.items} - projects.keys():
            projects[contract] = await self._project(contract)
        code = self.policy.billing_code
        return [
            ChargeLine(billable=item, project_id=projects[item.contract], billing_code=code(item.work.role, item.service.start))
            for item in batch.items
        ]

    async def _project(self, contract: str) -> str:
        row = await self.engagements.read(contract)
        project = ((row.targets if row else None) or {}).get("erp_project", "")
        if not project:
            raise Rejected(
                f"Contract {contract} has no project in the ERP that its work could be charged to",
                code="CHARGES_REFUSED",
                remedy="Let its activation create or match the project, then settle with retry.",
                evidence={"contract": contract},
            )
        return project

    async def _refused(self, batch: ChargeBatch, refused: Rejected, around: _Round, key: str) -> None:
        """Those that were accepted stand; what was refused waits for a person, and keeps no other batch back."""
        standing = await around.erp.find_charges([item.reference for item in batch.items], key=key)
        left = [item for item in batch.items if item.reference not in standing]
        await self.billing.charges.refused(batch.reference)
        currency = left[0].currency if left else batch.items[0].currency
        money = Money.sum((item.amount for item in left if item.currency == currency), currency)
        unknown = refused.specific_code == "OUTCOME_UNKNOWN"
        around.posted.refused.append(
            Finding(
                code=refused.specific_code if unknown else "CHARGES_REFUSED",
                subject=batch.reference,
                sentence=f"{len(left)} of {len(batch.items)} items of batch {batch.reference} are no charges: {refused.message}",
                remedy=refused.remedy,
                money=money,
                evidence={**refused.evidence, "key": key, "batch": batch.reference},
                can_override=False,
            )
        )

    # Taking back.

    async def _take_back(self, around: _Round) -> None:
        """What lost its approval after it was posted is reversed there; what changed comes in again as it is now."""
        for one in await self.billing.charges.to_take_back(around.erp.name):
            try:
                await self._taken_back(one, around)
            except Failure as failure:
                around.fail(failure)
                return
            around.posted.taken_back += 1

    async def _taken_back(self, one: TakenBack, around: _Round) -> None:
        if not one.is_reversed:
            asked = _asked(around, verb="reverse", kind="charge", reference=one.item, part=one.version.replace("/", "."))
            await self.books.once(
                asked,
                request={"item": one.item, "version": one.version, "reason": one.reason},
                call=partial(around.erp.reverse_charges, [one.item], one.reason, key=asked.key),
                look_up=partial(_is_gone, around.erp, one.item, asked.key),
            )
            await self.billing.charges.taken_back(one, origin=around.origin)
        if one.revised is not None:
            await self.billing.entries.accept([one.revised], batch=f"revised/{one.item}/{one.version}", origin=around.origin)
            await self.billing.charges.settled(one)

    # Changing.

    async def _revise(self, around: _Round) -> None:
        """What was rated anew after it was posted: its charge bears the new amount, as long as it stands."""
        waiting = await self.billing.charges.to_revise(around.erp.name)
        for start in range(0, len(waiting), _AT_ONCE):
            some = waiting[start : start + _AT_ONCE]
            results = await asyncio.gather(*(self._revised(one, around) for one in some), return_exceptions=True)
            for failed in [one for one in results if one is not None]:
                if not isinstance(failed, Failure):
                    raise failed
                around.fail(failed)
            around.posted.revised += results.count(None)
            if around.ended:
                return

    async def _revised(self, item: Billable, around: _Round) -> None:
        lines = await self._lines(ChargeBatch(reference=item.reference, items=(item,)), around.projects)
        asked = _asked(around, verb="revise", kind="charge", reference=item.reference, part=item.rate_version)
        await self.books.once(
            asked,
            request={"line": _told(lines[0])},
            call=partial(around.erp.revise_charges, lines, key=asked.key),
            look_up=_said_again,
        )
        await self.billing.charges.revised(item.reference)


async def _said_again() -> None:
    """The amount is absolute: where it is unknown whether it was taken, it is said again."""


def _asked(around: _Round, *, verb: str, kind: str, reference: str, part: str = "") -> Asked:
    step = Step(origin=around.origin, dossier="", system=around.erp.name, part=part)
    return Asked.of(step, around.erp, verb=verb, kind=kind, reference=reference, declared_as="charges")


def _told(line: ChargeLine) -> list[str]:
    """What makes a charge what it is; a later version of the same work is another charge only if it was taken back."""
    item = line.billable
    return [item.reference, str(item.amount.amount), item.currency, str(item.quantity), line.project_id, line.billing_code]


async def _each(batches: Sequence[ChargeBatch]) -> AsyncIterator[ChargeBatch]:
    for batch in batches:
        yield batch


async def _found(erp: Receivables, batch: ChargeBatch, key: str) -> Written | None:
    """The batch, if every charge of it stands; one that was committed in part is posted again, which sends only the rest."""
    standing: Mapping[str, str] = await erp.find_charges([item.reference for item in batch.items], key=key)
    return Written(target_id=batch.reference, details=dict(standing)) if len(standing) == len(batch.items) else None


async def _is_gone(erp: Receivables, item: str, key: str) -> Written | None:
    return None if await erp.find_charges([item], key=key) else Written(target_id=key.partition("/")[2].replace("/", "."))
