"""The rows of revenue and of the month end, without behaviour: measures of progress, runs, events, journals, closes."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Column, Date, Index, Text, text
from sqlmodel import Field, SQLModel

from ledger.billing_tables import day, sum_of_moves, whole
from ledger.tables import amount as exact
from ledger.tables import count, moment, number, pairs, words


def _day_of_key() -> Any:
    return Field(sa_column=Column(Date, primary_key=True))


class RevenueMeasureRow(SQLModel, table=True):
    """How far a line's work was estimated to be on a day; versions are added, never rewritten."""

    __tablename__ = "revenue_measures"
    __table_args__ = (CheckConstraint("done >= 0 AND expected > 0", name="revenue_measures_positive"),)
    contract: str = words(key=True)
    line: str = words(key=True)
    as_of: date = _day_of_key()
    version: int = whole(key=True)
    done: Decimal = exact(optional=False)
    expected: Decimal = exact(optional=False)
    source: str = words()
    note: str = words()
    recorded_by: str = words()
    recorded_at: datetime = moment(now=True)


class RevenueRunRow(SQLModel, table=True):
    """One recognition of an entity and period. What a run that was reversed or withdrawn held counts for nothing."""

    __tablename__ = "revenue_runs"
    __table_args__ = (
        CheckConstraint("state IN ('prepared', 'posted', 'reversed', 'withdrawn')", name="revenue_runs_state"),
        Index("revenue_runs_period", "entity", "starts", "number", unique=True),
    )
    reference: str = words(key=True)
    entity: str = words()
    starts: date = day(optional=False)
    ends: date = day(optional=False)
    number: int = count()
    state: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'prepared'")))
    accounting_date: date = day(optional=False)
    obligations: int = count()
    correlation: str = words()
    prepared_at: datetime = moment(now=True)
    settled_at: datetime | None = moment()


class RevenueEventRow(SQLModel, table=True):
    """What an obligation earned in a period, cumulatively, and what was posted for it; never rewritten (R92).

    ``revenue`` and ``liability`` are credits, ``asset`` is a debit; together they balance.
    """

    __tablename__ = "revenue_events"
    __table_args__ = (
        CheckConstraint("asset = liability + revenue", name="revenue_events_balance"),
        Index("revenue_events_run", "run"),
        Index("revenue_events_contract", "contract", "ends"),
    )
    id: int = number()
    run: str = words()
    contract: str = words()
    line: str = words()
    obligation: str = words()
    treatment: str = words()
    entity: str = words()
    currency: str = words()
    starts: date = day(optional=False)
    ends: date = day(optional=False)
    recognized_on: date = day(optional=False)
    account: str = words()
    amount: Decimal = sum_of_moves()
    cumulative: Decimal = sum_of_moves()
    billed: Decimal = sum_of_moves()
    revenue: Decimal = sum_of_moves()
    asset: Decimal = sum_of_moves()
    liability: Decimal = sum_of_moves()
    done: Decimal | None = exact()
    expected: Decimal | None = exact()
    reason: str = words()
    at: datetime = moment(now=True)


class ClosingJournalRow(SQLModel, table=True):
    """A journal of the month end, of revenue or an accrual, with its whole content, so that it is posted the same whenever."""

    __tablename__ = "closing_journals"
    __table_args__ = (
        CheckConstraint("purpose IN ('revenue', 'accrual')", name="closing_journals_purpose"),
        CheckConstraint("state IN ('proposed', 'approved', 'posted', 'reversed', 'withdrawn')", name="closing_journals_state"),
        Index("closing_journals_period", "entity", "starts"),
        Index("closing_journals_run", "run", postgresql_where=text("run <> ''")),
    )
    reference: str = words(key=True)
    purpose: str = words()
    run: str = words()
    entity: str = words()
    currency: str = words()
    starts: date = day(optional=False)
    ends: date = day(optional=False)
    state: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'proposed'")))
    amount: Decimal = exact(optional=False)
    items: int = count()
    content: dict[str, Any] = pairs()
    system: str = words()
    target_id: str = words()
    number: str = words()
    decided_by: str = words()
    proposed_at: datetime = moment(now=True)
    posted_at: datetime | None = moment()


class PeriodCloseRow(SQLModel, table=True):
    """The close of an entity's month, by our own process; the ERP's period is closed there, by people."""

    __tablename__ = "period_closes"
    __table_args__ = (CheckConstraint("state IN ('started', 'done')", name="period_closes_state"),)
    entity: str = words(key=True)
    starts: date = _day_of_key()
    state: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'started'")))
    workflow_id: str = words()
    started_at: datetime = moment(now=True)
    finished_at: datetime | None = moment()
