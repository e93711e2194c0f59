"""Time at the rates that are in force now; what is billed stays as it was rated, what is not is rated again (R56)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from activities.billing_books import Billables, BillingBooks, BillingPolicy
from activities.contract_of_record import ContractsOfRecord
from canonical.billable import Billable, BillableKind
from canonical.exception import Finding
from canonical.invoice import DocumentLine
from canonical.provenance import Origin
from canonical.rules.rating import Placement, Priced, RateBook, card_of
from canonical.rules.retroactive import PricedWork, Reprice, reprice

_PAGE = 2_000


@dataclass(frozen=True)
class Repricer:
    """What the rate cards of a contract say of its time now."""

    record: ContractsOfRecord
    billing: BillingBooks
    policy: BillingPolicy

    async def book(self, contract: str) -> RateBook:
        """The contract's own rates and every card that was imported."""
        record = await self.record.read(contract)
        return RateBook([card_of(record.contract), *await self.billing.rate_cards.for_contracts([contract])])

    async def work(self, contract: str, only: Sequence[str] | None = None) -> AsyncIterator[PricedWork]:
        """All time of a contract, or these items of it."""
        last = ""
        while page := await self.billing.repricing.work_of(contract, only=only, after=last, limit=_PAGE):
            for one in page:
                yield one
            last = page[-1].item.reference

    def repriced(self, one: PricedWork, priced: Priced, paid: frozenset[str]) -> Reprice:
        """The item at a rate."""
        rounding = self.policy.rating_policy(one.item.entity, one.item.service.start).rounding
        return reprice(one.rated(paid), priced.rate.rate, priced.version, rounding)

    async def rate_again(self, changes: Sequence[Reprice], *, batch: str, origin: Origin) -> None:
        """What is not billed takes its new rate, be it all of an item or its open rest; it remembers the rate that it had."""
        rests = [one for one in changes if one.is_of_a_rest]
        whole = [rated_again(one) for one in changes if not one.is_of_a_rest]
        if whole:
            await self.billing.entries.accept(whole, batch=batch, origin=origin, anew=True)
        if rests:
            await self.billing.entries.rate_rests(rests, batch=batch, origin=origin)

    async def reopened_at_current_rates(self, contract: str, names: Sequence[str], *, batch: str, origin: Origin) -> None:
        """What a credit re-opened, before it is billed again."""
        book, changes = await self.book(contract), list[Reprice]()
        async for one in self.work(contract, names):
            priced = rate_for(book, one)
            if priced is not None and priced.rate.rate.amount > 0:
                changes.append(self.repriced(one, priced, frozenset()))
        await self.rate_again([one for one in changes if not one.of_open.is_zero], batch=batch, origin=origin)


def rate_for(book: RateBook, one: PricedWork) -> Priced | None:
    """The rate in force on the day of the work."""
    item = one.item
    placement = Placement(
        contract=item.contract, line=item.line, entity=item.entity, customer=item.customer, currency=item.currency
    )
    return book.rate_for(role=item.work.role, person=item.work.person, placement=placement, day=item.service.start)


def rated_again(change: Reprice) -> Billable:
    """The item with its new rate, and what it was rated at before."""
    item = change.work.item
    return item.model_copy(
        update={
            "rate": change.rate,
            "rate_version": change.rate_version,
            "amount": change.amount,
            "evidence": {**item.evidence, **change.remembers},
        }
    )


def no_price(one: PricedWork, priced: Priced) -> Finding:
    """A rate of zero is never a price (S05)."""
    item = one.item
    return Finding(
        code="RATE_ZERO",
        subject=item.reference,
        sentence=f"The rate of {item.work.role or item.work.person} on {item.service.start} is {priced.rate.rate}, no price.",
        remedy="Import a corrected version of the rate card; what waits is then rated by it.",
        money=one.priced_at,
        evidence={"entry": item.reference, "hours": f"{one.quantity:f}", "rate_version": priced.version},
        can_override=False,
    )


async def delta_words(billables: Billables, line: DocumentLine) -> str | None:
    """What a difference line says to the customer: which rate, and which invoices it corrects; other lines keep their words."""
    if line.billing is not BillableKind.RATE_DELTA:
        return None
    items = [one.item for one in await billables.read(line.billables)]
    numbers = dict.fromkeys(one.evidence.get("invoice_number", "") for one in items)
    versions = dict.fromkeys(one.rate_version for one in items)
    return f"{line.description}: rates {', '.join(versions)}, difference to invoices {', '.join(filter(None, numbers))}"
