"""People with roles, candidates, jobs, and what HR's lists show of an interview."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "candidates",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_candidates"),
        sa.UniqueConstraint("email", name="uq_candidates_email"),
    )
    op.create_index("ix_candidates_name", "candidates", ["name"], unique=False)
    op.create_index("ix_candidates_created_at", "candidates", ["created_at"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=100), nullable=False),
        sa.Column("flow_id", sa.String(length=100), nullable=True),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_created_at", "jobs", ["created_at"], unique=False)
    op.create_table(
        "assignments",
        sa.Column("interview_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("assigned_at", TIME, nullable=False),
        sa.Column("assigned_by", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["interview_id"], ["interviews.id"], name="fk_assignments_interview_id"),
        sa.ForeignKeyConstraint(["user_id"], ["hr_users.id"], name="fk_assignments_user_id"),
        sa.PrimaryKeyConstraint("interview_id", "user_id", name="pk_assignments"),
    )
    op.create_index("ix_assignments_user_id", "assignments", ["user_id"], unique=False)
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    for column in (
        sa.Column("candidate_id", sa.String(length=32), nullable=True),
        sa.Column("job_id", sa.String(length=32), nullable=True),
        sa.Column("is_trial", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("status", sa.String(length=20), nullable=False, server_default="invited"),
        sa.Column("total", sa.Float(), nullable=True),
        sa.Column("decision", sa.String(length=20), nullable=True),
    ):
        op.add_column("interviews", column)
    for name in ("candidate_id", "job_id", "status"):
        op.create_index(f"ix_interviews_{name}", "interviews", [name], unique=False)
    # Whether a running one rests or is paused stands in the row with its next event.
    op.execute("UPDATE interviews SET status = 'completed' WHERE completed_at IS NOT NULL")
    for status, event in (("ready", "ConsentRecorded"), ("running", "InterviewStarted")):
        having = f"SELECT interview_id FROM events WHERE type = '{event}'"
        op.execute(f"UPDATE interviews SET status = '{status}' WHERE completed_at IS NULL AND id IN ({having})")
    for table in ("hr_users", "sign_in_links"):
        op.add_column(table, sa.Column("name", sa.String(length=200), nullable=False, server_default=""))
        op.add_column(table, sa.Column("role", sa.String(length=20), nullable=False, server_default="admin"))
        op.add_column(table, sa.Column("department", sa.String(length=100), nullable=False, server_default=""))
    op.add_column("hr_users", sa.Column("oidc_issuer", sa.String(length=500), nullable=True))
    op.add_column("hr_users", sa.Column("oidc_subject", sa.String(length=255), nullable=True))
    op.add_column("hr_users", sa.Column("disabled_at", TIME, nullable=True))
    op.create_index("uq_hr_users_oidc", "hr_users", ["oidc_issuer", "oidc_subject"], unique=True)
    op.add_column("sign_in_links", sa.Column("email", sa.String(length=320), nullable=False, server_default=""))
    op.add_column("sign_in_links", sa.Column("user_id", sa.String(length=32), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade: SQLite cannot drop columns that are indexed")
