"""Accounting periods of each company."""

from collections.abc import Sequence
from datetime import date

from canonical.journal import AccountingPeriod, PeriodState
from canonical.period import Period
from connectors.tryton.database import Database
from connectors.tryton.directory import Directory
from connectors.tryton.schemas import PeriodShape


class Periods:
    """Read each time, since a controller may close one at any moment."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database, self._directory = database, directory

    async def of(self, entity: str) -> Sequence[AccountingPeriod]:
        """All periods of the entity, the oldest first; a locked one is a closed one that stays so."""
        return sorted((_period(found, entity) for found in await self._all(entity)), key=lambda found: found.period.start)

    async def is_open(self, entity: str, on: date) -> bool:
        """Whether a posting of that day is taken."""
        return any(found.state is PeriodState.OPEN and on in found.period for found in await self.of(entity))

    async def id_on(self, entity: str, on: date) -> int | None:
        """The open period of a day."""
        for found in await self._all(entity):
            if found.state == "open" and found.start <= on <= found.end:
                return found.id
        return None

    async def _all(self, entity: str) -> list[PeriodShape]:
        company = await self._directory.company(entity)
        where = (["fiscalyear.company", "=", company.id], ["type", "=", "standard"])
        return await self._database.find("account.period", PeriodShape, *where, company=company.id)


def _period(found: PeriodShape, entity: str) -> AccountingPeriod:
    return AccountingPeriod(
        entity=entity,
        period=Period.through(found.start, found.end),
        state=PeriodState.OPEN if found.state == "open" else PeriodState.CLOSED,
        target_id=str(found.id),
        name=found.name,
    )
