"""The rows of what is posted to an ERP item by item: batches of charges, charges that are to be taken back or changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlmodel import Field, SQLModel

from ledger.tables import count, moment, pairs, words


def _state(first: str) -> Any:
    return Field(sa_column=Column(Text, nullable=False, server_default=text(f"'{first}'")))


class ChargeBatchRow(SQLModel, table=True):
    """A posting batch of a target account; its items bear its reference. It is named for the item that it ``begins_with``."""

    __tablename__ = "charge_batches"
    __table_args__ = (
        CheckConstraint("state IN ('claimed', 'posted', 'refused')", name="charge_batches_state"),
        Index("charge_batches_begins_with", "begins_with"),
        Index("charge_batches_unposted", "system", postgresql_where=text("state <> 'posted'")),
    )
    reference: str = words(key=True)
    begins_with: str = words()
    system: str = words()
    state: str = _state("claimed")
    items: int = count()
    claimed_at: datetime = moment(now=True)
    posted_at: datetime | None = moment()


class ChargeReversalRow(SQLModel, table=True):
    """A charge whose item lost its approval, or changed, after it was posted; ``revised`` is what it is to be instead."""

    __tablename__ = "charge_reversals"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'reversed', 'settled')", name="charge_reversals_state"),
        Index("charge_reversals_asked", "system", postgresql_where=text("state <> 'settled'")),
    )
    item: str = words(key=True)
    version: str = words(key=True)
    system: str = words()
    batch: str = words()
    reason: str = words()
    revised: dict[str, Any] | None = pairs(optional=True)
    state: str = _state("asked")
    asked_at: datetime = moment(now=True)


class ChargeRevisionRow(SQLModel, table=True):
    """A charge whose item was rated anew after it was posted, and that is to say so."""

    __tablename__ = "charge_revisions"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'settled')", name="charge_revisions_state"),
        Index("charge_revisions_asked", "system", postgresql_where=text("state = 'asked'")),
    )
    item: str = words(key=True)
    rate_version: str = words(key=True)
    system: str = words()
    state: str = _state("asked")
    asked_at: datetime = moment(now=True)
