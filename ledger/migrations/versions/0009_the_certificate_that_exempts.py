"""The certificate that exempts a document from tax."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    certificate = sa.Column("exemption_certificate", sa.Text(), server_default=sa.text("''"), nullable=False)
    op.add_column("billing_documents", certificate)
