"""What is left of an expired retainer: nothing moves by itself; approved, it becomes breakage, booked once (S09, IFRS 15.B46)."""

from dataclasses import dataclass
from datetime import date
from functools import partial

from pydantic import BaseModel
from temporalio import activity

from activities.billing_books import BillingBooks, BillingPolicy
from activities.billing_ports import GeneralLedger
from activities.contract_of_record import ContractsOfRecord
from activities.step import Asked, Bookkeeping, Step
from activities.systems import Systems
from canonical.errors import Misconfigured, NotFound
from canonical.exception import Finding
from canonical.landscape import Capability, Scope
from canonical.money import Money
from canonical.provenance import Origin
from canonical.rules.postings import booked, breakage_postings
from canonical.rules.retainers import Pool, break_unused, expiry
from canonical.sub_ledger import SubLedger, SubLedgerKind, Want


class JudgeExpiry(BaseModel):
    """A retainer of a contract, looked at on a day."""

    origin: Origin
    contract: str
    name: str
    on: date


class Expired(BaseModel):
    """What a person must decide; nothing where the retainer is extended or empty. ``system`` keeps the books."""

    findings: list[Finding] = []
    system: str = ""
    entity: str = ""
    customer: str = ""
    left: Money | None = None
    policy_version: str = ""


class Break(BaseModel):
    """Breakage that was approved, and by whom."""

    origin: Origin
    contract: str
    name: str
    on: date
    system: str
    approved_by: str


class Broken(BaseModel):
    """What became breakage, and the journal that says so."""

    amount: Money
    journal: str = ""


@dataclass(frozen=True)
class BreakageActivities:
    """Retainers that ran out of time."""

    record: ContractsOfRecord
    systems: Systems
    books: Bookkeeping
    billing: BillingBooks
    policy: BillingPolicy

    @activity.defn
    async def judge_expiry(self, request: JudgeExpiry) -> Expired:
        """Whether it expired with something left."""
        record, account = await self.record.read(request.contract), await self._account(request.contract, request.name)
        finding = expiry(_pool(account), request.on)
        scope = Scope(entity=record.contract.entity, region=record.contract.region, service_date=request.on)
        return Expired(
            findings=[finding] if finding else [],
            system=self.policy.system_for(Capability.GENERAL_LEDGER, scope) or "",
            entity=record.contract.entity,
            customer=record.contract.payer.reference,
            left=account.balance,
            policy_version=self.policy.version,
        )

    @activity.defn
    async def break_unused(self, request: Break) -> Broken:
        """Take what is left, so that nothing draws on it any more, and book it; both once."""
        account = await self._account(request.contract, request.name)
        pool, _ = break_unused(_pool(account), request.on, approved_by=request.approved_by)
        [taken] = await self.billing.sub_ledgers.take([_want(account, request)])
        if taken.taken.is_zero:
            return Broken(amount=taken.taken)
        written = await self._booked(request, taken.taken, pool)
        return Broken(amount=taken.taken, journal=written)

    async def _booked(self, request: Break, amount: Money, pool: Pool) -> str:
        erp = self.systems.get(request.system, GeneralLedger)
        contract = (await self.record.read(request.contract)).contract
        postings = breakage_postings(amount, contract.payer.reference, self.policy.chart(request.on))
        memo = f"Breakage of retainer {pool.reference}, approved by {request.approved_by}"
        reference = f"{pool.reference}.breakage"
        journal = booked(reference, contract.entity, request.on, postings, memo=memo, source=request.contract)
        asked = Asked.of(
            Step(origin=request.origin, dossier="", system=request.system),
            erp,
            verb="post",
            kind="journal",
            reference=journal.reference,
            declared_as="journal",
        )
        written = await self.books.once(
            asked,
            request=journal,
            call=partial(erp.post_journal, journal, key=asked.key),
            look_up=partial(erp.find_journal, journal.reference, key=asked.key),
        )
        await self.billing.journals.keep(erp.name, await erp.read_journals(written.target_id))
        return written.number or written.target_id

    async def _account(self, contract: str, name: str) -> SubLedger:
        found = await self.billing.sub_ledgers.read(SubLedgerKind.RETAINER, contract, name)
        if found is None:
            raise NotFound(f"{contract} has no retainer {name}", remedy=f"See `handoff billing show {contract}`.")
        return found


def _pool(account: SubLedger) -> Pool:
    balance = account.balance or Money.zero(account.currency)
    agreed = account.agreed or balance
    if account.expires_on is None:
        raise Misconfigured(
            f"Retainer {account.name} of {account.contract} never expires",
            remedy="Set retainer.expires_after_months in policies/billing if it should.",
        )
    reference = f"{account.contract}.{account.name}"
    return Pool(reference=reference, agreed=agreed, funded=agreed, balance=balance, expires_on=account.expires_on)


def _want(account: SubLedger, request: Break) -> Want:
    return Want(
        kind=SubLedgerKind.RETAINER,
        contract=request.contract,
        name=request.name,
        key=f"break/{account.expires_on}",
        amount=account.balance or Money.zero(account.currency),
        document=f"{request.contract}.{request.name}.breakage",
        reason="broken",
    )
