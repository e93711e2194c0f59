"""a credited funding leaves the retainer, and what funds it is no work that it paid for."""

from collections.abc import Sequence

from alembic import context, op

from ledger.migrations import grants
from ledger.migrations.engine import run_file
from ledger.migrations.run import APP_ROLE

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    run_file(op.get_bind(), "billing_unfunding")
    for statement in grants.of_unfunding(context.config.attributes.get("app_role", APP_ROLE)):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("What credits took out of retainers stays taken: to go back, restore a backup.")
