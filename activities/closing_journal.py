"""Journals of the month end at the ERP: posted once by the write protocol, mirrored in our ledger, reversed once (U2, U3)."""

from dataclasses import dataclass
from datetime import date
from functools import partial

from pydantic import BaseModel
from temporalio import activity

from activities.billing_ports import GeneralLedger
from activities.books import Clock
from activities.closing_books import ClosingBooks
from activities.step import Asked, Bookkeeping, Reversal, Step
from activities.systems import Systems
from canonical.errors import PeriodIsClosed
from canonical.journal import Journal
from canonical.provenance import Origin
from canonical.rules.close import place
from canonical.schema import Part


class PostJournal(BaseModel):
    """A journal that was drawn up, and approved where policy asks for it, on its way to the ERP."""

    origin: Origin
    reference: str
    system: str
    reason: str = ""


class JournalPosted(Part):
    """What the ERP made of it."""

    reference: str
    target_id: str
    number: str = ""


@dataclass(frozen=True)
class ClosingJournalActivities:
    """What leaves the house at the month end."""

    systems: Systems
    books: Bookkeeping
    billing: ClosingBooks
    clock: Clock

    @activity.defn
    async def post_closing_journal(self, request: PostJournal) -> JournalPosted:
        """Post it once, keep its number, and mirror what stands in the books, its automatic reversal too."""
        journal, known = await self.billing.closing_journals.read(request.reference)
        ledger = self.systems.get(request.system, GeneralLedger)
        asked = _asked(request, ledger, journal)
        written = await self.books.once(
            asked,
            request=journal,
            call=partial(ledger.post_journal, journal, key=asked.key),
            look_up=partial(ledger.find_journal, journal.reference, key=asked.key),
        )
        await self._mirror(ledger, journal, written.target_id)
        if known.state != "posted":
            await self.billing.closing_journals.posted(journal.reference, written, system=ledger.name, origin=request.origin)
        return JournalPosted(reference=journal.reference, target_id=written.target_id, number=written.number)

    @activity.defn
    async def reverse_closing_journal(self, request: PostJournal) -> None:
        """Take back a posted journal by its opposite, in an open period; one that was never posted is withdrawn."""
        journal, _ = await self.billing.closing_journals.read(request.reference)
        ledger = self.systems.get(request.system, GeneralLedger)
        asked, on = _asked(request, ledger, journal), await self._day(ledger, journal)
        reverse = Reversal("reverse", lambda target, reason, key: ledger.reverse_journal(target, on, reason, key=key))
        find = partial(ledger.find_journal, journal.reference, key=asked.key)
        undone = await self.books.undo(asked, request.reason, find=find, reversal=reverse)
        made = await self.books.writes.written(reverse.key(asked)) if undone.target_id else None
        if made is not None:
            await self._mirror(ledger, journal, made.target_id)
        state = "reversed" if undone.target_id else "withdrawn"
        await self.billing.closing_journals.move(request.reference, state, origin=request.origin)

    async def _day(self, ledger: GeneralLedger, journal: Journal) -> date:
        today = (await self.clock.now()).date()
        placed = place(journal.accounting_date, today, await ledger.periods(journal.entity))
        if placed is None:
            raise PeriodIsClosed(f"No period of {journal.entity} is open that {journal.reference} could be reversed in")
        return placed.accounting_date

    async def _mirror(self, ledger: GeneralLedger, journal: Journal, target_id: str) -> None:
        """Under our reference; what reverses it bears its reference with that said."""
        found = await ledger.read_journals(target_id)
        records = [one if one.reference else one.changed(reference=f"{journal.reference}.reversal", document="") for one in found]
        if records:
            await self.billing.journals.keep(ledger.name, records)


def _asked(request: PostJournal, ledger: GeneralLedger, journal: Journal) -> Asked:
    step = Step(origin=request.origin, dossier="", system=request.system)
    return Asked.of(step, ledger, verb="create", kind="journal", reference=journal.reference, declared_as="journal")
