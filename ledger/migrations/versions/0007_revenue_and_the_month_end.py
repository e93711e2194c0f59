"""revenue and the month end."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

from ledger.migrations import grants
from ledger.migrations.engine import run_file
from ledger.migrations.run import APP_ROLE

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("planned_revenue", _text("kind"))
    for table in (_measures, _runs, _events, _journals, _closes):
        table()
    run_file(op.get_bind(), "revenue")
    for statement in grants.of_revenue(context.config.attributes.get("app_role", APP_ROLE)):
        op.execute(statement)


def _measures() -> None:
    op.create_table(
        "revenue_measures",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("contract", "line")),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("done", sa.Numeric(), nullable=False),
        sa.Column("expected", sa.Numeric(), nullable=False),
        *_texts("source", "note", "recorded_by"),
        _moment("recorded_at"),
        sa.CheckConstraint("done >= 0 AND expected > 0", name="revenue_measures_positive"),
        sa.PrimaryKeyConstraint("contract", "line", "as_of", "version"),
    )


def _runs() -> None:
    op.create_table(
        "revenue_runs",
        sa.Column("reference", sa.Text(), nullable=False),
        _text("entity"),
        *_days("starts", "ends"),
        _count("number"),
        sa.Column("state", sa.Text(), server_default=sa.text("'prepared'"), nullable=False),
        *_days("accounting_date"),
        _count("obligations"),
        _text("correlation"),
        _moment("prepared_at"),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('prepared', 'posted', 'reversed', 'withdrawn')", name="revenue_runs_state"),
        sa.PrimaryKeyConstraint("reference"),
    )
    op.create_index("revenue_runs_period", "revenue_runs", ["entity", "starts", "number"], unique=True)


def _events() -> None:
    op.create_table(
        "revenue_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *_texts("run", "contract", "line", "obligation", "treatment", "entity", "currency"),
        *_days("starts", "ends", "recognized_on"),
        _text("account"),
        *(_sum(name) for name in ("amount", "cumulative", "billed", "revenue", "asset", "liability")),
        *(sa.Column(name, sa.Numeric(), nullable=True) for name in ("done", "expected")),
        _text("reason"),
        _moment("at"),
        sa.CheckConstraint("asset = liability + revenue", name="revenue_events_balance"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("revenue_events_run", "revenue_events", ["run"])
    op.create_index("revenue_events_contract", "revenue_events", ["contract", "ends"])


def _journals() -> None:
    op.create_table(
        "closing_journals",
        sa.Column("reference", sa.Text(), nullable=False),
        *_texts("purpose", "run", "entity", "currency"),
        *_days("starts", "ends"),
        sa.Column("state", sa.Text(), server_default=sa.text("'proposed'"), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        _count("items"),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        *_texts("system", "target_id", "number", "decided_by"),
        _moment("proposed_at"),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("purpose IN ('revenue', 'accrual')", name="closing_journals_purpose"),
        sa.CheckConstraint("state IN ('proposed', 'approved', 'posted', 'reversed', 'withdrawn')", name="closing_journals_state"),
        sa.PrimaryKeyConstraint("reference"),
    )
    op.create_index("closing_journals_period", "closing_journals", ["entity", "starts"])
    op.create_index("closing_journals_run", "closing_journals", ["run"], postgresql_where=sa.text("run <> ''"))


def _closes() -> None:
    op.create_table(
        "period_closes",
        sa.Column("entity", sa.Text(), nullable=False),
        *_days("starts"),
        sa.Column("state", sa.Text(), server_default=sa.text("'started'"), nullable=False),
        _text("workflow_id"),
        _moment("started_at"),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('started', 'done')", name="period_closes_state"),
        sa.PrimaryKeyConstraint("entity", "starts"),
    )


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), server_default=sa.text("''"), nullable=False)


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [_text(name) for name in names]


def _days(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Date(), nullable=False) for name in names]


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)


def _sum(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Numeric(), server_default=sa.text("0"), nullable=False)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False)


def downgrade() -> None:
    raise NotImplementedError("Recognized revenue is not forgotten: to go back, restore a backup.")
