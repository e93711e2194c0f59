"""The rows beside the items: sub-ledgers and their moves, rate cards, exchange rates, and the ERP's payments and journals."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKeyConstraint, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from ledger.billing_tables import day, sum_of_moves, whole
from ledger.tables import amount as exact
from ledger.tables import count, moment, number, words


class SubLedgerRow(SQLModel, table=True):
    """An account of moves: what is left of a retainer, what is used of a purchase order or of a cap.

    A retainer's balance is what may still be drawn and has no ceiling; ``agreed`` is what its contract funds. The balance of a
    purchase order and of a cap is what is used, up to ``ceiling`` plus ``tolerance``. Only the database's functions move it.
    """

    __tablename__ = "sub_ledgers"
    __table_args__ = (
        CheckConstraint("kind IN ('retainer', 'purchase_order', 'cap')", name="sub_ledgers_kind"),
        CheckConstraint("(kind = 'retainer') = (ceiling IS NULL)", name="sub_ledgers_ceiling"),
        CheckConstraint("balance >= 0", name="sub_ledgers_never_below_zero"),
        CheckConstraint("ceiling IS NULL OR balance <= ceiling + tolerance", name="sub_ledgers_never_above_the_ceiling"),
        CheckConstraint("tolerance >= 0 AND agreed >= 0 AND threshold >= 0", name="sub_ledgers_positive"),
        UniqueConstraint("kind", "contract", "name", name="sub_ledgers_name"),
    )
    id: int = number()
    kind: str = words()
    contract: str = words()
    name: str = words()
    customer: str = words()
    currency: str = words()
    ceiling: Decimal | None = exact()
    tolerance: Decimal = sum_of_moves()
    agreed: Decimal = sum_of_moves()
    threshold: Decimal = sum_of_moves()
    expires_on: date | None = day()
    balance: Decimal = sum_of_moves()
    opened_at: datetime = moment(now=True)


class SubLedgerMoveRow(SQLModel, table=True):
    """One move, once under its key; ``balance_after`` is what the account held then, ``taken_back`` what was reversed of it."""

    __tablename__ = "sub_ledger_moves"
    __table_args__ = (
        UniqueConstraint("account", "key", name="sub_ledger_moves_key"),
        CheckConstraint("amount <> 0", name="sub_ledger_moves_move"),
        CheckConstraint("taken_back BETWEEN 0 AND abs(amount)", name="sub_ledger_moves_not_reversed_twice"),
        ForeignKeyConstraint(["account"], ["sub_ledgers.id"]),
        Index("sub_ledger_moves_document", "document", postgresql_where=text("document <> ''")),
    )
    id: int = number()
    account: int = whole()
    key: str = words()
    did: str = words()
    amount: Decimal = exact(optional=False)
    balance_after: Decimal = exact(optional=False)
    document: str = words()
    reverses: int | None = whole(optional=True)
    taken_back: Decimal = sum_of_moves()
    at: datetime = moment(now=True)


class RateCardRow(SQLModel, table=True):
    """A version of a rate card; versions are added, never rewritten."""

    __tablename__ = "rate_cards"
    __table_args__ = (Index("rate_cards_contract", "contract"),)
    reference: str = words(key=True)
    version: int = whole(key=True)
    contract: str = words()
    fingerprint: str = words()
    imported_at: datetime = moment(now=True)


class RateRow(SQLModel, table=True):
    """One price per hour of a version of a card."""

    __tablename__ = "rates"
    __table_args__ = (ForeignKeyConstraint(["card", "version"], ["rate_cards.reference", "rate_cards.version"]),)
    card: str = words(key=True)
    version: int = whole(key=True)
    place: int = whole(key=True)
    role: str = words()
    person: str = words()
    project: str = words()
    line: str = words()
    rate: Decimal = exact(optional=False)
    currency: str = words()
    since: date = day(optional=False)
    until: date | None = day()


class ExchangeRateRow(SQLModel, table=True):
    """What one unit of ``currency`` was worth in ``functional`` at a time, as a source said; never rewritten."""

    __tablename__ = "exchange_rates"
    __table_args__ = (CheckConstraint("rate > 0", name="exchange_rates_positive"),)
    source: str = words(key=True)
    currency: str = words(key=True)
    functional: str = words(key=True)
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    rate: Decimal = exact(optional=False)


class MeterReadingRow(SQLModel, table=True):
    """What a meter said was used of a contract line on a day; versions of a reading are added, never rewritten."""

    __tablename__ = "meter_readings"
    __table_args__ = (
        CheckConstraint("quantity >= 0", name="meter_readings_never_below_zero"),
        UniqueConstraint("source", "reading", "version", name="meter_readings_name"),
        Index("meter_readings_contract", "contract", "line", "used_on"),
    )
    id: int = number()
    source: str = words()
    reading: str = words()
    version: str = words()
    contract: str = words()
    line: str = words()
    used_on: date = day(optional=False)
    quantity: Decimal = exact(optional=False)
    read_at: datetime = moment(now=True)


class PaymentRow(SQLModel, table=True):
    """A customer payment as the ERP holds it; a version that is older than what is known changes nothing."""

    __tablename__ = "payments"
    __table_args__ = (Index("payments_customer", "customer"),)
    system: str = words(key=True)
    source_id: str = words(key=True)
    source_version: str = words()
    reference: str = words()
    entity: str = words()
    customer: str = words()
    currency: str = words()
    amount: Decimal = exact(optional=False)
    unapplied: Decimal = sum_of_moves()
    received_on: date = day(optional=False)
    state: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'received'")))
    memo: str = words()
    kind: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'payment'")))
    exchange_rate: Decimal | None = exact()
    seen_at: datetime = moment(now=True)
    first_seen_at: datetime = moment(now=True)


class PaymentApplicationRow(SQLModel, table=True):
    """A part of a version of a payment on a document of the ERP; those of the payment's newest version hold."""

    __tablename__ = "payment_applications"
    __table_args__ = (Index("payment_applications_target", "system", "target_id"),)
    system: str = words(key=True)
    source_id: str = words(key=True)
    source_version: str = words(key=True)
    place: int = whole(key=True)
    target_id: str = words()
    number: str = words()
    amount: Decimal = exact(optional=False)
    withheld: Decimal = sum_of_moves()
    certificate: str = words()


