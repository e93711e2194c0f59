"""what is billed and not approved any more is held, so that no credit makes it billable again."""

from collections.abc import Sequence

from alembic import op

from ledger.migrations.engine import run_file

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    run_file(op.get_bind(), "billing_taken_back")


def downgrade() -> None:
    raise NotImplementedError("What was held stays held: to go back, restore a backup.")
