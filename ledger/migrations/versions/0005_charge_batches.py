"""posting batches of charges."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

from ledger.migrations import grants
from ledger.migrations.engine import run_file
from ledger.migrations.run import APP_ROLE

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TO_CHARGE = "charge_batch = '' AND state = 'open' AND kind IN ('time', 'expense')"


def upgrade() -> None:
    _charge_batches()
    _charge_reversals()
    # What was invoiced before it could be posted is still to be posted: charges say what was done, invoices what is owed.
    op.drop_index("billables_to_charge", "billables")
    op.create_index("billables_to_charge", "billables", ["entity", "id"], postgresql_where=sa.text(_TO_CHARGE))
    op.execute("DROP FUNCTION claim_charges(text, text, text, integer)")
    run_file(op.get_bind(), "charges")
    for statement in grants.of_charges(context.config.attributes.get("app_role", APP_ROLE)):
        op.execute(statement)


def _charge_batches() -> None:
    op.create_table(
        "charge_batches",
        sa.Column("reference", sa.Text(), nullable=False),
        *_texts("begins_with", "system"),
        sa.Column("state", sa.Text(), server_default=sa.text("'claimed'"), nullable=False),
        sa.Column("items", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _moment("claimed_at"),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('claimed', 'posted', 'refused')", name="charge_batches_state"),
        sa.PrimaryKeyConstraint("reference"),
    )
    op.create_index("charge_batches_begins_with", "charge_batches", ["begins_with"])
    op.create_index("charge_batches_unposted", "charge_batches", ["system"], postgresql_where=sa.text("state <> 'posted'"))


def _charge_reversals() -> None:
    op.create_table(
        "charge_reversals",
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        *_texts("system", "batch", "reason"),
        sa.Column("revised", postgresql.JSONB(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'asked'"), nullable=False),
        _moment("asked_at"),
        sa.CheckConstraint("state IN ('asked', 'reversed', 'settled')", name="charge_reversals_state"),
        sa.PrimaryKeyConstraint("item", "version"),
    )
    op.create_index("charge_reversals_asked", "charge_reversals", ["system"], postgresql_where=sa.text("state <> 'settled'"))


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), server_default=sa.text("''"), nullable=False) for name in names]


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False)


def downgrade() -> None:
    raise NotImplementedError("What was posted is not forgotten: to go back, restore a backup.")
