"""The rows of the billing ledger, without behaviour (DESIGN 5); migrations are compared with them, the hot path speaks SQL."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

from ledger.tables import amount as exact
from ledger.tables import count, flag, moment, number, pairs, words

IS_OPEN = "state = 'open' AND frozen_by = '' AND billed - credited + closed < approved"


def sum_of_moves() -> Any:
    """An amount that starts at nothing and is moved by what is written beside it."""
    return Field(sa_column=Column(Numeric, nullable=False, server_default=text("0")))


def day(*, optional: bool = True) -> Any:
    """A date."""
    return Field(sa_column=Column(Date, nullable=optional))


def whole(*, key: bool = False, optional: bool = False) -> Any:
    """A number of another row."""
    if key:
        return Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    return Field(sa_column=Column(BigInteger, nullable=optional))


class BillableRow(SQLModel, table=True):
    """One item that may be billed. The counters are moved by allocations only: the application may not write them.

    ``content`` tells the same work under another name; ``billed_quantity`` is what stands billed of the quantity.
    """

    __tablename__ = "billables"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'held', 'withdrawn')", name="billables_state"),
        CheckConstraint("0 <= billed - credited AND billed - credited + closed <= approved", name="billables_balance"),
        CheckConstraint("amount >= 0 AND billed >= 0 AND credited >= 0 AND closed >= 0", name="billables_positive"),
        CheckConstraint("(state = 'held') = (hold_code <> '')", name="billables_hold_has_a_code"),
        Index("billables_reference", "reference", unique=True),
        Index("billables_open", "contract", "id", postgresql_where=text(IS_OPEN)),
        Index("billables_held", "entity", "hold_code", postgresql_where=text("state = 'held'")),
        Index("billables_content", "content", postgresql_where=text("content IS NOT NULL AND state <> 'withdrawn'")),
        Index(
            "billables_to_charge",
            "entity",
            "id",
            postgresql_where=text("charge_batch = '' AND state = 'open' AND kind IN ('time', 'expense')"),
        ),
        Index("billables_frozen", "frozen_by", postgresql_where=text("frozen_by <> ''")),
        Index("billables_charged", "charge_batch", postgresql_where=text("charge_batch <> ''")),
    )
    id: int = number()
    reference: str = words()
    kind: str = words()
    contract: str = words()
    line: str = words()
    entity: str = words()
    customer: str = words()
    currency: str = words()
    service_from: date | None = day()
    service_until: date | None = day()
    quantity: Decimal = sum_of_moves()
    unit: str = words()
    rate: Decimal | None = exact()
    rate_version: str = words()
    amount: Decimal = sum_of_moves()
    description: str = words()
    workstream: str = words()
    purchase_order: str = words()
    tax_code: str = words()
    practice: str = words()
    region: str = words()
    revenue_treatment: str = words()
    cost_center: str = words()
    person: str = words()
    role: str = words()
    task: str = words()
    phase: str = words()
    approved_by: str = words()
    note: str = words()
    source: str = words()
    source_version: str = words()
    evidence: dict[str, str] = pairs()
    content: int | None = whole(optional=True)
    state: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'open'")))
    hold_code: str = words()
    hold_note: str = words()
    is_cleared: bool = flag()
    frozen_by: str = words()
    charge_batch: str = words()
    charge_id: str = words()
    approved: Decimal = sum_of_moves()
    billed: Decimal = sum_of_moves()
    credited: Decimal = sum_of_moves()
    closed: Decimal = sum_of_moves()
    billed_quantity: Decimal = sum_of_moves()
    closed_quantity: Decimal = sum_of_moves()
    recorded_at: datetime = moment(now=True)
    changed_at: datetime = moment(now=True)


class AllocationRow(SQLModel, table=True):
    """A part of an item on a document's line. A credit, and whatever is taken back, names the allocation it takes from.

    Without foreign keys on purpose: the trigger that moves the counters refuses a row whose item does not exist, for a whole
    statement at once, where a key would ask for each row.
    """

    __tablename__ = "allocations"
    __table_args__ = (
        CheckConstraint("kind IN ('bill', 'credit', 'unbill', 'uncredit')", name="allocations_kind"),
        CheckConstraint("(kind = 'bill') = (takes_from IS NULL)", name="allocations_name_what_they_take"),
        CheckConstraint("amount > 0 AND quantity >= 0", name="allocations_positive"),
        CheckConstraint(
            "taken_back BETWEEN 0 AND amount AND taken_back_quantity BETWEEN 0 AND quantity",
            name="allocations_not_credited_twice",
        ),
        CheckConstraint(
            "disposition IN ('', 'reopened', 'written_off', 'price_adjustment') AND (kind = 'credit') = (disposition <> '')",
            name="allocations_disposition",
        ),
        Index("allocations_document", "document", "line"),
        Index("allocations_billable", "billable"),
        Index("allocations_takes_from", "takes_from", postgresql_where=text("takes_from IS NOT NULL")),
    )
    id: int = number()
    billable: int = whole()
    document: str = words()
    line: int = count()
    kind: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'bill'")))
    amount: Decimal = exact(optional=False)
    quantity: Decimal = sum_of_moves()
    takes_from: int | None = whole(optional=True)
    disposition: str = words()
    taken_back: Decimal = sum_of_moves()
    taken_back_quantity: Decimal = sum_of_moves()
    at: datetime = moment(now=True)


class FreezeRow(SQLModel, table=True):
    """An amendment holds the items of a contract, or of one line of it, and those that come meanwhile."""

    __tablename__ = "billing_freezes"
    __table_args__ = (Index("billing_freezes_contract", "contract", postgresql_where=text("lifted_at IS NULL")),)
    key: str = words(key=True)
    contract: str = words(key=True)
    line: str = words(key=True)
    since: datetime = moment(now=True)
    lifted_at: datetime | None = moment()


class BillingDocumentRow(SQLModel, table=True):
    """An invoice or credit memo as we request it, and what the ERP says of it: number, journal, what is open."""

    __tablename__ = "billing_documents"
    __table_args__ = (
        CheckConstraint("kind IN ('invoice', 'credit_memo')", name="billing_documents_kind"),
        CheckConstraint(
            "state IN ('proposed', 'held', 'released', 'drafted', 'posted', 'partly_paid', 'paid', 'credited', 'withdrawn')",
            name="billing_documents_state",
        ),
        CheckConstraint("total = net + tax", name="billing_documents_total"),
        CheckConstraint("(kind = 'credit_memo') = (invoice <> '')", name="billing_documents_credit_what"),
        Index("billing_documents_run", "run", postgresql_where=text("run <> ''")),
        Index("billing_documents_contract", "contract"),
        Index("billing_documents_invoice", "invoice", postgresql_where=text("invoice <> ''")),
        Index("billing_documents_number", "number", postgresql_where=text("number <> ''")),
        Index("billing_documents_target", "target_id", postgresql_where=text("target_id <> ''")),
        Index("billing_documents_customer", "customer", postgresql_where=text("open_amount <> 0")),
    )
    reference: str = words(key=True)
    kind: str = words()
    run: str = words()
    invoice: str = words()
    contract: str = words()
    entity: str = words()
    customer: str = words()
    currency: str = words()
    state: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'proposed'")))
    hold_code: str = words()
    purchase_order: str = words()
    document_date: date = day(optional=False)
    accounting_date: date = day(optional=False)
    due_date: date | None = day()
    net: Decimal = sum_of_moves()
    tax: Decimal = sum_of_moves()
    total: Decimal = sum_of_moves()
    exemption_certificate: str = words()
    exchange_rate: Decimal | None = exact()
    exchange_rate_source: str = words()
    exchange_rate_at: datetime | None = moment()
    is_prior_period: bool = flag()
    memo: str = words()
    system: str = words()
    target_id: str = words()
    number: str = words()
    url: str = words()
    target_version: str = words()
    posted_on: date | None = day()
    open_amount: Decimal = sum_of_moves()
    correlation: str = words()
    created_at: datetime = moment(now=True)
    changed_at: datetime = moment(now=True)
    posted_at: datetime | None = moment()


class BillingLineRow(SQLModel, table=True):
    """A line of a document; what stands behind a charge are its allocations."""

    __tablename__ = "billing_document_lines"
    __table_args__ = (ForeignKeyConstraint(["document"], ["billing_documents.reference"]),)
    document: str = words(key=True)
    number: int = whole(key=True)
    kind: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'charge'")))
    billing: str = words()
    line: str = words()
    description: str = words()
    quantity: Decimal = sum_of_moves()
    unit: str = words()
    rate: Decimal | None = exact()
    amount: Decimal = sum_of_moves()
    tax_code: str = words()
    tax: Decimal | None = exact()
    account: str = words()
    service_from: date | None = day()
    service_until: date | None = day()
    practice: str = words()
    region: str = words()
    revenue_treatment: str = words()
    cost_center: str = words()
    items: int = count()


class DisputeRow(SQLModel, table=True):
    """A part of a posted invoice that the customer contests: dunning skips it, exposure shows it."""

    __tablename__ = "disputes"
    __table_args__ = (
        CheckConstraint("amount > 0", name="disputes_positive"),
        Index("disputes_open", "document", postgresql_where=text("settled_at IS NULL")),
    )
    key: str = words(key=True)
    document: str = words()
    amount: Decimal = exact(optional=False)
    currency: str = words()
    reason: str = words()
    item: str = words()
    line: int | None = whole(optional=True)
    opened_by: str = words()
    opened_at: datetime = moment(now=True)
    settled_at: datetime | None = moment()
    settled_by: str = words()
    conceded: Decimal | None = exact()
    outcome: str = words()


class CreditProposalRow(SQLModel, table=True):
    """A credit that was asked for, come to its amounts: what waits for a second person, and what became of it."""

    __tablename__ = "credit_proposals"
    __table_args__ = (
        CheckConstraint("state IN ('proposed', 'approved', 'posted', 'rejected', 'withdrawn')", name="credit_proposals_state"),
        Index("credit_proposals_invoice", "invoice"),
        Index("credit_proposals_waiting", "contract", postgresql_where=text("state IN ('proposed', 'approved')")),
    )
    reference: str = words(key=True)
    invoice: str = words()
    contract: str = words()
    entity: str = words()
    customer: str = words()
    fingerprint: str = words()
    state: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'proposed'")))
    content: dict[str, Any] = pairs()
    proposed_by: str = words()
    decided_by: str = words()
    note: str = words()
    proposed_at: datetime = moment(now=True)
    changed_at: datetime = moment(now=True)
