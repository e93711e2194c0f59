"""meters say what was used."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import context, op

from ledger.migrations import grants
from ledger.migrations.run import APP_ROLE

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    empty = sa.text("''")
    op.create_table(
        "meter_readings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.Text(), server_default=empty, nullable=False),
        sa.Column("reading", sa.Text(), server_default=empty, nullable=False),
        sa.Column("version", sa.Text(), server_default=empty, nullable=False),
        sa.Column("contract", sa.Text(), server_default=empty, nullable=False),
        sa.Column("line", sa.Text(), server_default=empty, nullable=False),
        sa.Column("used_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.CheckConstraint("quantity >= 0", name="meter_readings_never_below_zero"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "reading", "version", name="meter_readings_name"),
    )
    op.create_index("meter_readings_contract", "meter_readings", ["contract", "line", "used_on"])
    for statement in grants.of_meters(context.config.attributes.get("app_role", APP_ROLE)):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("What was read is not forgotten: to go back, restore a backup.")
