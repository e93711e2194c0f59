"""The whole ledger of one process: every part over one pool, under the names that activities and operations use."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from ledger.audit import Audit
from ledger.billing.book import BillingLedger
from ledger.clock import BusinessClock
from ledger.cross_references import CrossReferences
from ledger.database import Database
from ledger.dossiers import Dossiers
from ledger.effects import Effects
from ledger.engagements import Engagements
from ledger.exceptions import Cases
from ledger.expectations import Expectations
from ledger.facts import Facts
from ledger.inbox import Inbox
from ledger.planned_revenue import PlannedRevenue
from ledger.reconciliation.book import Reconciliations
from ledger.watermarks import Watermarks


@dataclass(frozen=True)
class Books:
    """Open them once a process; all parts share the pool."""

    database: Database
    writes: Effects
    references: CrossReferences
    audit: Audit
    inbox: Inbox
    facts: Facts
    dossiers: Dossiers
    cases: Cases
    expectations: Expectations
    engagements: Engagements
    plans: PlannedRevenue
    watermarks: Watermarks
    clock: BusinessClock
    billing: BillingLedger
    reconciliation: Reconciliations

    @classmethod
    def over(cls, database: Database) -> Self:
        """Every part over this database."""
        return cls(
            database=database,
            writes=Effects(database),
            references=CrossReferences(database),
            audit=Audit(database),
            inbox=Inbox(database),
            facts=Facts(database),
            dossiers=Dossiers(database),
            cases=Cases(database),
            expectations=Expectations(database),
            engagements=Engagements(database),
            plans=PlannedRevenue(database),
            watermarks=Watermarks(database),
            clock=BusinessClock(database),
            billing=BillingLedger.over(database),
            reconciliation=Reconciliations.over(database),
        )

    @classmethod
    @asynccontextmanager
    async def open(cls, dsn: str, *, connections: int = 10) -> AsyncIterator[Self]:
        """The books of a process, for as long as the block runs."""
        database = await Database.open(dsn, most=connections)
        try:
            yield cls.over(database)
        finally:
            await database.close()
