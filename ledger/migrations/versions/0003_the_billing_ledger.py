"""the billing ledger."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

from ledger.migrations import grants
from ledger.migrations.engine import run_file
from ledger.migrations.run import APP_ROLE

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    for table in (
        _billables,
        _allocations,
        _billing_freezes,
        _billing_documents,
        _billing_document_lines,
        _disputes,
        _sub_ledgers,
        _sub_ledger_moves,
        _rate_cards,
        _rates,
        _exchange_rates,
        _payments,
        _payment_applications,
        _journal_lines,
    ):
        table()
    for file in ("billing_items", "billing_sub_ledgers", "billing_claims", "billing_documents", "billing_mirrors"):
        run_file(op.get_bind(), file)
    for statement in grants.of_billing(context.config.attributes.get("app_role", APP_ROLE)):
        op.execute(statement)


def _billables() -> None:
    op.create_table(
        "billables",
        *_item_columns(),
        *_counter_columns(),
        sa.CheckConstraint("(state = 'held') = (hold_code <> '')", name="billables_hold_has_a_code"),
        sa.CheckConstraint("state IN ('open', 'held', 'withdrawn')", name="billables_state"),
        sa.CheckConstraint("0 <= billed - credited AND billed - credited + closed <= approved", name="billables_balance"),
        sa.CheckConstraint("amount >= 0 AND billed >= 0 AND credited >= 0 AND closed >= 0", name="billables_positive"),
        sa.PrimaryKeyConstraint("id"),
    )
    _billables_indexes()


def _item_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *_texts("reference", "kind", "contract", "line", "entity", "customer", "currency"),
        sa.Column("service_from", sa.Date(), nullable=True),
        sa.Column("service_until", sa.Date(), nullable=True),
        _sum("quantity"),
        _text("unit"),
        sa.Column("rate", sa.Numeric(), nullable=True),
        _text("rate_version"),
        _sum("amount"),
        *_texts("description", "workstream", "purchase_order", "tax_code", "practice", "region"),
        *_texts("revenue_treatment", "cost_center", "person", "role", "task", "phase", "approved_by", "note"),
    ]


def _counter_columns() -> list[sa.Column[Any]]:
    return [
        *_texts("source", "source_version"),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("content", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        *_texts("hold_code", "hold_note"),
        sa.Column("is_cleared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        *_texts("frozen_by", "charge_batch", "charge_id"),
        _sum("approved"),
        _sum("billed"),
        _sum("credited"),
        _sum("closed"),
        _sum("billed_quantity"),
        _sum("closed_quantity"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
    ]


def _billables_indexes() -> None:
    _index("billables_charged", "billables", ["charge_batch"], where="charge_batch <> ''")
    _index("billables_content", "billables", ["content"], where="content IS NOT NULL AND state <> 'withdrawn'")
    _index("billables_frozen", "billables", ["frozen_by"], where="frozen_by <> ''")
    _index("billables_held", "billables", ["entity", "hold_code"], where="state = 'held'")
    _index(
        "billables_open",
        "billables",
        ["contract", "id"],
        where="state = 'open' AND frozen_by = '' AND billed - credited + closed < approved",
    )
    _index("billables_reference", "billables", ["reference"], unique=True)
    _index(
        "billables_to_charge",
        "billables",
        ["entity", "id"],
        where="charge_batch = '' AND state = 'open' AND billed = credited AND kind IN ('time', 'expense')",
    )


def _allocations() -> None:
    op.create_table(
        "allocations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("billable", sa.BigInteger(), nullable=False),
        _text("document"),
        sa.Column("line", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("'bill'"), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        _sum("quantity"),
        sa.Column("takes_from", sa.BigInteger(), nullable=True),
        _text("disposition"),
        _sum("taken_back"),
        _sum("taken_back_quantity"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.CheckConstraint("(kind = 'bill') = (takes_from IS NULL)", name="allocations_name_what_they_take"),
        sa.CheckConstraint(
            "disposition IN ('', 'reopened', 'written_off', 'price_adjustment') AND (kind = 'credit') = (disposition <> '')",
            name="allocations_disposition",
        ),
        sa.CheckConstraint("kind IN ('bill', 'credit', 'unbill', 'uncredit')", name="allocations_kind"),
        sa.CheckConstraint("amount > 0 AND quantity >= 0", name="allocations_positive"),
        sa.CheckConstraint(
            "taken_back BETWEEN 0 AND amount AND taken_back_quantity BETWEEN 0 AND quantity",
            name="allocations_not_credited_twice",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("allocations_billable", "allocations", ["billable"])
    _index("allocations_document", "allocations", ["document", "line"])
    _index("allocations_takes_from", "allocations", ["takes_from"], where="takes_from IS NOT NULL")


def _billing_freezes() -> None:
    op.create_table(
        "billing_freezes",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", "contract", "line"),
    )
    _index("billing_freezes_contract", "billing_freezes", ["contract"], where="lifted_at IS NULL")


def _billing_documents() -> None:
    op.create_table(
        "billing_documents",
        sa.Column("reference", sa.Text(), nullable=False),
        *_texts("kind", "run", "invoice", "contract", "entity", "customer", "currency"),
        sa.Column("state", sa.Text(), server_default=sa.text("'proposed'"), nullable=False),
        *_texts("hold_code", "purchase_order"),
        sa.Column("document_date", sa.Date(), nullable=False),
        sa.Column("accounting_date", sa.Date(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=True),
        _sum("net"),
        _sum("tax"),
        _sum("total"),
        sa.Column("exchange_rate", sa.Numeric(), nullable=True),
        _text("exchange_rate_source"),
        sa.Column("exchange_rate_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_prior_period", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        *_texts("memo", "system", "target_id", "number", "url", "target_version"),
        sa.Column("posted_on", sa.Date(), nullable=True),
        _sum("open_amount"),
        _text("correlation"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'credit_memo') = (invoice <> '')", name="billing_documents_credit_what"),
        sa.CheckConstraint("kind IN ('invoice', 'credit_memo')", name="billing_documents_kind"),
        sa.CheckConstraint(
            "state IN ('proposed', 'held', 'released', 'drafted', 'posted', 'partly_paid', 'paid', 'credited', 'withdrawn')",
            name="billing_documents_state",
        ),
        sa.CheckConstraint("total = net + tax", name="billing_documents_total"),
        sa.PrimaryKeyConstraint("reference"),
    )
    _billing_documents_indexes()


def _billing_documents_indexes() -> None:
    _index("billing_documents_contract", "billing_documents", ["contract"])
    _index("billing_documents_customer", "billing_documents", ["customer"], where="open_amount <> 0")
    _index("billing_documents_invoice", "billing_documents", ["invoice"], where="invoice <> ''")
    _index("billing_documents_number", "billing_documents", ["number"], where="number <> ''")
    _index("billing_documents_run", "billing_documents", ["run"], where="run <> ''")
    _index("billing_documents_target", "billing_documents", ["target_id"], where="target_id <> ''")


def _billing_document_lines() -> None:
    op.create_table(
        "billing_document_lines",
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("'charge'"), nullable=False),
        *_texts("billing", "line", "description"),
        _sum("quantity"),
        _text("unit"),
        sa.Column("rate", sa.Numeric(), nullable=True),
        _sum("amount"),
        _text("tax_code"),
        sa.Column("tax", sa.Numeric(), nullable=True),
        _text("account"),
        sa.Column("service_from", sa.Date(), nullable=True),
        sa.Column("service_until", sa.Date(), nullable=True),
        *_texts("practice", "region", "revenue_treatment", "cost_center"),
        sa.Column("items", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["document"],
            ["billing_documents.reference"],
        ),
        sa.PrimaryKeyConstraint("document", "number"),
    )


def _disputes() -> None:
    op.create_table(
        "disputes",
        sa.Column("key", sa.Text(), nullable=False),
        _text("document"),
        sa.Column("amount", sa.Numeric(), nullable=False),
        *_texts("currency", "reason"),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        _text("outcome"),
        sa.CheckConstraint("amount > 0", name="disputes_positive"),
        sa.PrimaryKeyConstraint("key"),
    )
    _index("disputes_open", "disputes", ["document"], where="settled_at IS NULL")


def _sub_ledgers() -> None:
    op.create_table(
        "sub_ledgers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *_texts("kind", "contract", "name", "customer", "currency"),
        sa.Column("ceiling", sa.Numeric(), nullable=True),
        _sum("tolerance"),
        _sum("agreed"),
        _sum("threshold"),
        sa.Column("expires_on", sa.Date(), nullable=True),
        _sum("balance"),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.CheckConstraint("(kind = 'retainer') = (ceiling IS NULL)", name="sub_ledgers_ceiling"),
        sa.CheckConstraint("kind IN ('retainer', 'purchase_order', 'cap')", name="sub_ledgers_kind"),
        sa.CheckConstraint("balance >= 0", name="sub_ledgers_never_below_zero"),
        sa.CheckConstraint("ceiling IS NULL OR balance <= ceiling + tolerance", name="sub_ledgers_never_above_the_ceiling"),
        sa.CheckConstraint("tolerance >= 0 AND agreed >= 0 AND threshold >= 0", name="sub_ledgers_positive"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "contract", "name", name="sub_ledgers_name"),
    )


def _sub_ledger_moves() -> None:
    op.create_table(
        "sub_ledger_moves",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account", sa.BigInteger(), nullable=False),
        *_texts("key", "did"),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("balance_after", sa.Numeric(), nullable=False),
        _text("document"),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        _sum("taken_back"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.CheckConstraint("amount <> 0", name="sub_ledger_moves_move"),
        sa.CheckConstraint("taken_back BETWEEN 0 AND abs(amount)", name="sub_ledger_moves_not_reversed_twice"),
        sa.ForeignKeyConstraint(
            ["account"],
            ["sub_ledgers.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "key", name="sub_ledger_moves_key"),
    )
    _index("sub_ledger_moves_document", "sub_ledger_moves", ["document"], where="document <> ''")


def _rate_cards() -> None:
    op.create_table(
        "rate_cards",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("contract", "fingerprint"),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.PrimaryKeyConstraint("reference", "version"),
    )
    _index("rate_cards_contract", "rate_cards", ["contract"])


def _rates() -> None:
    op.create_table(
        "rates",
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("role", "person", "project", "line"),
        sa.Column("rate", sa.Numeric(), nullable=False),
        _text("currency"),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["card", "version"],
            ["rate_cards.reference", "rate_cards.version"],
        ),
        sa.PrimaryKeyConstraint("card", "version", "place"),
    )


def _exchange_rates() -> None:
    op.create_table(
        "exchange_rates",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("functional", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rate", sa.Numeric(), nullable=False),
        sa.CheckConstraint("rate > 0", name="exchange_rates_positive"),
        sa.PrimaryKeyConstraint("source", "currency", "functional", "at"),
    )


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        *_texts("source_version", "reference", "entity", "customer", "currency"),
        sa.Column("amount", sa.Numeric(), nullable=False),
        _sum("unapplied"),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'received'"), nullable=False),
        _text("memo"),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.PrimaryKeyConstraint("system", "source_id"),
    )
    _index("payments_customer", "payments", ["customer"])


def _payment_applications() -> None:
    op.create_table(
        "payment_applications",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("source_version", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("target_id", "number"),
        sa.Column("amount", sa.Numeric(), nullable=False),
        _sum("withheld"),
        _text("certificate"),
        sa.PrimaryKeyConstraint("system", "source_id", "source_version", "place"),
    )
    _index("payment_applications_target", "payment_applications", ["system", "target_id"])


def _journal_lines() -> None:
    op.create_table(
        "journal_lines",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("journal", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("number", "reference", "document", "entity"),
        sa.Column("posted_on", sa.Date(), nullable=False),
        *_texts("account", "currency"),
        _sum("debit"),
        _sum("credit"),
        *_texts("memo", "customer", "project", "practice", "region", "revenue_treatment", "cost_center"),
        sa.CheckConstraint("debit >= 0 AND credit >= 0 AND (debit > 0) <> (credit > 0)", name="journal_lines_one_side"),
        sa.PrimaryKeyConstraint("system", "journal", "place"),
    )
    _index("journal_lines_document", "journal_lines", ["document"], where="document <> ''")
    _index("journal_lines_reference", "journal_lines", ["reference"], where="reference <> ''")


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), server_default=sa.text("''"), nullable=False)


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [_text(name) for name in names]


def _sum(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Numeric(), server_default=sa.text("0"), nullable=False)


def _index(name: str, table: str, columns: list[str], *, unique: bool = False, where: str | None = None) -> None:
    op.create_index(name, table, columns, unique=unique, postgresql_where=sa.text(where) if where else None)


def downgrade() -> None:
    raise NotImplementedError("Billed work is not forgotten: to go back, restore a backup.")
