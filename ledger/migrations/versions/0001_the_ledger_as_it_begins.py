"""the ledger as it begins."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

from ledger.migrations import grants
from ledger.migrations.engine import run_file
from ledger.migrations.run import APP_ROLE

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    _clock()
    run_file(op.get_bind(), "clock")  # what follows fills itself with business time
    for table in (
        _audit,
        _audit_anchors,
        _audit_heads,
        _cases,
        _counters,
        _cross_references,
        _dossiers,
        _effects,
        _engagements,
        _expectations,
        _facts,
        _inbox,
        _planned_revenue,
        _watermarks,
    ):
        table()
    for file in ("audit", "effects", "inbox", "facts", "cases"):
        run_file(op.get_bind(), file)
    op.execute("INSERT INTO clock (id) VALUES (1)")
    _grant(context.config.attributes.get("app_role", APP_ROLE))


def _grant(role: str) -> None:
    known = op.get_bind().execute(sa.text("SELECT FROM pg_roles WHERE rolname = :role"), {"role": role}).rowcount
    if not known:
        raise LookupError(
            f"To migrate you must first create the role that the application connects as: {role}; migrations create none."
        )
    for statement in grants.statements(role):
        op.execute(statement)


def _clock() -> None:
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shift", sa.Interval(), server_default=sa.text("'0'"), nullable=False),
        sa.Column("is_movable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("id = 1", name="clock_is_one_row"),
        sa.PrimaryKeyConstraint("id"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("action", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("system", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("source_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("target_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("key", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("outcome", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("correlation", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("actor", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("workflow", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("step", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("mapping_version", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("rate_version", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("previous_hash", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("hash", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("stream", "seq"),
    )
    op.create_index("audit_at", "audit", ["at"], unique=False)
    op.create_index("audit_key", "audit", ["key"], unique=False)


def _audit_anchors() -> None:
    op.create_table(
        "audit_anchors",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("heads", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("previous_hash", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("hash", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )


def _audit_heads() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("anchored_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("stream"),
    )
    op.create_index(
        "audit_heads_to_anchor", "audit_heads", ["stream"], unique=False, postgresql_where=sa.text("anchored_seq < seq")
    )


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("code", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("sentence", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("remedy", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("subject", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("can_override", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("money_amount", sa.Numeric(), nullable=True),
        sa.Column("money_currency", sa.Text(), nullable=True),
        sa.Column("engagement", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("customer", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("project", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("entity", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("correlation", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("control_point", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("workflow_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("step", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("owner_role", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalations", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("assignee", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("ticket", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("approved_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("adopt", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("approved_by = '' OR approved_by <> decided_by", name="cases_two_pairs_of_eyes"),
        sa.CheckConstraint("state IN ('open', 'proposed', 'settled', 'resolved')", name="cases_state"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("cases_due", "cases", ["due_at"], unique=False, postgresql_where=sa.text("state IN ('open', 'proposed')"))
    op.create_index("cases_engagement", "cases", ["engagement"], unique=False)
    op.create_index("cases_open_key", "cases", ["key"], unique=True, postgresql_where=sa.text("state IN ('open', 'proposed')"))


def _counters() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("name", "scope"),
    )


def _cross_references() -> None:
    op.create_table(
        "cross_references",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("system", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reference", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("target_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(
        "cross_references_ours",
        "cross_references",
        ["system", "kind", "reference"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_index("cross_references_reference", "cross_references", ["reference"], unique=False)
    op.create_index(
        "cross_references_theirs",
        "cross_references",
        ["system", "kind", "target_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )


def _dossiers() -> None:
    op.create_table(
        "dossiers",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reference", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint"),
    )
    op.create_index("dossiers_reference", "dossiers", ["kind", "reference"], unique=False)


def _effects() -> None:
    op.create_table(
        "effects",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("system", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reference", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reverses", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("request_hash", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("look_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("empty_looks", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failure", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("target_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("number", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("url", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("version", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("is_adopted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("correlation", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("engagement", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("actor", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("workflow", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("step", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("mapping_version", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("rate_version", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.CheckConstraint("state <> 'written' OR target_id <> ''", name="effects_written_somewhere"),
        sa.CheckConstraint(
            "state IN ('reserved', 'calling', 'unknown', 'written', 'refused', 'reversed', 'closed')", name="effects_state"
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("effects_engagement", "effects", ["engagement"], unique=False)
    op.create_index("effects_target", "effects", ["target_id"], unique=False, postgresql_where=sa.text("target_id <> ''"))
    op.create_index("effects_number", "effects", ["number"], unique=False, postgresql_where=sa.text("number <> ''"))
    op.create_index("effects_reverses", "effects", ["reverses"], unique=False, postgresql_where=sa.text("reverses <> ''"))
    op.create_index(
        "effects_unsettled",
        "effects",
        ["state", "updated_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('calling', 'unknown')"),
    )


def _engagements() -> None:
    op.create_table(
        "engagements",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("customer", sa.Text(), nullable=True),
        sa.Column("entity", sa.Text(), nullable=True),
        sa.Column("correlation", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("value_amount", sa.Numeric(), nullable=True),
        sa.Column("value_currency", sa.Text(), nullable=True),
        sa.Column("executed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("targets", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.PrimaryKeyConstraint("reference"),
    )
    op.create_index("engagements_customer", "engagements", ["customer"], unique=False)
    op.create_index("engagements_status", "engagements", ["status"], unique=False)


def _expectations() -> None:
    op.create_table(
        "expectations",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reference", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("engagement", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("entity", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("heal_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raise_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("money_amount", sa.Numeric(), nullable=True),
        sa.Column("money_currency", sa.Text(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("healed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(
        "expectations_to_heal",
        "expectations",
        ["heal_at"],
        unique=False,
        postgresql_where=sa.text("met_at IS NULL AND healed_at IS NULL"),
    )
    op.create_index(
        "expectations_to_raise",
        "expectations",
        ["raise_at"],
        unique=False,
        postgresql_where=sa.text("met_at IS NULL AND raised_at IS NULL"),
    )


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.PrimaryKeyConstraint("kind", "reference", "version"),
    )


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("event_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("contract", sa.Text(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("deliveries", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("claims", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("inbox_contract", "inbox", ["contract"], unique=False)
    op.create_index("inbox_delivery", "inbox", ["source", "event_id"], unique=True)
    op.create_index("inbox_parked", "inbox", ["concluded_at"], unique=False, postgresql_where=sa.text("outcome = 'parked'"))
    op.create_index("inbox_waiting", "inbox", ["number"], unique=False, postgresql_where=sa.text("outcome IS NULL"))


def _planned_revenue() -> None:
    op.create_table(
        "planned_revenue",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("treatment", sa.Text(), nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("reference", "version", "line", "treatment", "starts"),
    )


def _watermarks() -> None:
    op.create_table(
        "watermarks",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source"),
    )


def downgrade() -> None:
    raise NotImplementedError("The first step has no way back: to start over, drop the database.")
