"""a payment that moves from one customer to another is looked at for both."""

from collections.abc import Sequence

from alembic import op

from ledger.migrations.engine import run_file

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    run_file(op.get_bind(), "billing_moved_payments")


def downgrade() -> None:
    raise NotImplementedError("Who was told of a payment that moved stays told: to go back, restore a backup.")
