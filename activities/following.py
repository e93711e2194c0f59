"""A customer's receivables looked at: exceptions opened and closed, CRM and PSA told; each is safe to run twice (R100-R102)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from pydantic import BaseModel
from temporalio import activity

from activities.billing_books import BillingBooks, BillingPolicy
from activities.books import Cases, Clock, Engagements, Writes
from activities.contract_of_record import ContractsOfRecord
from activities.ports import Crm, Psa
from activities.systems import Systems
from canonical.errors import NotFound
from canonical.exception import Case, CaseState, Decision
from canonical.landscape import Capability, Scope
from canonical.provenance import Origin, Write
from canonical.receivable import AccountStanding, Announcement, CustomerStanding, InvoiceNote, OpenInvoice
from canonical.reference import business_key
from canonical.rules.cash_application import CashFinding, CashTerms, cash_findings
from canonical.rules.next_look import next_look
from canonical.rules.standing import account_standing, deal_standings, identity, note_of
from canonical.written import Written

CONTROL_POINT = "cash_application"


class LookAt(BaseModel):
    """A customer whose receivables changed."""

    origin: Origin
    customer: str


class ToTell(BaseModel):
    """Something that another system is to be told next; the content stays in the ledger."""

    about: str
    number: int
    system: str
    project: str = ""
    contract: str = ""


class Looked(BaseModel):
    """What waits for people now, and what is to be told."""

    open: int = 0
    closed: int = 0
    to_tell: list[ToTell] = []
    policy_version: str = ""


class TellStanding(BaseModel):
    """Tell it; ``origin`` is of the customer or of the engagement."""

    origin: Origin
    what: ToTell


@dataclass(frozen=True)
class FollowingActivities:
    """What happens after an invoice was posted, customer by customer."""

    systems: Systems
    writes: Writes
    billing: BillingBooks
    policy: BillingPolicy
    record: ContractsOfRecord
    cases: Cases
    engagements: Engagements
    clock: Clock

    @activity.defn
    async def look_at_customer(self, request: LookAt) -> Looked:
        """One look: what it saw counts as followed, whatever changes after it began is looked at again."""
        changes, standing = await self.billing.follow_ups.look(request.customer)
        terms = self._terms(standing)
        is_ours = request.customer.partition(":")[0] not in self.systems.connected
        found = cash_findings(standing, terms) if is_ours or terms.asks_of_unknown_payers else []
        numbers, closed = await self._review(request, found, standing.read_at)
        to_tell = await self._announced(standing) if is_ours else []
        await self.billing.follow_ups.followed(request.customer, changes, look_again_at=next_look(standing, terms))
        return Looked(open=len(numbers), closed=closed, to_tell=to_tell, policy_version=self.policy.version)

    @activity.defn
    async def tell_account(self, request: TellStanding) -> Written:
        """Exposure onto the account and its deals, once (R101)."""
        announced = await self._read(request.what)
        standing = AccountStanding.model_validate(announced.content)
        crm = self.systems.get(request.what.system, Crm)
        if not await self._is_of_the_crm(crm, standing.customer):
            if not standing.deals:
                await self.billing.follow_ups.told(announced.about, announced.number)
                return Written(target_id="", details={"left untold": "the CRM knows no such account, and no deal of it"})
            standing = standing.changed(has_account=False)
        key = business_key("tell_exposure", standing.customer, announced.number)
        written = await self.writes.once(
            Write(
                key=key,
                kind="exposure",
                reference=f"{standing.customer}.{announced.number}",
                system=crm.name,
                origin=request.origin,
            ),
            request=standing,
            call=partial(crm.tell_account, await self._as_of_now(standing), key=key),
            look_up=partial(crm.find_account_note, standing, key=key),
            declared=crm.declares("exposure"),
        )
        await self.billing.follow_ups.told(announced.about, announced.number)
        return written

    @activity.defn
    async def tell_project(self, request: TellStanding) -> Written:
        """An invoice's number and where it stands, beside its project (R100)."""
        announced, what = await self._read(request.what), request.what
        note = InvoiceNote.model_validate(announced.content)
        psa = self.systems.get(what.system, Psa)
        key = business_key("note_invoice", note.reference, announced.number)
        written = await self.writes.once(
            Write(
                key=key,
                kind="invoice_note",
                reference=f"{note.reference}.{announced.number}",
                system=psa.name,
                origin=request.origin,
            ),
            request=note,
            call=partial(psa.note_invoice, what.project, note, key=key),
            look_up=partial(psa.find_invoice_note, what.project, note, key=key),
            declared=psa.declares("invoice_note"),
        )
        await self.billing.follow_ups.told(announced.about, announced.number)
        return written

    @activity.defn
    async def leave_untold(self, request: TellStanding) -> None:
        """A person decided that it need not be told."""
        await self.billing.follow_ups.told(request.what.about, request.what.number)

    # Exceptions.

    async def _review(self, request: LookAt, found: Sequence[CashFinding], now: datetime) -> tuple[list[int], int]:
        """Open what is new, close what no longer holds; what a person has accepted at this amount is not asked again."""
        last = {case.key: case for case in await self.cases.of_keys([one.key for one in found])}
        asked = [one for one in found if not _is_accepted(one, last.get(one.key))]
        numbers = await self.cases.open([self._case(request, one, now) for one in asked])
        wanted = {one.key for one in asked}
        waiting = await self.cases.open_of(request.customer, CONTROL_POINT)
        gone = [case.key for case in waiting if case.key not in wanted and not case.workflow_id]
        closed = await self.cases.resolve(gone, actor=request.origin.actor, reason="It no longer holds.") if gone else 0
        return numbers, closed

    def _case(self, request: LookAt, found: CashFinding, now: datetime) -> Case:
        finding, origin = found.finding, request.origin
        terms = self.policy.case_terms(finding.code, found.entity, now)
        return Case(
            key=found.key,
            code=finding.code,
            sentence=finding.sentence,
            remedy=finding.remedy,
            subject=finding.subject,
            evidence=finding.evidence,
            money_amount=finding.money.amount if finding.money else None,
            money_currency=finding.money.currency if finding.money else None,
            engagement=found.contract,
            customer=request.customer,
            project=found.contract,
            entity=found.entity,
            correlation=origin.correlation,
            control_point=CONTROL_POINT,
            step=origin.step,
            owner_role=terms.owner_role,
            opened_at=now,
            due_at=terms.due_at,
        )

    # What is to be told.

    async def _announced(self, standing: CustomerStanding) -> list[ToTell]:
        """The next of each: of the account, and of each invoice that changed."""
        told = [await self._to_account(standing)]
        told += [await self._to_project(invoice, standing.read_at) for invoice in standing.invoices]
        return [one for one in told if one]

    async def _to_account(self, standing: CustomerStanding) -> ToTell | None:
        about = f"exposure/{standing.customer}"
        content = account_standing(standing)
        crm = self.policy.system_for(Capability.CRM, Scope(service_date=standing.read_at.date()))
        if crm is None:
            return None
        await self.billing.follow_ups.announce(about, content, same_if=identity(content))
        untold = await self.billing.follow_ups.untold(about)
        return ToTell(about=about, number=untold.number, system=crm) if untold else None

    async def _to_project(self, invoice: OpenInvoice, at: datetime) -> ToTell | None:
        """Where no PSA is served, or the contract has no project there, nobody is told, and nothing waits to be."""
        about = f"invoice/{invoice.reference}"
        note = note_of(invoice)
        await self.billing.follow_ups.announce(about, note, same_if=note)
        untold = await self.billing.follow_ups.untold(about)
        if untold is None:
            return None
        psa, project = await self._project(invoice, at)
        if not psa or not project:
            await self.billing.follow_ups.told(about, untold.number)
            return None
        return ToTell(about=about, number=untold.number, system=psa, project=project, contract=invoice.contract)

    async def _project(self, invoice: OpenInvoice, at: datetime) -> tuple[str, str]:
        psa = self.policy.system_for(Capability.PSA, Scope(entity=invoice.entity, service_date=at.date()))
        try:
            record = await self.record.read(invoice.contract)
        except NotFound:
            return psa or "", ""
        return psa or "", record.targets.get("psa_project", "")

    async def _as_of_now(self, standing: AccountStanding) -> AccountStanding:
        """A deal with several payers is told by each of them: the last one to tell says what all of them owe."""
        found = await self.billing.follow_ups.open_of([deal.contract for deal in standing.deals])
        deals = [(deal.contract, deal.open.currency) for deal in standing.deals]
        return standing.changed(deals=deal_standings(deals, found, (await self.clock.now()).date()))

    async def _is_of_the_crm(self, crm: Crm, customer: str) -> bool:
        """Who pays for no deal (another company that was billed instead, S07) may have no account, and no exposure then.

        A payer of a deal that has none is somebody's mistake, which the telling itself refuses.
        """
        return await self.engagements.using_customer(customer, besides="") > 0 or await crm.knows_account(customer)

    async def _read(self, what: ToTell) -> Announcement:
        found = await self.billing.follow_ups.announcement(what.about, what.number)
        if found is None:
            raise NotFound(f"Nothing is to be told of {what.about} as number {what.number}.")
        return found

    def _terms(self, standing: CustomerStanding) -> CashTerms:
        """Those of the entity that the customer owes to; of several, the first by name."""
        entities = [one.entity for one in standing.invoices] + [one.entity or one.payment.entity for one in standing.payments]
        return self.policy.cash_terms(min(entities, default=""), standing.read_at.date())


def _is_accepted(found: CashFinding, last: Case | None) -> bool:
    """Whether a person has said of it, at this amount, that it is to stay so."""
    if last is None or last.state is not CaseState.SETTLED or last.decision is not Decision.OVERRIDE:
        return False
    money = found.finding.money
    return money is None or (last.money_amount, last.money_currency) == (money.amount, money.currency)