class FollowUpRow(SQLModel, table=True):
    """How often a customer's receivables changed, how many of the changes were looked at, when time alone asks for a look."""

    __tablename__ = "follow_ups"
    __table_args__ = (
        Index("follow_ups_changed", "customer", postgresql_where=text("followed < changes")),
        Index("follow_ups_look_again", "look_again_at"),
    )
    customer: str = words(key=True)
    changes: int = count()
    followed: int = count()
    look_again_at: datetime | None = moment()


class AnnouncementRow(SQLModel, table=True):
    """What another system is to be told of a thing, in order; each is told once, and only after the one before it."""

    __tablename__ = "announcements"
    about: str = words(key=True)
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    content: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    fingerprint: str = words()
    decided_at: datetime = moment(now=True)
    told_at: datetime | None = moment()


class JournalLineRow(SQLModel, table=True):
    """A posting as the ERP made it; a journal comes in one statement and balances, or is refused (U3)."""

    __tablename__ = "journal_lines"
    __table_args__ = (
        CheckConstraint("debit >= 0 AND credit >= 0 AND (debit > 0) <> (credit > 0)", name="journal_lines_one_side"),
        Index("journal_lines_document", "document", postgresql_where=text("document <> ''")),
        Index("journal_lines_reference", "reference", postgresql_where=text("reference <> ''")),
    )
    system: str = words(key=True)
    journal: str = words(key=True)
    place: int = whole(key=True)
    number: str = words()
    reference: str = words()
    document: str = words()
    entity: str = words()
    posted_on: date = day(optional=False)
    account: str = words()
    currency: str = words()
    debit: Decimal = sum_of_moves()
    credit: Decimal = sum_of_moves()
    memo: str = words()
    customer: str = words()
    project: str = words()
    practice: str = words()
    region: str = words()
    revenue_treatment: str = words()
    cost_center: str = words()


class PendingApprovalRow(SQLModel, table=True):
    """Recorded work that waits for an approval: a projection of what the source says, gone once it is decided."""

    __tablename__ = "pending_approvals"
    __table_args__ = (Index("pending_approvals_contract", "contract"),)
    reference: str = words(key=True)
    contract: str = words()
    entity: str = words()
    person: str = words()
    service: date = day(optional=False)
    hours: Decimal = sum_of_moves()
    amount: Decimal | None = exact()
    currency: str = words()
    state: str = words()
    seen_at: datetime = moment(now=True)
