"""Payments and document status come in from each receivables system; each is safe to run twice (R100, R101, R107)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel
from temporalio import activity

from activities.billing_books import BillingBooks, BillingPolicy
from activities.billing_ports import GeneralLedger, Receivables
from activities.books import Clock, Watermarks
from activities.payers import Payers
from activities.systems import Systems
from canonical.invoice import DocumentRecord
from canonical.landscape import Capability, Scope
from canonical.payment import Payment
from canonical.provenance import Origin

OVERLAP = timedelta(minutes=10)
FIRST_WINDOW = timedelta(days=40)
_AT_ONCE = 500
Told = TypeVar("Told", DocumentRecord, Payment)


class PollReceivables(BaseModel):
    """Ask a system what was paid, and what is open, since it was asked last."""

    origin: Origin
    system: str


class Heard(BaseModel):
    """What a poll came to: how many documents of ours were seen, how many payments, and how many of them were news."""

    system: str
    documents: int = 0
    payments: int = 0
    news: int = 0


class WaitingCustomers(BaseModel):
    """A page of customers whose receivables changed, after a name."""

    after: str = ""


@dataclass(frozen=True)
class ReceivablesActivities:
    """The mirror of what the ERP's receivables hold."""

    systems: Systems
    payers: Payers
    billing: BillingBooks
    policy: BillingPolicy
    watermarks: Watermarks
    clock: Clock

    @activity.defn
    async def receivables_systems(self) -> list[str]:
        """The systems that serve receivables of any entity today."""
        today = (await self.clock.now()).date()
        entities = self.policy.legal_entities(today)
        named = (self.policy.system_for(Capability.RECEIVABLES, Scope(entity=entity, service_date=today)) for entity in entities)
        return sorted({name for name in named if name})

    @activity.defn
    async def poll_receivables(self, request: PollReceivables) -> Heard:
        """Documents, then payments, each over a window that overlaps the last; no mark runs ahead of what the source told."""
        system, heard = self.systems.get(request.system, Receivables), Heard(system=request.system)
        now = await self.clock.now()
        source = f"documents/{system.name}"
        since = await self._since(source, now)
        newest = since
        async for documents in _gathered(system.documents(since, now)):
            known = await self.billing.receivables.record_status(system.name, documents, origin=request.origin)
            heard.documents += len(known)
            newest = max([newest, *(one.changed_at for one in documents if one.changed_at)])
            activity.heartbeat(heard.documents)
        await self.watermarks.advance(source, min(newest, now))
        await self._poll_payments(system, heard, now, request.origin)
        return heard

    @activity.defn
    async def customers_to_follow(self, request: WaitingCustomers) -> list[str]:
        """Those whose receivables changed, or whom time concerns, a page at a time."""
        return list(await self.billing.follow_ups.waiting(after=request.after))

    async def _poll_payments(self, system: Receivables, heard: Heard, now: datetime, origin: Origin) -> None:
        source = f"payments/{system.name}"
        since = await self._since(source, now)
        newest = since
        async for page in _gathered(system.payments(since, now)):
            payments = await self.payers.named(system.name, page)
            news = await self.billing.receivables.record_payments(payments, origin=origin)
            await self._keep_journals(system, [one.source_id for one in payments])
            heard.payments += len(payments)
            heard.news += len(news)
            newest = max([newest, *(one.changed_at for one in payments if one.changed_at)])
            activity.heartbeat(heard.payments)
        await self.watermarks.advance(source, min(newest, now))

    async def _since(self, source: str, now: datetime) -> datetime:
        mark = await self.watermarks.read(source)
        return now - FIRST_WINDOW if mark is None else mark - OVERLAP

    async def _keep_journals(self, system: Receivables, payments: Sequence[str]) -> None:
        """What they posted, exchange gains and losses among it (S13); also what an attempt that died did not come to."""
        if isinstance(system, GeneralLedger):
            unkept = await self.billing.journals.unkept(system.name, payments)
            for journals in await asyncio.gather(*(system.read_journals(payment) for payment in unkept)):
                await self.billing.journals.keep(system.name, journals)


async def _gathered(pages: AsyncIterator[Sequence[Told]]) -> AsyncIterator[list[Told]]:
    """Pages gathered into what is worth a transaction."""
    batch: list[Told] = []
    async for page in pages:
        batch += page
        if len(batch) >= _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
