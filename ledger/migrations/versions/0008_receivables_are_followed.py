"""receivables are followed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

from ledger.migrations import grants
from ledger.migrations.engine import run_file
from ledger.migrations.run import APP_ROLE

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_NOW, _NOTHING = sa.text("business_now()"), sa.text("''")


def upgrade() -> None:
    op.add_column("payments", sa.Column("kind", sa.Text(), server_default=sa.text("'payment'"), nullable=False))
    op.add_column("payments", sa.Column("exchange_rate", sa.Numeric(), nullable=True))
    op.add_column("payments", sa.Column("first_seen_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False))
    for name in ("item", "opened_by", "settled_by"):
        op.add_column("disputes", sa.Column(name, sa.Text(), server_default=_NOTHING, nullable=False))
    op.add_column("disputes", sa.Column("line", sa.BigInteger(), nullable=True))
    op.add_column("disputes", sa.Column("conceded", sa.Numeric(), nullable=True))
    _follow_ups()
    _announcements()
    run_file(op.get_bind(), "billing_follow_ups")
    for statement in grants.of_following(context.config.attributes.get("app_role", APP_ROLE)):
        op.execute(statement)


def _follow_ups() -> None:
    op.create_table(
        "follow_ups",
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("changes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("followed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("look_again_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("customer"),
    )
    op.create_index("follow_ups_changed", "follow_ups", ["customer"], postgresql_where=sa.text("followed < changes"))
    op.create_index("follow_ups_look_again", "follow_ups", ["look_again_at"])


def _announcements() -> None:
    op.create_table(
        "announcements",
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("fingerprint", sa.Text(), server_default=_NOTHING, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("about", "number"),
    )


def downgrade() -> None:
    raise NotImplementedError("What was told is not forgotten: to go back, restore a backup.")
