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
    sa.Column("flow_id", sa.String(100), nullable=False, index=True),
    sa.Column("flow_version", sa.Integer, nullable=False),
    sa.Column("language", sa.String(20), nullable=False),
    sa.Column("jurisdiction", sa.String(100), nullable=False),
    sa.Column("candidate_name", sa.String(200), nullable=False),
    sa.Column("candidate_email", sa.String(320), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False, index=True),
    sa.Column("completed_at", UtcDateTime),
    # Of `candidates` and `jobs`; SQLite cannot add a reference to a table that is there.
    sa.Column("candidate_id", sa.String(32), index=True),
    sa.Column("job_id", sa.String(32), index=True),
    # Tried out by HR: in no list and no total, and no report is sent.
    sa.Column("is_trial", sa.Boolean, nullable=False, server_default=sa.false()),
    # What lists show and sort by; the log is the truth, and the journal writes both in one transaction.
    sa.Column("status", sa.String(20), nullable=False, server_default="invited", index=True),
    sa.Column("total", sa.Float),
    sa.Column("decision", sa.String(20)),
    # Name and address as they are searched and sorted by.
    sa.Column("search_key", sa.String(600), nullable=False, server_default="", index=True),
    # Of `applications`; None: it belongs to none. round: which of the application's interviews it is, from 1.
    sa.Column("application_id", sa.String(32), index=True),
    sa.Column("round", sa.Integer, nullable=False, server_default="1"),
)

candidates = sa.Table(
    "candidates",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False, index=True),
    # In lower case; None: not known.
    sa.Column("email", sa.String(320), unique=True),
    sa.Column("language", sa.String(20), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False, index=True),
    sa.Column("search_key", sa.String(600), nullable=False, server_default="", index=True),
    # As E.164; None: not known.
    sa.Column("phone", sa.String(20)),
    # An IANA name; None: not known.
    sa.Column("time_zone", sa.String(60)),
    # [{"from", "to"}], aware; None: not stated.
    sa.Column("availability", Json),
    # The candidate that this one turned out to be; it is in no list then.
    sa.Column("merged_into", sa.String(32), index=True),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("department", sa.String(100), nullable=False),
    # The flow switched on for it; None: none is.
    sa.Column("flow_id", sa.String(100)),
    sa.Column("is_open", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False, index=True),
    sa.Column("search_key", sa.String(600), nullable=False, server_default=""),
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
    # Empty: no password opens it.
    sa.Column("password_hash", sa.String(200), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("name", sa.String(200), nullable=False, server_default=""),
    sa.Column("role", sa.String(20), nullable=False, server_default="admin"),
    sa.Column("department", sa.String(100), nullable=False, server_default=""),
    sa.Column("oidc_issuer", sa.String(500)),
    sa.Column("oidc_subject", sa.String(255)),
    sa.Column("disabled_at", UtcDateTime),
)
sa.Index("uq_hr_users_oidc", hr_users.c.oidc_issuer, hr_users.c.oidc_subject, unique=True)

assignments = sa.Table(
    "assignments",
    metadata,
    sa.Column("interview_id", sa.String(32), sa.ForeignKey("interviews.id"), primary_key=True),
    sa.Column("user_id", sa.String(32), sa.ForeignKey("hr_users.id"), primary_key=True, index=True),
    sa.Column("assigned_at", UtcDateTime, nullable=False),
    sa.Column("assigned_by", sa.String(32), nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    # SQLite counts up only in an INTEGER.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
    sa.Column("user_id", sa.String(32), nullable=False),
    sa.Column("action", sa.String(60), nullable=False),
    # The id of what it was done to.
    sa.Column("subject", sa.String(100), nullable=False),
    sa.Column("detail", Json, nullable=False),
)

hr_sessions = sa.Table(
    "hr_sessions",
    metadata,
    sa.Column("cookie_hash", sa.String(64), primary_key=True),
    sa.Column("user_id", sa.String(32), sa.ForeignKey("hr_users.id"), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    # To the minute. None: not since it began.
    sa.Column("last_seen_at", UtcDateTime),
)

sign_in_links = sa.Table(
    "sign_in_links",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
    # What the account gets; email: the only address it may have; user_id: it gives this account a new password instead.
    sa.Column("role", sa.String(20), nullable=False, server_default="admin"),
    sa.Column("name", sa.String(200), nullable=False, server_default=""),
    sa.Column("department", sa.String(100), nullable=False, server_default=""),
    sa.Column("email", sa.String(320), nullable=False, server_default=""),
    sa.Column("user_id", sa.String(32)),
)

# A sign-in at the company's own provider that has begun and is not over.
oidc_attempts = sa.Table(
    "oidc_attempts",
    metadata,
    sa.Column("state_hash", sa.String(64), primary_key=True),
    # Of the cookie of the browser in which it began.
    sa.Column("browser_hash", sa.String(64), nullable=False),
    sa.Column("nonce", sa.String(64), nullable=False),
    sa.Column("code_verifier", sa.String(128), nullable=False),
    # Where to go afterwards.
    sa.Column("behind", sa.String(500), nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False, index=True),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    # Where it goes: a connection's id, or "builtin".
    sa.Column("destination", sa.String(32), nullable=False, server_default="builtin"),
    # What keeps its order: an interview's id or an application's.
    sa.Column("stream", sa.String(64), nullable=False),
    # The order of one stream's rows on their way to one destination; ids are random.
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("interview_id", sa.String(32), sa.ForeignKey("interviews.id")),
    sa.Column("application_id", sa.String(32)),
    sa.Column("type", sa.String(60), nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    # Tries that came to an end.
    sa.Column("attempts", sa.Integer, nullable=False),
    # Claims in a row that came to none: their worker was killed.
    sa.Column("lost", sa.Integer, nullable=False, server_default="0"),
    # Claimed: until when.
    sa.Column("next_attempt_at", UtcDateTime, nullable=False),
    # When that was decided; None: as it was written. In the future: the clock was set back since.
    sa.Column("set_at", UtcDateTime),
    sa.Column("delivered_at", UtcDateTime),
    sa.Column("dead", sa.Boolean, nullable=False),
    sa.Column("last_error", sa.String(500)),
    sa.UniqueConstraint("destination", "stream", "position"),
)
sa.Index("ix_outbox_due", outbox.c.delivered_at, outbox.c.next_attempt_at)
sa.Index("ix_outbox_created_at", outbox.c.created_at, outbox.c.id)
# Of a hundred thousand messages few are open or dead, and their bodies are long.
_DEAD, _OPEN = outbox.c.dead.is_(True), sa.and_(outbox.c.delivered_at.is_(None), outbox.c.dead.is_(False))
sa.Index("ix_outbox_dead", outbox.c.application_id, sqlite_where=_DEAD, postgresql_where=_DEAD)
sa.Index("ix_outbox_open", outbox.c.destination, outbox.c.next_attempt_at, sqlite_where=_OPEN, postgresql_where=_OPEN)

ehr_inbox = sa.Table(
    "ehr_inbox",
    metadata,
    sa.Column("webhook_id", sa.String(200), primary_key=True),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("type", sa.String(60), nullable=False),
    sa.Column("body", Json, nullable=False),
)
