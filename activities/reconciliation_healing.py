"""MISSING and LATE heal by running the handoff again, through the same door and the same write protocol (R135)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial

from pydantic import BaseModel
from temporalio import activity

from activities.billing_ports import Receivables
from activities.books import Cases, Clock, Inbox
from activities.contract_of_record import ContractsOfRecord
from activities.payers import Payers
from activities.reconciliation import proposal
from activities.reconciliation_ports import HealingBooks, ReconciliationPolicy, Runs
from activities.step import Asked, Bookkeeping, Step
from activities.systems import Systems
from canonical.charge import ChargeLine
from canonical.event import FactKind, InboundEvent
from canonical.provenance import Origin
from canonical.reconciliation import Comparison, Discrepancy, DiscrepancyType, ReconciliationRun
from canonical.rules.reconciling import is_mirrored
from canonical.written import Written

SOURCES_AT_ONCE = 500
_DAY = timedelta(days=1)


class HealFindings(BaseModel):
    """What one comparison of a run found missing or late."""

    origin: Origin
    run: ReconciliationRun
    comparison: Comparison


class ToHeal(BaseModel):
    """Entries that are to be taken in again, by their ids there."""

    source_ids: list[str] = []


@dataclass(frozen=True)
class HealingActivities:
    """Each goes by the findings of the run, which the ledger holds; nothing is sent that is there."""

    systems: Systems
    record: ContractsOfRecord
    books: Bookkeeping
    billing: HealingBooks
    policy: ReconciliationPolicy
    reconciliation: Runs
    inbox: Inbox
    cases: Cases
    clock: Clock
    payers: Payers

    @activity.defn
    async def entries_to_take_in(self, request: HealFindings) -> ToHeal:
        """The entries of the findings; taking them in is the work of time intake."""
        found = await self._findings(request)
        ids = [one.key.partition(".")[2] for one in found]
        await self._noted(request, found, "taken in again")
        return ToHeal(source_ids=ids)

    @activity.defn
    async def heal_contracts(self, request: HealFindings) -> int:
        """A deal whose contract never became a handoff is looked at again, as the sweep does with what is overdue."""
        found, now = await self._findings(request), await self.clock.now()
        await self.inbox.receive([_looked_at_again(one, now, request.run.number) for one in found])
        return await self._noted(request, found, "the handoff is started")

    @activity.defn
    async def heal_charges(self, request: HealFindings) -> int:
        """Charges that the ERP has lost are posted again, project by project, through the write protocol."""
        found = await self._findings(request)
        erp = self.systems.get(request.comparison.outside, Receivables)
        for name, missing in reposts(request.run.number, found):
            await self._post_charges(request, erp, name, missing)
            activity.heartbeat()
        return await self._noted(request, found, "posted again")

    @activity.defn
    async def heal_documents(self, request: HealFindings) -> int:
        """An invoice that is posted in our books and is not in the ERP's is posted there again; a credit memo is proposed."""
        found = await self._findings(request)
        erp = self.systems.get(request.comparison.outside, Receivables)
        invoices = [one for one in found if one.kind == "invoice"]
        for one in invoices:
            await self._post_invoice(request, erp, one)
            activity.heartbeat()
        await self._proposed(request, [one for one in found if one.kind != "invoice"])
        return await self._noted(request, invoices, "posted again")

    @activity.defn
    async def heal_payments(self, request: HealFindings) -> int:
        """Payments are read again from the ERP and mirrored; one that was deleted there is none here either.

        The ledger holds payments as a mirror only: nobody here could take one back.
        """
        found = await self._of_comparison(request)
        erp, mirror = self.systems.get(request.comparison.outside, Receivables), self.billing.receivables
        gone = [one for one in found if is_mirrored(one)]
        await mirror.payments_gone(erp.name, [one.key for one in gone], origin=request.origin)
        await self._noted(request, gone, "it is gone in the ERP, and with it here")
        missing = [one for one in found if one.type.heals]
        await self._read_again(request, erp, {one.key for one in missing})
        return await self._noted(request, missing, "read again")

    @activity.defn
    async def propose_missing(self, request: HealFindings) -> int:
        """What no handoff brings back becomes work for people."""
        found = await self._findings(request)
        await self._proposed(request, found)
        return len(found)

    async def _read_again(self, request: HealFindings, erp: Receivables, wanted: Collection[str]) -> None:
        if not wanted:
            return
        since = datetime.combine(request.run.since, time(), UTC) - _DAY
        async for page in erp.payments(since, await self.clock.now()):
            mine = await self.payers.named(erp.name, [one for one in page if one.source_id in wanted])
            await self.billing.receivables.record_payments(mine, origin=request.origin)
            activity.heartbeat()

    async def _post_charges(self, request: HealFindings, erp: Receivables, name: str, missing: Sequence[Discrepancy]) -> None:
        items = [one.item for one in await self.billing.billables.read([one.key for one in missing])]
        code = self.policy.billing_code
        project = (await self.record.read(missing[0].contract)).targets.get("erp_project", "")
        asked = self._asked(request, erp, verb="repost", kind="charges", reference=name, declared_as="charges")

        lines = [
            ChargeLine(billable=item, project_id=project, billing_code=code(item.work.role, item.service.start)) for item in items
        ]

        async def found() -> Written | None:
            known = await erp.find_charges([item.reference for item in items], key=asked.key)
            return Written(target_id=name, details=known) if len(known) == len(items) else None

        wanted = {"charges": sorted(item.reference for item in items)}
        call = partial(erp.post_charges, lines, key=asked.key)
        written = await self.books.once(asked, request=wanted, call=call, look_up=found)
        await self.billing.charges.renamed(written.details)

    async def _post_invoice(self, request: HealFindings, erp: Receivables, missing: Discrepancy) -> None:
        """Looked for by its name first: a list may lag behind. Its key is free again once it surely is not there.

        An attempt that died goes on from where the write stands, and from where our ledger does.
        """
        invoice = await self.billing.documents.invoice(missing.key)
        asked = self._asked(request, erp, verb="create", kind="invoice", reference=invoice.reference, declared_as="invoice")
        look_up = partial(erp.find_invoice, invoice.reference, key=asked.key)
        if not await self.books.writes.is_undecided(asked.key):
            found = await look_up()
            if found is not None and not await self._is_news(asked, found, invoice.reference):
                return
            if found is None:
                await self.books.goes_with_it(asked, f"It is not in {erp.name} any more (finding {missing.number})")
        targets = (await self.record.read(invoice.contract)).targets
        written = await self.books.once(
            asked,
            request=invoice,
            call=partial(
                erp.post_invoice,
                invoice,
                customer_id=targets.get("customer", ""),
                project_id=targets.get("erp_project", ""),
                key=asked.key,
            ),
            look_up=look_up,
        )
        record = await erp.read_invoice(written.target_id)
        await self.billing.documents.posted_again(invoice.reference, record, system=erp.name, origin=request.origin)

    async def _is_news(self, asked: Asked, found: Written, reference: str) -> bool:
        """Whether an attempt posted it again and died before our ledger said so."""
        written, document = await self.books.writes.written(asked.key), await self.billing.documents.read(reference)
        return written is not None and written.target_id == found.target_id != document.target_id

    def _asked(self, request: HealFindings, erp: Receivables, *, verb: str, kind: str, reference: str, declared_as: str) -> Asked:
        """As any other write: with the version of the mappings that it goes by (U4)."""
        step = Step(origin=request.origin.changed(mapping_version=self.policy.version), dossier="", system=erp.name)
        return Asked.of(step, erp, verb=verb, kind=kind, reference=reference, declared_as=declared_as)

    async def _findings(self, request: HealFindings) -> list[Discrepancy]:
        return [one for one in await self._of_comparison(request) if one.type.heals]

    async def _of_comparison(self, request: HealFindings) -> list[Discrepancy]:
        found = await self.reconciliation.findings.of_run(request.run.number)
        return [one for one in found if one.comparison == request.comparison.name]

    async def _noted(self, request: HealFindings, found: Sequence[Discrepancy], did: str) -> int:
        await self.reconciliation.findings.healed(request.run.number, [one.number for one in found], did)
        return len(found)

    async def _proposed(self, request: HealFindings, found: Sequence[Discrepancy]) -> None:
        """What is only late is left to the next run, which sees it."""
        now = await self.clock.now()
        missing = [one for one in found if one.type is DiscrepancyType.MISSING]
        await self.cases.open([proposal(one, self.policy, request.origin, now) for one in missing])


def reposts(run: int, found: Sequence[Discrepancy]) -> Iterator[tuple[str, list[Discrepancy]]]:
    """What a run posts again, project by project, each part named for its first item.

    The numbers of findings are by chance, since comparisons run at the same time: no key may hang on them.
    """
    by_contract: dict[str, list[Discrepancy]] = {}
    for one in sorted(found, key=lambda one: (one.contract, one.key)):
        by_contract.setdefault(one.contract, []).append(one)
    for contract, missing in by_contract.items():
        for start in range(0, len(missing), SOURCES_AT_ONCE):
            yield f"{contract}.run-{run}.{missing[start].key}", missing[start : start + SOURCES_AT_ONCE]


def _looked_at_again(missing: Discrepancy, now: datetime, run: int) -> InboundEvent:
    """The hint by which a missed handoff is started again; the record is re-read, as with any other hint."""
    return InboundEvent(
        source="handoff",
        event_id=f"reconcile/{run}/{missing.key}",
        kind=FactKind.CONTRACT_EXECUTED,
        object_kind="contract",
        object_id=missing.key,
        contract=missing.key,
        occurred_at=now,
    )
