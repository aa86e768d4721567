"""HR's records: applications, rules, follow-ups, connections, the inbox; the outbox knows where each message goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _records()
    op.add_column("candidates", sa.Column("phone", sa.String(length=20), nullable=True))
    op.add_column("candidates", sa.Column("time_zone", sa.String(length=60), nullable=True))
    op.add_column("candidates", sa.Column("availability", JSON, nullable=True))
    op.add_column("candidates", sa.Column("merged_into", sa.String(length=32), nullable=True))
    op.create_index("ix_candidates_merged_into", "candidates", ["merged_into"], unique=False)
    op.add_column("interviews", sa.Column("application_id", sa.String(length=32), nullable=True))
    op.add_column("interviews", sa.Column("round", sa.Integer(), server_default="1", nullable=False))
    op.create_index("ix_interviews_application_id", "interviews", ["application_id"], unique=False)
    op.execute(
        "INSERT INTO candidate_identities (kind, value, candidate_id)"
        " SELECT 'email', email, id FROM candidates WHERE email IS NOT NULL"
    )
    with op.batch_alter_table("outbox") as batch:
        batch.add_column(sa.Column("destination", sa.String(length=32), server_default="builtin", nullable=False))
        batch.add_column(sa.Column("stream", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("application_id", sa.String(length=32), nullable=True))
    op.execute("UPDATE outbox SET stream = interview_id")
    with op.batch_alter_table("outbox") as batch:
        batch.alter_column("stream", existing_type=sa.String(length=64), nullable=False)
        batch.alter_column("interview_id", existing_type=sa.String(length=32), nullable=True)
        batch.drop_constraint("uq_outbox_interview_id", type_="unique")
        batch.create_unique_constraint("uq_outbox_destination", ["destination", "stream", "position"])


def _records() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("system", sa.String(length=60), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.Column("last_used_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("key_hash", name="uq_api_keys_key_hash"),
    )
    op.create_table(
        "connections",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=True),
        sa.Column("subscriptions", JSON, nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("off_because", sa.String(length=60), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("seen", JSON, nullable=True),
        sa.Column("polled_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_connections"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outbox_id", sa.String(length=64), nullable=False),
        sa.Column("destination", sa.String(length=32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_at", "deliveries", ["at"], unique=False)
    op.create_index("ix_deliveries_destination", "deliveries", ["destination"], unique=False)
    op.create_index("ix_deliveries_outbox_id", "deliveries", ["outbox_id"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", TIME, nullable=False),
        sa.Column("processed_at", TIME, nullable=True),
        sa.Column("dead", sa.Boolean(), nullable=False),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("source", "event_id", name="pk_inbox"),
    )
    op.create_index("ix_inbox_due", "inbox", ["processed_at", "next_attempt_at"], unique=False)
    op.create_index("ix_inbox_received_at", "inbox", ["received_at"], unique=False)
    op.create_table(
        "remote_ids",
        sa.Column("system", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("remote_id", sa.String(length=200), nullable=False),
        sa.Column("local_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("system", "kind", "remote_id", name="pk_remote_ids"),
    )
    op.create_index("ix_remote_ids_local_id", "remote_ids", ["local_id"], unique=False)
    op.create_table(
        "rules",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name="pk_rules"),
    )
    op.create_table(
        "applications",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("candidate_id", sa.String(length=32), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("step", sa.String(length=30), nullable=False),
        sa.Column("step_since", TIME, nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("total", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidates.id"], name="fk_applications_candidate_id"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_applications_job_id"),
        sa.PrimaryKeyConstraint("id", name="pk_applications"),
    )
    op.create_index("ix_applications_candidate_id", "applications", ["candidate_id"], unique=False)
    op.create_index("ix_applications_created_at", "applications", ["created_at"], unique=False)
    op.create_index("ix_applications_job_id", "applications", ["job_id"], unique=False)
    op.create_index("ix_applications_outcome", "applications", ["outcome"], unique=False)
    op.create_index("ix_applications_step", "applications", ["step"], unique=False)
    op.create_index(
        "uq_applications_open",
        "applications",
        ["candidate_id", "job_id"],
        unique=True,
        sqlite_where=sa.text("outcome IS NULL"),
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_table(
        "appointments",
        sa.Column("interview_id", sa.String(length=32), nullable=False),
        sa.Column("uid", sa.String(length=100), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("cancelled_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["interview_id"], ["interviews.id"], name="fk_appointments_interview_id"),
        sa.PrimaryKeyConstraint("interview_id", name="pk_appointments"),
    )
    op.create_table(
        "candidate_identities",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=320), nullable=False),
        sa.Column("candidate_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidates.id"], name="fk_candidate_identities_candidate_id"),
        sa.PrimaryKeyConstraint("kind", "value", name="pk_candidate_identities"),
    )
    op.create_index("ix_candidate_identities_candidate_id", "candidate_identities", ["candidate_id"], unique=False)
    op.create_table(
        "competency_models",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=True),
        sa.Column("body", JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_competency_models_job_id"),
        sa.PrimaryKeyConstraint("id", "version", name="pk_competency_models"),
    )
    op.create_index("ix_competency_models_job_id", "competency_models", ["job_id"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("api_key_id", sa.String(length=32), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", JSON, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_keys.id"], name="fk_idempotency_keys_api_key_id"),
        sa.PrimaryKeyConstraint("api_key_id", "idempotency_key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "reminders",
        sa.Column("interview_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("sent_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["interview_id"], ["interviews.id"], name="fk_reminders_interview_id"),
        sa.PrimaryKeyConstraint("interview_id", "kind", name="pk_reminders"),
    )
    op.create_index("ix_reminders_due_at", "reminders", ["due_at"], unique=False)
    op.create_table(
        "resumes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("candidate_id", sa.String(length=32), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("parsed", JSON, nullable=True),
        sa.Column("failed", sa.String(length=60), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidates.id"], name="fk_resumes_candidate_id"),
        sa.PrimaryKeyConstraint("id", name="pk_resumes"),
    )
    op.create_index("ix_resumes_candidate_id", "resumes", ["candidate_id"], unique=False)
    op.create_table(
        "application_events",
        sa.Column("application_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_application_events_application_id"),
        sa.PrimaryKeyConstraint("application_id", "seq", name="pk_application_events"),
    )
    op.create_table(
        "firings",
        sa.Column("rule_id", sa.String(length=60), nullable=False),
        sa.Column("rule_version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("application_id", sa.String(length=32), nullable=False),
        sa.Column("step", sa.String(length=30), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("reason", JSON, nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_firings_application_id"),
        sa.PrimaryKeyConstraint("rule_id", "rule_version", "application_id", "step", name="pk_firings"),
    )
    op.create_index("ix_firings_application_id", "firings", ["application_id"], unique=False)
    op.create_table(
        "follow_ups",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("application_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("connection_id", sa.String(length=32), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_follow_ups_application_id"),
        sa.PrimaryKeyConstraint("id", name="pk_follow_ups"),
    )
    op.create_index("ix_follow_ups_application_id", "follow_ups", ["application_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
