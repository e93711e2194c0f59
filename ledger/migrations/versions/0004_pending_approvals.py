"""pending approvals."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import context, op

from ledger.migrations import grants
from ledger.migrations.run import APP_ROLE

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "pending_approvals",
        sa.Column("reference", sa.Text(), nullable=False),
        *(_text(name) for name in ("contract", "entity", "person")),
        sa.Column("service", sa.Date(), nullable=False),
        sa.Column("hours", sa.Numeric(), server_default=sa.text("0"), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=True),
        *(_text(name) for name in ("currency", "state")),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.PrimaryKeyConstraint("reference"),
    )
    op.create_index("pending_approvals_contract", "pending_approvals", ["contract"])
    for statement in grants.of_pending(context.config.attributes.get("app_role", APP_ROLE)):
        op.execute(statement)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=sa.text("''"), nullable=False)
