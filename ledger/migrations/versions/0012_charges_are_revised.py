"""A charge that is posted follows its item when that is rated anew."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import context, op

from ledger.migrations import grants
from ledger.migrations.run import APP_ROLE

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "charge_revisions",
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("rate_version", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'asked'"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.CheckConstraint("state IN ('asked', 'settled')", name="charge_revisions_state"),
        sa.PrimaryKeyConstraint("item", "rate_version"),
    )
    op.create_index("charge_revisions_asked", "charge_revisions", ["system"], postgresql_where=sa.text("state = 'asked'"))
    for statement in grants.of_charge_revisions(context.config.attributes.get("app_role", APP_ROLE)):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("What was posted is not forgotten: to go back, restore a backup.")
