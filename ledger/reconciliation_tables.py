"""The rows of reconciliation, without behaviour; a finding is a name, its states are added and never changed (DESIGN 7)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, CheckConstraint, Column, Index, Integer, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from ledger.billing_tables import day, sum_of_moves, whole
from ledger.tables import amount as exact
from ledger.tables import count, flag, moment, number, words


def names() -> Any:
    """Several texts."""
    return Field(sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")))


class ReconciliationRunRow(SQLModel, table=True):
    """One entity's run over some days; ``key`` names it once however often its first step is tried."""

    __tablename__ = "reconciliation_runs"
    __table_args__ = (
        UniqueConstraint("key", name="reconciliation_runs_key"),
        Index("reconciliation_runs_entity", "entity", "id"),
    )
    id: int = number()
    key: str = words()
    entity: str = words()
    since: date = day(optional=False)
    through: date = day(optional=False)
    as_of: datetime = moment(now=True)
    is_report_only: bool = flag()
    workflow: str = words()
    started_at: datetime = moment(now=True)
    finished_at: datetime | None = moment()


class ReconciliationSideRow(SQLModel, table=True):
    """What was compared in a run, or why it was not."""

    __tablename__ = "reconciliation_sides"
    run: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    comparison: str = words(key=True)
    left_system: str = words()
    right_system: str = words()
    left_count: int = count()
    right_count: int = count()
    not_compared: str = words()


class ReconciliationBucketRow(SQLModel, table=True):
    """Counts and sums of both sides by day and kind, as evidence."""

    __tablename__ = "reconciliation_buckets"
    __table_args__ = (Index("reconciliation_buckets_run", "run", "comparison"),)
    id: int = number()
    run: int = whole()
    comparison: str = words()
    day: date | None = day()
    kind: str = words()
    currency: str = words()
    left_count: int = count()
    left_sum: Decimal = sum_of_moves()
    right_count: int = count()
    right_sum: Decimal = sum_of_moves()
    is_equal: bool = flag()


class ReconciliationItemRow(SQLModel, table=True):
    """The records of both sides while they are compared; gone when the comparison is done. Side 1 leads, side 2 follows."""

    __tablename__ = "reconciliation_items"
    __table_args__ = (
        CheckConstraint("side IN (1, 2)", name="reconciliation_items_side"),
        Index("reconciliation_items_key", "run", "comparison", "key"),
    )
    id: int = number()
    run: int = whole()
    comparison: str = words()
    side: int = Field(sa_column=Column(Integer, nullable=False))
    key: str = words()
    kind: str = words()
    day: date | None = day()
    amount: Decimal | None = exact()
    currency: str = words()
    quantity: Decimal | None = exact()
    state: str = words()
    counts: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("true")))
    is_ours: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("true")))
    contract: str = words()
    about: str = words()
    version: str = words()
    content: str = words()
    held: str = words()
    target: str = words()
    roundings: int = count(1)
    changed_at: datetime | None = moment()


class ReconciliationFindingRow(SQLModel, table=True):
    """What differs, under a name that stays: found again it is the same finding."""

    __tablename__ = "reconciliation_findings"
    __table_args__ = (UniqueConstraint("entity", "comparison", "key", name="reconciliation_findings_key"),)
    id: int = number()
    entity: str = words()
    comparison: str = words()
    key: str = words()
    first_run: int = whole()


class ReconciliationStateRow(SQLModel, table=True):
    """A finding as one run saw it, or as it was closed; rows are added only."""

    __tablename__ = "reconciliation_states"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'closed')", name="reconciliation_states_state"),
        CheckConstraint(
            "type IN ('MISSING', 'DUPLICATE', 'AMOUNT', 'ROUNDING', 'ORPHAN', 'LATE', 'STATUS', 'HELD')",
            name="reconciliation_states_type",
        ),
        UniqueConstraint("finding", "run", name="reconciliation_states_once_a_run"),
        Index("reconciliation_states_finding", "finding", "id"),
        Index("reconciliation_states_run", "run"),
    )
    id: int = number()
    finding: int = whole()
    run: int = whole()
    type: str = words()
    state: str = words()
    kind: str = words()
    day: date | None = day()
    contract: str = words()
    money: Decimal = sum_of_moves()
    currency: str = words()
    left_said: str = words()
    right_said: str = words()
    reason: str = words()
    targets: list[str] = names()
    since: datetime = moment(now=True)
    at: datetime = moment(now=True)


class ReconciliationHealingRow(SQLModel, table=True):
    """What a run did about a finding by itself; the next run tells whether it helped."""

    __tablename__ = "reconciliation_healings"
    __table_args__ = (UniqueConstraint("finding", "run", name="reconciliation_healings_once_a_run"),)
    id: int = number()
    finding: int = whole()
    run: int = whole()
    did: str = words()
    at: datetime = moment(now=True)


class ReconciliationPositionRow(SQLModel, table=True):
    """A contract's money in a run: agreed, approved, billed, earned."""

    __tablename__ = "reconciliation_positions"
    run: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    contract: str = words(key=True)
    currency: str = words(key=True)
    agreed: Decimal = sum_of_moves()
    approved: Decimal = sum_of_moves()
    billed: Decimal = sum_of_moves()
    earned: Decimal = sum_of_moves()
