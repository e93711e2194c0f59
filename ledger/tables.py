"""The rows of the ledger, without behaviour; migrations are compared with them, the hot path speaks SQL."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    Interval,
    Numeric,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Boolean, Field, SQLModel

METADATA = SQLModel.metadata
OPEN = "state IN ('open', 'proposed')"


def words(*, key: bool = False, optional: bool = False) -> Any:
    """A text; empty unless given, or null where absence means something."""
    if key:
        return Field(sa_column=Column(Text, primary_key=True))
    return Field(sa_column=Column(Text, nullable=optional, server_default=None if optional else text("''")))


def moment(*, now: bool = False) -> Any:
    """A point in time; ``now`` fills it with business time."""
    return Field(
        sa_column=Column(DateTime(timezone=True), nullable=not now, server_default=text("business_now()") if now else None)
    )


def count(start: int = 0) -> Any:
    """A number that grows."""
    return Field(sa_column=Column(Integer, nullable=False, server_default=text(str(start))))


def flag() -> Any:
    """No, until it is yes."""
    return Field(sa_column=Column(Boolean, nullable=False, server_default=text("false")))


def pairs(*, optional: bool = False) -> Any:
    """A JSON object."""
    return Field(sa_column=Column(JSONB, nullable=optional, server_default=None if optional else text("'{}'")))


def amount(*, optional: bool = True) -> Any:
    """An exact amount; its currency stands beside it."""
    return Field(sa_column=Column(Numeric, nullable=optional))


def number() -> Any:
    """A number given by the database."""
    return Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))


class Clock(SQLModel, table=True):
    """How far business time is ahead of the machine's; one row."""

    __tablename__ = "clock"
    __table_args__ = (CheckConstraint("id = 1", name="clock_is_one_row"),)
    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    shift: Any = Field(sa_column=Column(Interval, nullable=False, server_default=text("'0'")))
    is_movable: bool = flag()


class Effect(SQLModel, table=True):
    """A write to another system under its business key (DESIGN 4). Leases and waits are in machine time, as vendors are."""

    __tablename__ = "effects"
    __table_args__ = (
        CheckConstraint(
            "state IN ('reserved', 'calling', 'unknown', 'written', 'refused', 'reversed', 'closed')", name="effects_state"
        ),
        CheckConstraint("state <> 'written' OR target_id <> ''", name="effects_written_somewhere"),
        Index("effects_unsettled", "state", "updated_at", postgresql_where=text("state IN ('calling', 'unknown')")),
        Index("effects_engagement", "engagement"),
        Index("effects_target", "target_id", postgresql_where=text("target_id <> ''")),
        Index("effects_number", "number", postgresql_where=text("number <> ''")),
        Index("effects_reverses", "reverses", postgresql_where=text("reverses <> ''")),
    )
    key: str = words(key=True)
    kind: str = words()
    system: str = words()
    reference: str = words()
    reverses: str = words()
    request_hash: str = words()
    state: str = words()
    attempts: int = count()
    sent_at: datetime | None = moment()
    lease_until: datetime | None = moment()
    lease_token: str = words()
    look_after: datetime | None = moment()
    empty_looks: int = count()
    failure: str = words()
    target_id: str = words()
    number: str = words()
    url: str = words()
    version: str = words()
    details: dict[str, str] = pairs()
    is_adopted: bool = flag()
    correlation: str = words()
    engagement: str = words()
    actor: str = words()
    workflow: str = words()
    step: str = words()
    mapping_version: str = words()
    rate_version: str = words()
    created_at: datetime = moment(now=True)
    updated_at: datetime = moment(now=True)


class CrossReference(SQLModel, table=True):
    """Our reference and a system's id, each for the other; a pair whose record was withdrawn stays readable and binds nothing."""

    __tablename__ = "cross_references"
    __table_args__ = (
        Index("cross_references_ours", "system", "kind", "reference", unique=True, postgresql_where=text("withdrawn_at IS NULL")),
        Index(
            "cross_references_theirs", "system", "kind", "target_id", unique=True, postgresql_where=text("withdrawn_at IS NULL")
        ),
        Index("cross_references_reference", "reference"),
    )
    number: int = number()
    system: str = words()
    kind: str = words()
    reference: str = words()
    target_id: str = words()
    bound_at: datetime = moment(now=True)
    withdrawn_at: datetime | None = moment()


