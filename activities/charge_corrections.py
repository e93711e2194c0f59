"""Charges that stand and must not, or not so: taken back, or changed to what their items are worth now."""

import asyncio
from dataclasses import dataclass
from functools import partial

from activities.billing_books import BillingBooks
from activities.billing_ports import Receivables
from activities.charge_round import AT_ONCE, ChargeLines, Round, asked_of, told
from activities.step import Bookkeeping
from canonical.billable import Billable
from canonical.charge import TakenBack
from canonical.errors import Failure
from canonical.written import Written


@dataclass(frozen=True)
class ChargeCorrections:
    """Both are writes of their own, each once."""

    books: Bookkeeping
    billing: BillingBooks
    lines: ChargeLines

    async def take_back(self, around: Round) -> None:
        """What lost its approval after it was posted is reversed there; what changed comes in again as it is now."""
        for one in await self.billing.charges.to_take_back(around.erp.name):
            try:
                await self._taken_back(one, around)
            except Failure as failure:
                around.fail(failure)
                return
            around.posted.taken_back += 1

    async def _taken_back(self, one: TakenBack, around: Round) -> None:
        if not one.is_reversed:
            asked = asked_of(around, verb="reverse", kind="charge", reference=one.item, part=one.version.replace("/", "."))
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

    async def revise(self, around: Round) -> None:
        """What was rated anew after it was posted: its charge bears the new amount, as long as it stands."""
        waiting = await self.billing.charges.to_revise(around.erp.name)
        for start in range(0, len(waiting), AT_ONCE):
            some = waiting[start : start + AT_ONCE]
            results = await asyncio.gather(*(self._revised(one, around) for one in some), return_exceptions=True)
            for failed in [one for one in results if one is not None]:
                if not isinstance(failed, Failure):
                    raise failed
                around.fail(failed)
            around.posted.revised += results.count(None)
            if around.ended:
                return

    async def _revised(self, item: Billable, around: Round) -> None:
        lines = await self.lines.of([item], around.projects)
        asked = asked_of(around, verb="revise", kind="charge", reference=item.reference, part=item.rate_version.replace("/", "."))
        await self.books.once(
            asked,
            request={"line": told(lines[0])},
            call=partial(around.erp.revise_charges, lines, key=asked.key),
            look_up=_said_again,
        )
        await self.billing.charges.revised(item.reference)


async def _said_again() -> None:
    """The amount is absolute: where it is unknown whether it was taken, it is said again."""


async def _is_gone(erp: Receivables, item: str, key: str) -> Written | None:
    return None if await erp.find_charges([item], key=key) else Written(target_id=key.partition("/")[2].replace("/", "."))
