"""What people ask of billing: accept a milestone, take time in, bill a contract, and look at what came of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

from pydantic import BaseModel

from activities.acceptance import SUBMITTED
from activities.contract_of_record import ContractsOfRecord
from activities.eligibility import Entered
from activities.time_intake import TakenIn
from canonical.acceptance import Acceptance
from canonical.billable import BillableKind
from canonical.billing_document import BillingDocument
from canonical.billing_view import BacklogRow, Trace
from canonical.errors import Malformed, NotFound
from canonical.event import FactKind, InboundEvent
from canonical.exchange_rate import ExchangeRateTable
from canonical.invoice import Invoice
from canonical.landscape import Capability, Scope
from canonical.money import Money
from canonical.pressure import Pressure
from canonical.provenance import Entry, Origin
from canonical.rate_card import RateCard
from canonical.sub_ledger import SubLedger, SubLedgerKind
from ledger.books import Books
from ledger.exceptions import CaseFilter
from operations.engine import Engine, Handle, result_of, within
from operations.metering import MeteringDesk
from operations.permission import needs
from operations.preview import Preview, preview
from policies.access import Permission
from policies.firm import Policies
from workflows import options
from workflows.bill_recurring import BillRecurring, BillRecurringWorkflow
from workflows.bill_time import BillTime, BillTimeWorkflow
from workflows.follow_rates import FollowRatesWorkflow, RatesFollowed, RatesImported
from workflows.release_invoice import ReleaseInvoice, ReleaseInvoiceWorkflow
from workflows.search_attributes import of_engagement

LIMIT_CODES = {SubLedgerKind.PURCHASE_ORDER: "PO_EXHAUSTED", SubLedgerKind.CAP: "CAP_EXCEEDED"}
_DESK = "acceptances"
_RUN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")


class Submitted(BaseModel):
    """A billing event was taken; what keeps it from being billed is an exception."""

    contract: str
    milestone: str
    workflow_id: str


class RatesTaken(BaseModel):
    """A version of a rate card, whether it is new, and what it changed of each contract with work done.

    ``waiting`` are the contracts of which people must decide something first: their exceptions say what.
    """

    card: RateCard
    is_new: bool
    followed: list[RatesFollowed] = []
    waiting: list[str] = []


class BillingRun(BaseModel):
    """A billing run of one contract: what is entered, what was posted; ``is_done`` is false while people must decide."""

    contract: str
    run: str
    through: date
    workflow_id: str
    entered: Entered
    documents: list[BillingDocument]
    is_done: bool


@dataclass(frozen=True)
class BillingDesk:
    """Billing, for any surface."""

    engine: Engine
    books: Books
    policies: Policies

    @needs(Permission.SUBMIT)
    async def accept(self, acceptance: Acceptance, *, actor: str) -> Submitted:
        """Submit a milestone's acceptance (R105, billing-event submission); the same version again changes nothing.

        It is kept here as the record, and reaches its engagement as any other fact does: until that is active it is parked.
        """
        if await self.books.engagements.read(acceptance.contract) is None:
            raise NotFound(
                f"There is no engagement {acceptance.contract}", remedy="Name the contract of the milestone; see `handoff list`."
            )
        kept = await self.keep_acceptance(acceptance)
        event = InboundEvent(
            source=_DESK,
            event_id=f"{acceptance.subject}/{acceptance.version}/{kept[:16]}",
            kind=FactKind.MILESTONE_ACCEPTANCE,
            object_kind=SUBMITTED,
            object_id=kept,
            object_version=acceptance.version,
            contract=acceptance.contract,
            occurred_at=await self.books.clock.now(),
            claims={"submitted_by": actor},
        )
        await self.books.inbox.receive([event])
        return Submitted(contract=acceptance.contract, milestone=acceptance.milestone, workflow_id=acceptance.billing)

    async def keep_acceptance(self, acceptance: Acceptance) -> str:
        """Put what was submitted on record; answers under which name."""
        return await self.books.dossiers.keep(SUBMITTED, acceptance.subject, acceptance)

    @needs(Permission.BILL)
    async def import_rates(self, card: RateCard, *, actor: str) -> RatesTaken:
        """Keep a version of a rate card, and follow it: what was billed at an older rate gets its difference, or a credit.

        Asked again for the same version, it finds what still differs; what was billed is never rated again by itself.
        """
        origin = Origin(correlation=card.reference, engagement=card.contract, actor=actor, step="import_rates")
        is_new = await self.books.billing.rate_cards.add(card, origin=origin)
        contracts = [card.contract] if card.contract else await self.books.billing.repricing.contracts()
        worked = [one for one in contracts if await self.books.billing.repricing.work_of(one, limit=1)]
        followed = {one: await self._follow(card, one, actor) for one in worked}
        waiting = [contract for contract, done in followed.items() if done is None]
        return RatesTaken(card=card, is_new=is_new, followed=[done for done in followed.values() if done], waiting=waiting)

    async def _follow(self, card: RateCard, contract: str, actor: str) -> RatesFollowed | None:
        """None where people must decide first."""
        request = RatesImported(contract=contract, card=card.reference, version=card.version, actor=actor)
        name = f"follow_rates/{contract}/{card.reference}.v{card.version}"
        followed: RatesFollowed | None = await within(await self._started(FollowRatesWorkflow.run, request, name, contract))
        return followed

    @needs(Permission.BILL)
    async def import_exchange_rates(self, table: ExchangeRateTable, *, actor: str) -> None:
        """Keep the rates of a source at a time; one that is known otherwise is refused, and what was billed stays."""
        quotes = [(table.source, one.currency, one.functional, table.at, one.rate) for one in table.rates]
        await self.books.billing.exchange_rates.add(quotes)
        origin = Origin(correlation=f"{table.source}.{table.at.date()}", engagement="", actor=actor, step="import_rates")
        pairs = {f"{one.currency}/{one.functional}": str(one.rate) for one in table.rates}
        entry = Entry(action="import_rates", origin=origin, kind="exchange_rates", source_id=table.source, outcome="done")
        await self.books.audit.note([entry.model_copy(update={"details": pairs})])

    @needs(Permission.BILL)
    async def take_in_time(self, *, actor: str) -> dict[str, TakenIn]:
        """Poll every system where time is recorded, now."""
        return {system: await self._polled(system, actor) for system in await self._time_systems()}

    @needs(Permission.BILL)
    async def begin_intake(self, *, actor: str) -> list[str]:
        """The same, without waiting: the names of what runs."""
        return [(await self._polling(system, actor)).id for system in await self._time_systems()]

    async def pressure(self) -> Pressure:
        """What waits to be posted, the money at risk, and how fast it goes."""
        return await self.books.billing.pressure.read()

    @needs(Permission.BILL)
    async def bill(
        self, contract: str, *, through: date, run: str = "", kinds: Sequence[BillableKind] = (), actor: str, waits: bool = True
    ) -> BillingRun:
        """Bill what is due and open of a contract (of these kinds), through a day, that day included.

        The same run again makes nothing new: a run is named once, after its month unless another name is given. Without
        ``waits`` it answers as soon as the run is under way.
        """
        name = run or f"{through:%Y-%m}"
        if not _RUN.match(name):
            raise Malformed(f"{name!r} cannot name a billing run", remedy="Use letters, digits, '.', '_' and '-', 40 at most.")
        await ContractsOfRecord(self.books.dossiers, self.books.engagements).read(contract)  # refused here, before anything runs
        request = BillRecurring(contract=contract, through=through, actor=actor)
        name_of_entry = f"bill_recurring/{contract}/{through}"
        entered: Entered = await result_of(await self._started(BillRecurringWorkflow.run, request, name_of_entry, contract))
        workflow_id = f"release_invoice/{contract}/{name}"
        handle = await self._started(
            ReleaseInvoiceWorkflow.run,
            ReleaseInvoice(contract=contract, run=name, through=through, kinds=tuple(kinds), actor=actor),
            workflow_id,
            contract,
            f"Bill {contract} through {through}",
        )
        released = await within(handle) if waits else None
        documents = [one for one in await self.books.billing.documents.of(contract) if one.run == f"{contract}/{name}"]
        return BillingRun(
            contract=contract,
            run=name,
            through=through,
            workflow_id=workflow_id,
            entered=entered,
            documents=documents,
            is_done=released is not None,
        )

    async def preview(self, contract: str, *, through: date) -> Preview:
        """What a run would bill, and what would wait; it touches nothing."""
        metered = await MeteringDesk(self.books, self.policies).show(contract, through=through)
        return await preview(self.books, contract, through, metered.items)

    async def documents(self, contract: str) -> Sequence[BillingDocument]:
        """Invoices and credit memos of a contract, in order of their making."""
        return await self.books.billing.documents.of(contract)

    async def invoice(self, reference: str) -> Invoice:
        """One invoice with its lines."""
        return await self.books.billing.documents.invoice(reference)

    async def trace(self, name: str, *, line: int | None = None) -> Trace:
        """From an invoice (our reference or the ERP's number) to entries, people, approvers, rates, clauses, tax and journals."""
        found = await self.books.billing.traces.of_document(name, line=line)
        if found is None or not (found.lines or line is None):
            what = f"invoice {name}" if line is None else f"line {line} of an invoice {name}"
            raise NotFound(f"There is no {what}", remedy="Take its number from `handoff billing show CONTRACT`.")
        record = await ContractsOfRecord(self.books.dossiers, self.books.engagements).read(found.contract)
        clauses = {line.reference: line.clause for line in record.contract.lines}
        lines = tuple(one.model_copy(update={"clause": clauses.get(one.line.line, "")}) for one in found.lines)
        return found.model_copy(update={"lines": lines, "signed_contract": record.targets.get("signed_contract", "")})

    async def backlog(self, *, entity: str = "", contract: str = "") -> Sequence[BacklogRow]:
        """Money that waits: approved and not billed, held with its code, billed and not posted."""
        return await self.books.billing.traces.backlog(entity=entity, contract=contract)

    async def sub_ledgers(self, contract: str) -> Sequence[SubLedger]:
        """Retainers, purchase orders and caps of a contract, with their balances."""
        return await self.books.billing.sub_ledgers.of(contract)

    @needs(Permission.BILL)
    async def raise_limit(self, contract: str, kind: SubLedgerKind, name: str, to: Money, *, actor: str) -> SubLedger:
        """Record that a purchase order or cap is good for more; what waited for room is open again, and its exception closes."""
        kept = await self.books.billing.sub_ledgers.read(kind, contract, name)
        if kept is None or kept.ceiling is None:
            raise NotFound(f"There is no {kind.value} {name} of {contract}", remedy=f"See `handoff billing show {contract}`.")
        if to.currency != kept.currency or not to.is_exact:
            raise Malformed(f"{to} cannot limit {name}", remedy=f"Give the new limit in {kept.currency}, such as 70000.00.")
        origin = Origin(correlation=contract, engagement=contract, actor=actor, step="raise_limit")
        raised = kept.changed(ceiling=to)
        await self.books.billing.sub_ledgers.open(raised, origin=origin)
        found = await self.books.cases.list(CaseFilter(engagement=contract, code=LIMIT_CODES[kind], with_snoozed=True))
        keys = [case.key for case in found if case.subject == name]
        await self.books.cases.resolve(keys, actor=actor, reason=f"It is good for {to} now.")
        return raised

    async def _time_systems(self) -> list[str]:
        today = (await self.books.clock.now()).date()
        entities = self.policies.entities.on(today).entities
        named = (self.policies.system_for(Capability.TIME, Scope(entity=code, service_date=today)) for code in entities)
        return sorted({name for name in named if name})

    async def _polled(self, system: str, actor: str) -> TakenIn:
        taken: TakenIn = await result_of(await self._polling(system, actor))
        return taken

    async def _polling(self, system: str, actor: str) -> Handle:
        request = BillTime(system=system, actor=actor)
        return await self._started(BillTimeWorkflow.run, request, f"bill_time/{system}/{uuid4().hex[:8]}", "")

    async def _started(self, run: Any, request: Any, workflow_id: str, contract: str, summary: str = "") -> Handle:
        attributes = of_engagement(contract, workflow_id.partition("/")[2])
        return await self.engine.started(
            run, request, workflow_id, attributes=attributes, summary=summary, lane=options.fair(contract)
        )
