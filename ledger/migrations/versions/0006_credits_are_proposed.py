"""credits are proposed; one memo may credit several invoices; a run may bill to another customer."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

from ledger.migrations import grants
from ledger.migrations.engine import run_file
from ledger.migrations.run import APP_ROLE

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TEXTS = ("contract", "entity", "customer", "fingerprint", "proposed_by", "decided_by", "note")
_STATES = "state IN ('proposed', 'approved', 'posted', 'rejected', 'withdrawn')"


def upgrade() -> None:
    now = sa.text("business_now()")
    op.create_table(
        "credit_proposals",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("invoice", sa.Text(), server_default=sa.text("''"), nullable=False),
        *(sa.Column(name, sa.Text(), server_default=sa.text("''"), nullable=False) for name in _TEXTS),
        sa.Column("state", sa.Text(), server_default=sa.text("'proposed'"), nullable=False),
        sa.Column("content", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.CheckConstraint(_STATES, name="credit_proposals_state"),
        sa.PrimaryKeyConstraint("reference"),
    )
    op.create_index("credit_proposals_invoice", "credit_proposals", ["invoice"])
    waits = sa.text("state IN ('proposed', 'approved')")
    op.create_index("credit_proposals_waiting", "credit_proposals", ["contract"], postgresql_where=waits)
    run_file(op.get_bind(), "billing_credits")
    for statement in grants.of_credits(context.config.attributes.get("app_role", APP_ROLE)):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("Approved credits are not forgotten: to go back, restore a backup.")
