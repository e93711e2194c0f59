"""reconciliation: runs, sides, buckets and findings."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from ledger.migrations import grants
from ledger.migrations.run import APP_ROLE

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    for table in (_runs, _sides, _buckets, _items, _findings, _states, _healings, _positions):
        table()
    for statement in grants.of_reconciliation(context.config.attributes.get("app_role", APP_ROLE)):
        op.execute(statement)


def _runs() -> None:
    op.create_table(
        "reconciliation_runs",
        _id(),
        *_texts("key", "entity"),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("through", sa.Date(), nullable=False),
        _now("as_of"),
        _flag("is_report_only", "false"),
        _text("workflow"),
        _now("started_at"),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key", name="reconciliation_runs_key"),
    )
    op.create_index("reconciliation_runs_entity", "reconciliation_runs", ["entity", "id"])


def _sides() -> None:
    op.create_table(
        "reconciliation_sides",
        sa.Column("run", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("comparison", sa.Text(), nullable=False),
        *_texts("left_system", "right_system"),
        *_counts("left_count", "right_count"),
        _text("not_compared"),
        sa.PrimaryKeyConstraint("run", "comparison"),
    )


def _buckets() -> None:
    op.create_table(
        "reconciliation_buckets",
        _id(),
        sa.Column("run", sa.BigInteger(), nullable=False),
        _text("comparison"),
        sa.Column("day", sa.Date(), nullable=True),
        *_texts("kind", "currency"),
        *_counts("left_count"),
        _sum("left_sum"),
        *_counts("right_count"),
        _sum("right_sum"),
        _flag("is_equal", "false"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("reconciliation_buckets_run", "reconciliation_buckets", ["run", "comparison"])


def _items() -> None:
    op.create_table(
        "reconciliation_items",
        _id(),
        sa.Column("run", sa.BigInteger(), nullable=False),
        _text("comparison"),
        sa.Column("side", sa.Integer(), nullable=False),
        *_texts("key", "kind"),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("amount", sa.Numeric(), nullable=True),
        _text("currency"),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        _text("state"),
        _flag("counts", "true"),
        _flag("is_ours", "true"),
        *_texts("contract", "about", "version", "content", "held", "target"),
        sa.Column("roundings", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("side IN (1, 2)", name="reconciliation_items_side"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("reconciliation_items_key", "reconciliation_items", ["run", "comparison", "key"])


def _findings() -> None:
    op.create_table(
        "reconciliation_findings",
        _id(),
        *_texts("entity", "comparison", "key"),
        sa.Column("first_run", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("entity", "comparison", "key", name="reconciliation_findings_key"),
    )


def _states() -> None:
    op.create_table(
        "reconciliation_states",
        _id(),
        sa.Column("finding", sa.BigInteger(), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        *_texts("type", "state", "kind"),
        sa.Column("day", sa.Date(), nullable=True),
        _text("contract"),
        _sum("money"),
        *_texts("currency", "left_said", "right_said", "reason"),
        sa.Column("targets", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        _now("since"),
        _now("at"),
        sa.CheckConstraint("state IN ('open', 'closed')", name="reconciliation_states_state"),
        sa.CheckConstraint(
            "type IN ('MISSING', 'DUPLICATE', 'AMOUNT', 'ROUNDING', 'ORPHAN', 'LATE', 'STATUS', 'HELD')",
            name="reconciliation_states_type",
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("finding", "run", name="reconciliation_states_once_a_run"),
    )
    op.create_index("reconciliation_states_finding", "reconciliation_states", ["finding", "id"])
    op.create_index("reconciliation_states_run", "reconciliation_states", ["run"])


def _healings() -> None:
    op.create_table(
        "reconciliation_healings",
        _id(),
        sa.Column("finding", sa.BigInteger(), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        _text("did"),
        _now("at"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("finding", "run", name="reconciliation_healings_once_a_run"),
    )


def _positions() -> None:
    op.create_table(
        "reconciliation_positions",
        sa.Column("run", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        *[_sum(name) for name in ("agreed", "approved", "billed", "earned")],
        sa.PrimaryKeyConstraint("run", "contract", "currency"),
    )


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), server_default=sa.text("''"), nullable=False)


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [_text(name) for name in names]


def _sum(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Numeric(), server_default=sa.text("0"), nullable=False)


def _counts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False) for name in names]


def _flag(name: str, otherwise: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text(otherwise), nullable=False)


def _now(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False)


def downgrade() -> None:
    raise NotImplementedError("What was found is not forgotten: to go back, restore a backup.")
