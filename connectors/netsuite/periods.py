"""Accounting periods: the month that a date is posted to, and which months a subsidiary has closed."""

from datetime import date

from canonical.errors import Misconfigured, PeriodIsClosed, Rejected
from canonical.journal import AccountingPeriod, PeriodState
from canonical.period import Period
from connectors.http import Json
from connectors.netsuite.account import Account
from connectors.netsuite.directory import Directory

_MONTHS = (
    "SELECT id, periodname, TO_CHAR(startdate, 'YYYY-MM-DD') AS starts, TO_CHAR(enddate, 'YYYY-MM-DD') AS ends, "
    "closed, arlocked, alllocked FROM accountingperiod "
    "WHERE isyear = 'F' AND isquarter = 'F' AND isadjust = 'F' ORDER BY startdate"
)
_LOCKS = "SELECT period, itemtype FROM taskitemstatus WHERE complete = 'T' AND subsidiary = "
_CLOSING, _RECEIVABLES = {"PCP_CLOSEPERIOD", "PCP_LOCKALL"}, "PCP_LOCKAR"


class Periods:
    """Which period is which is kept; whether one is closed is asked for each time."""

    def __init__(self, account: Account, directory: Directory) -> None:
        self._account, self._directory = account, directory
        self._ids: dict[Period, str] = {}

    async def of(self, entity: str) -> list[AccountingPeriod]:
        """All months of an entity, the oldest first."""
        subsidiary = self._directory.subsidiary(entity)
        locks = await self._locks(subsidiary) if self._account.settings.locks_by_subsidiary else set()
        return [_period(row, entity, locks) async for row in self._account.query(_MONTHS)]

    async def posting(self, day: date) -> tuple[str, Period]:
        """The period to post a date to."""
        if not any(day in known for known in self._ids):
            self._ids = {_days(row): str(row["id"]) async for row in self._account.query(_MONTHS)}
        for known, internal in self._ids.items():
            if day in known:
                return internal, known
        raise Rejected(
            f"{self._account.system} has no accounting period for {day}",
            remedy="Set the year up (Setup > Accounting > Manage Accounting Periods), then settle the exception with retry.",
            evidence={"date": day},
        )

    async def require_open(self, subsidiary: str, day: date, *, receivables: bool, refused: Rejected) -> None:
        """NetSuite tells a closed period by the general code for its rules, so that the period itself is asked."""
        entity = self._directory.entities.get(subsidiary)
        if entity is None:
            raise Misconfigured(f"{self._account.system} works for a subsidiary {subsidiary} that no legal entity stands for")
        for found in await self.of(entity):
            if day in found.period and (found.state is PeriodState.CLOSED or (receivables and found.receivables_locked)):
                raise PeriodIsClosed(
                    f"{found.name} is closed in {self._account.system} for {entity}",
                    evidence={**refused.evidence, "period": found.name, "entity": entity, "date": day},
                ) from refused

    async def _locks(self, subsidiary: str) -> set[tuple[str, str]]:
        rows = self._account.query(f"{_LOCKS}{int(subsidiary)}")
        return {(str(row["period"]), str(row["itemtype"])) async for row in rows}


def _period(row: Json, entity: str, locks: set[tuple[str, str]]) -> AccountingPeriod:
    internal = str(row["id"])
    is_closed = "T" in (row["closed"], row["alllocked"]) or any((internal, step) in locks for step in _CLOSING)
    return AccountingPeriod(
        entity=entity,
        period=_days(row),
        state=PeriodState.CLOSED if is_closed else PeriodState.OPEN,
        receivables_locked=is_closed or row["arlocked"] == "T" or (internal, _RECEIVABLES) in locks,
        target_id=internal,
        name=str(row["periodname"]),
    )


def _days(row: Json) -> Period:
    return Period.through(date.fromisoformat(row["starts"]), date.fromisoformat(row["ends"]))
