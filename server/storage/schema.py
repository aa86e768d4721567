"""Every table. A change here needs a migration in `migrations/versions`; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in and out, whatever the database keeps. Raises ValueError for a naive datetime."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What is stored."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: say which time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What is read."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = sa.JSON().with_variant(JSONB(), "postgresql")


def _interview() -> sa.Column[str]:
    return sa.Column("interview_id", sa.String(32), sa.ForeignKey("interviews.id"), nullable=False)


interviews = sa.Table(
    "interviews",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("flow_id", sa.String(100), nullable=False),
    sa.Column("flow_version", sa.Integer, nullable=False),
    sa.Column("language", sa.String(20), nullable=False),
    sa.Column("jurisdiction", sa.String(100), nullable=False),
    sa.Column("candidate_name", sa.String(200), nullable=False),
    sa.Column("candidate_email", sa.String(320), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False, index=True),
    sa.Column("completed_at", UtcDateTime),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("interview_id", sa.String(32), sa.ForeignKey("interviews.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("clock_ms", sa.BigInteger, nullable=False),
    sa.Column("type", sa.String(60), nullable=False),
    sa.Column("data", Json, nullable=False),
)

invitations = sa.Table(
    "invitations",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    _interview(),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("redeemed_at", UtcDateTime),
)

candidate_sessions = sa.Table(
    "candidate_sessions",
    metadata,
    sa.Column("cookie_hash", sa.String(64), primary_key=True),
    _interview(),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

hr_users = sa.Table(
    "hr_users",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("email", sa.String(320), nullable=False, unique=True),
    sa.Column("password_hash", sa.String(200), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

hr_sessions = sa.Table(
    "hr_sessions",
    metadata,
    sa.Column("cookie_hash", sa.String(64), primary_key=True),
    sa.Column("user_id", sa.String(32), sa.ForeignKey("hr_users.id"), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
)

sign_in_links = sa.Table(
    "sign_in_links",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    # The order of one interview's rows; ids are random.
    sa.Column("position", sa.Integer, nullable=False),
    _interview(),
    sa.Column("type", sa.String(60), nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", UtcDateTime, nullable=False),
    sa.Column("delivered_at", UtcDateTime),
    sa.Column("dead", sa.Boolean, nullable=False),
    sa.Column("last_error", sa.String(500)),
    sa.UniqueConstraint("interview_id", "position"),
)
sa.Index("ix_outbox_due", outbox.c.delivered_at, outbox.c.next_attempt_at)

ehr_inbox = sa.Table(
    "ehr_inbox",
    metadata,
    sa.Column("webhook_id", sa.String(200), primary_key=True),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("type", sa.String(60), nullable=False),
    sa.Column("body", Json, nullable=False),
)