class AuditRow(SQLModel, table=True):
    """Who did what to which record; append-only, chained by hash within its stream, which is the engagement."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_key", "key"), Index("audit_at", "at"))
    stream: str = words(key=True)
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime = moment(now=True)
    action: str = words()
    system: str = words()
    kind: str = words()
    source_id: str = words()
    target_id: str = words()
    key: str = words()
    outcome: str = words()
    correlation: str = words()
    actor: str = words()
    workflow: str = words()
    step: str = words()
    mapping_version: str = words()
    rate_version: str = words()
    details: dict[str, str] = pairs()
    previous_hash: str = words()
    hash: str = words()


class AuditHead(SQLModel, table=True):
    """The end of each audit stream; only the trigger writes here."""

    __tablename__ = "audit_heads"
    __table_args__ = (Index("audit_heads_to_anchor", "stream", postgresql_where=text("anchored_seq < seq")),)
    stream: str = words(key=True)
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    hash: str = words()
    anchored_seq: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("0")))


class AuditAnchor(SQLModel, table=True):
    """The heads that moved since the anchor before, bound together: what makes the loss of a stream or its tail visible."""

    __tablename__ = "audit_anchors"
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime = moment(now=True)
    heads: dict[str, Any] = pairs()
    previous_hash: str = words()
    hash: str = words()


class InboxEvent(SQLModel, table=True):
    """A delivery, kept once however often it came."""

    __tablename__ = "inbox"
    __table_args__ = (
        Index("inbox_delivery", "source", "event_id", unique=True),
        Index("inbox_waiting", "number", postgresql_where=text("outcome IS NULL")),
        Index("inbox_parked", "concluded_at", postgresql_where=text("outcome = 'parked'")),
        Index("inbox_contract", "contract"),
    )
    number: int = number()
    source: str = words()
    event_id: str = words()
    contract: str | None = words(optional=True)
    payload: dict[str, Any] = pairs()
    deliveries: int = count(1)
    received_at: datetime = moment(now=True)
    claims: int = count()
    claimed_until: datetime | None = moment()
    outcome: str | None = words(optional=True)
    concluded_at: datetime | None = moment()


class Counter(SQLModel, table=True):
    """What is only counted, such as deliveries whose signature was refused."""

    __tablename__ = "counters"
    name: str = words(key=True)
    scope: str = words(key=True)
    value: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("0")))


class Fact(SQLModel, table=True):
    """A version of a canonical object that was seen, by the hash of its content; append-only, kept for years."""

    __tablename__ = "facts"
    kind: str = words(key=True)
    reference: str = words(key=True)
    version: str = words(key=True)
    fingerprint: str = words()
    seen_at: datetime = moment(now=True)


class Dossier(SQLModel, table=True):
    """A payload by the hash of its content."""

    __tablename__ = "dossiers"
    __table_args__ = (Index("dossiers_reference", "kind", "reference"),)
    fingerprint: str = words(key=True)
    kind: str = words()
    reference: str = words()
    content: dict[str, Any] = pairs()
    kept_at: datetime = moment(now=True)


class ExpectationRow(SQLModel, table=True):
    """What should come to pass, and what became of it."""

    __tablename__ = "expectations"
    __table_args__ = (
        Index("expectations_to_heal", "heal_at", postgresql_where=text("met_at IS NULL AND healed_at IS NULL")),
        Index("expectations_to_raise", "raise_at", postgresql_where=text("met_at IS NULL AND raised_at IS NULL")),
    )
    key: str = words(key=True)
    what: str = words()
    reference: str = words()
    engagement: str = words()
    entity: str = words()
    heal_at: datetime | None = moment()
    raise_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    money_amount: Decimal | None = amount()
    money_currency: str | None = words(optional=True)
    set_at: datetime = moment(now=True)
    met_at: datetime | None = moment()
    healed_at: datetime | None = moment()
    raised_at: datetime | None = moment()


class Watermark(SQLModel, table=True):
    """How far a source has been polled."""

    __tablename__ = "watermarks"
    source: str = words(key=True)
    until: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class CaseRow(SQLModel, table=True):
    """An exception; of one key at most one is open."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("cases_open_key", "key", unique=True, postgresql_where=text(OPEN)),
        Index("cases_due", "due_at", postgresql_where=text(OPEN)),
        Index("cases_engagement", "engagement"),
        CheckConstraint("state IN ('open', 'proposed', 'settled', 'resolved')", name="cases_state"),
        CheckConstraint("approved_by = '' OR approved_by <> decided_by", name="cases_two_pairs_of_eyes"),
    )
    number: int = number()
    key: str = words()
    code: str = words()
    sentence: str = words()
    remedy: str = words()
    subject: str = words()
    evidence: dict[str, str] = pairs()
    can_override: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("true")))
    money_amount: Decimal | None = amount()
    money_currency: str | None = words(optional=True)
    engagement: str = words()
    customer: str = words()
    project: str = words()
    entity: str = words()
    correlation: str = words()
    control_point: str = words()
    workflow_id: str = words()
    step: str = words()
    asking: str = words()
    owner_role: str = words()
    state: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'open'")))
    opened_at: datetime = moment(now=True)
    due_at: datetime | None = moment()
    snoozed_until: datetime | None = moment()
    escalations: int = count()
    assignee: str = words()
    ticket: str = words()
    decision: str | None = words(optional=True)
    decided_by: str = words()
    approved_by: str = words()
    reason: str = words()
    adopt: str = words()
    settled_at: datetime | None = moment()


class Engagement(SQLModel, table=True):
    """The board's row of an engagement."""

    __tablename__ = "engagements"
    __table_args__ = (Index("engagements_customer", "customer"), Index("engagements_status", "status"))
    reference: str = words(key=True)
    status: str | None = words(optional=True)
    title: str | None = words(optional=True)
    customer: str | None = words(optional=True)
    entity: str | None = words(optional=True)
    correlation: str | None = words(optional=True)
    version: int | None = Field(sa_column=Column(Integer, nullable=True))
    value_amount: Decimal | None = amount()
    value_currency: str | None = words(optional=True)
    left_out_amount: Decimal | None = amount()
    executed_at: datetime | None = moment()
    activated_at: datetime | None = moment()
    targets: dict[str, str] = pairs()
    note: str | None = words(optional=True)
    created_at: datetime = moment(now=True)
    updated_at: datetime = moment(now=True)


class PlannedRevenue(SQLModel, table=True):
    """Revenue expected in a period, by contract version; a plan, not a posting."""

    __tablename__ = "planned_revenue"
    reference: str = words(key=True)
    version: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    line: str = words(key=True)
    treatment: str = words(key=True)
    starts: date = Field(sa_column=Column(Date, primary_key=True))
    ends: date = Field(sa_column=Column(Date, nullable=False))
    amount: Decimal = amount(optional=False)
    currency: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = words()
    planned_at: datetime = moment(now=True)
    withdrawn_at: datetime | None = moment()
