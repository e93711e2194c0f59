"""a retainer keeps paying for what still stands of its work, and a credit gives it the rest back."""

from collections.abc import Sequence

from alembic import op

from ledger.migrations.engine import run_file

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    run_file(op.get_bind(), "billing_restoring")


def downgrade() -> None:
    raise NotImplementedError("What credits gave back to retainers stays given back: to go back, restore a backup.")
