"""Rated time and expenses are posted to an ERP as charges, in batches of an account, each once; or taken back (R64, R68, S20)."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from pydantic import BaseModel
from temporalio import activity

from activities.billing_books import BillingBooks, BillingPolicy
from activities.billing_ports import Receivables
from activities.books import Engagements
from activities.charge_corrections import ChargeCorrections
from activities.charge_round import AT_ONCE, ChargeLines, ChargesPosted, Round, asked_of, named
from activities.step import Asked, Bookkeeping
from activities.systems import Systems
from canonical.charge import ChargeBatch, ChargeLine, ToCharge
from canonical.errors import Failure, Misconfigured, Rejected, Throttled
from canonical.exception import Finding
from canonical.landscape import Capability, Scope
from canonical.money import Money
from canonical.provenance import Origin
from canonical.written import Written

_A_WAVE = 25
_MOST = 50_000
_WITHOUT_LIMIT = 1_000
_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (0.5, 1, 2, 4))
_LONGEST_PAUSE = timedelta(seconds=10)


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
        around = Round(self.systems.get(request.system, Receivables), origin)
        await self._posted_side_by_side(around, _each(await self.billing.charges.unposted(request.system, request.again)))
        if not around.ended:
            await self._corrections.take_back(around)
        if not around.ended:
            await self._corrections.revise(around)
        if not around.ended:
            await self._posted_side_by_side(around, self._claimed(around))
        if around.failure is not None:
            raise around.failure
        return around.posted

    @property
    def _lines(self) -> ChargeLines:
        return ChargeLines(self.engagements, self.policy)

    @property
    def _corrections(self) -> ChargeCorrections:
        return ChargeCorrections(self.books, self.billing, self._lines)

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

    async def _claimed(self, around: Round) -> AsyncIterator[ChargeBatch]:
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

    async def _posted_side_by_side(self, around: Round, batches: AsyncIterator[ChargeBatch]) -> None:
        """A few at a time; a failure lets those under way end, so that none is left in the dark."""
        queue: asyncio.Queue[ChargeBatch | None] = asyncio.Queue(AT_ONCE)

        async def post() -> None:
            while (batch := await queue.get()) is not None:
                if not around.ended:
                    await self._post(batch, around)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(post())
            async for batch in batches:
                await queue.put(batch)
                if around.ended:
                    break
            for _ in range(AT_ONCE):
                await queue.put(None)

    async def _post(self, batch: ChargeBatch, around: Round) -> None:
        asked = asked_of(around, verb="post", kind="charges", reference=batch.reference)
        try:
            lines = await self._lines.of(batch.items, around.projects)
            written = await self._patiently(asked, lines, batch, around)
        except Rejected as refused:
            await self._refused(batch, refused, around, asked.key)
        except Failure as failure:
            around.fail(failure)
        else:
            await self.billing.charges.posted(batch.reference, written.details)
            around.posted.batches += 1
            around.posted.items += len(batch.items)

    async def _patiently(self, asked: Asked, lines: list[ChargeLine], batch: ChargeBatch, around: Round) -> Written:
        """To be throttled once in a thousand batches is no reason to begin again: nothing was done, and there is time."""
        for pause in _PAUSES:
            try:
                return await self._once(asked, lines, batch, around)
            except Throttled as throttled:
                if around.ended or (throttled.retry_after or timedelta()) > _LONGEST_PAUSE:
                    raise
                await asyncio.sleep(max(throttled.retry_after or timedelta(), pause).total_seconds())
        return await self._once(asked, lines, batch, around)

    async def _once(self, asked: Asked, lines: list[ChargeLine], batch: ChargeBatch, around: Round) -> Written:
        return await self.books.once(
            asked,
            request={"lines": [named(line) for line in lines]},
            call=partial(around.erp.post_charges, lines, key=asked.key),
            look_up=partial(_found, around.erp, batch, asked.key),
        )

    async def _refused(self, batch: ChargeBatch, refused: Rejected, around: Round, key: str) -> None:
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


async def _each(batches: Sequence[ChargeBatch]) -> AsyncIterator[ChargeBatch]:
    for batch in batches:
        yield batch


async def _found(erp: Receivables, batch: ChargeBatch, key: str) -> Written | None:
    """The batch, if every charge of it stands; one that was committed in part is posted again, which sends only the rest."""
    standing: Mapping[str, str] = await erp.find_charges([item.reference for item in batch.items], key=key)
    return Written(target_id=batch.reference, details=dict(standing)) if len(standing) == len(batch.items) else None
