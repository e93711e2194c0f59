"""an engagement says what of its value was left out for good."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("engagements", sa.Column("left_out_amount", sa.Numeric(), nullable=True))


def downgrade() -> None:
    op.drop_column("engagements", "left_out_amount")
