"""What a limit has room for does not depend on the order in which items came."""

from collections.abc import Sequence

from alembic import op

from ledger.migrations.engine import run_file

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    run_file(op.get_bind(), "billing_cuts")


def downgrade() -> None:
    raise NotImplementedError("Billed work is not forgotten: to go back, restore a backup.")
