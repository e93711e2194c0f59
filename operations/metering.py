"""What people and programs say of metered use: readings come in whole or not at all, and what they come to is shown (R77)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from pydantic import BaseModel

from activities.contract_of_record import ContractsOfRecord
from canonical.billable import Billable
from canonical.errors import Malformed, NotFound
from canonical.exception import Finding
from canonical.provenance import Origin
from canonical.rules.metering import refusals, use_of
from canonical.usage import Metered, MeterReading, MeterReadings
from ledger.books import Books
from operations.permission import needs
from policies.access import Permission
from policies.firm import Policies

_TOLD = 20


class UsageTaken(BaseModel):
    """How many readings came, and how many of them were new."""

    source: str
    readings: int
    new: int


class Usage(BaseModel):
    """What was used of a contract by line and day, what the periods that are over come to, and those no meter spoke of."""

    contract: str
    through: date
    used: list[Metered]
    items: list[Billable]
    missing: list[Finding]


@dataclass(frozen=True)
class MeteringDesk:
    """Metered use, for any surface."""

    books: Books
    policies: Policies

    @needs(Permission.BILL)
    async def take(self, given: MeterReadings, *, actor: str) -> UsageTaken:
        """Keep readings; a wrong one refuses all, with every wrong one named. What was kept before changes nothing.

        They are billed by the next run once their period is over; those of a period that was billed already are an exception.
        """
        wrong = [sentence for contract, group in _by_contract(given) for sentence in await self._wrong(contract, group)]
        if wrong:
            more = f" And {len(wrong) - _TOLD} more." if len(wrong) > _TOLD else ""
            raise Malformed(
                f"{len(wrong)} of {len(given.readings)} readings cannot be kept. {' '.join(wrong[:_TOLD])}{more}",
                remedy="Correct them and import all of it again; nothing was kept.",
            )
        origin = Origin(
            correlation=f"{given.source}.{given.readings[0].reading}", engagement="", actor=actor, step="import_usage"
        )
        new = await self.books.billing.meters.add(given, origin=origin)
        return UsageTaken(source=given.source, readings=len(given.readings), new=new)

    async def show(self, contract: str, *, through: date) -> Usage:
        """What the meters said so far; it touches nothing."""
        record = await self._records.read(contract)
        term, used = record.contract.term, await self.books.billing.meters.used(contract)
        policy = self.policies.recurring_policy(record.contract.entity, term.start) if term else None
        use = use_of(record.contract, used, through, record.project.dimensions, policy)
        return Usage(contract=contract, through=through, used=list(used), items=list(use.items), missing=list(use.missing))

    @property
    def _records(self) -> ContractsOfRecord:
        return ContractsOfRecord(self.books.dossiers, self.books.engagements)

    async def _wrong(self, contract: str, readings: Sequence[MeterReading]) -> Sequence[str]:
        try:
            record = await self._records.read(contract)
        except NotFound:
            return [f"{one.reading}: {contract} was never activated." for one in readings]
        return refusals(record.contract, readings)


def _by_contract(given: MeterReadings) -> list[tuple[str, list[MeterReading]]]:
    ordered = sorted(given.readings, key=lambda one: one.contract)
    return [(contract, list(group)) for contract, group in groupby(ordered, key=lambda one: one.contract)]
