"""The tables of HR's records: applications and their log, rules, what was asked of other systems, who is connected."""

from __future__ import annotations

import sqlalchemy as sa

from server.storage.schema import Json, UtcDateTime, metadata

candidate_identities = sa.Table(
    "candidate_identities",
    metadata,
    # "email" in lower case, "phone" as E.164; "email_said" and "phone_said": what only somebody else says of them.
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("value", sa.String(320), primary_key=True),
    sa.Column("candidate_id", sa.String(32), sa.ForeignKey("candidates.id"), nullable=False, index=True),
)

remote_ids = sa.Table(
    "remote_ids",
    metadata,
    # A connection's id, or the system an API key stands for.
    sa.Column("system", sa.String(60), primary_key=True),
    # "candidate", "job", "competency_model", "application", "interview", "follow_up"; "brought": by whom a candidate
    # came here first, under our own id.
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("remote_id", sa.String(200), primary_key=True),
    sa.Column("local_id", sa.String(32), nullable=False, index=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

resumes = sa.Table(
    "resumes",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("candidate_id", sa.String(32), sa.ForeignKey("candidates.id"), nullable=False, index=True),
    sa.Column("file_name", sa.String(200), nullable=False),
    sa.Column("media_type", sa.String(100), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    # What was found, each with where; None: not read yet.
    sa.Column("parsed", Json),
    # An error's code when it could not be read.
    sa.Column("failed", sa.String(60)),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

competency_models = sa.Table(
    "competency_models",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("job_id", sa.String(32), sa.ForeignKey("jobs.id"), index=True),
    sa.Column("body", Json, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

generated_flows = sa.Table(
    "generated_flows",
    metadata,
    # The model's id and version: each version has a flow of its own, so that an interview keeps what it began with.
    sa.Column("id", sa.String(100), primary_key=True),
    sa.Column("model_id", sa.String(32), nullable=False),
    sa.Column("model_version", sa.Integer, nullable=False),
    # The flow's plain values, as a flow's file has them.
    sa.Column("body", Json, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

applications = sa.Table(
    "applications",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("candidate_id", sa.String(32), sa.ForeignKey("candidates.id"), nullable=False, index=True),
    sa.Column("job_id", sa.String(32), sa.ForeignKey("jobs.id"), nullable=False, index=True),
    # Where it came from: a connection's id, an API key's system, or "console".
    sa.Column("source", sa.String(60), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False, index=True),
    # What lists show; the log is the truth, and both are written in one transaction.
    sa.Column("step", sa.String(30), nullable=False, index=True),
    sa.Column("step_since", UtcDateTime, nullable=False),
    # "hired", "rejected" or "withdrawn"; None: it is open.
    sa.Column("outcome", sa.String(20), index=True),
    sa.Column("total", sa.Float),
    # Why it waits for a person: "no_connection", "follow_up_failed" and so on; None: it does not.
    sa.Column("stuck", sa.String(60), index=True),
)
# One open application of a candidate for a job; a new one may be opened once the former is closed.
_OPEN = applications.c.outcome.is_(None)
sa.Index(
    "uq_applications_open",
    applications.c.candidate_id,
    applications.c.job_id,
    unique=True,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)

application_events = sa.Table(
    "application_events",
    metadata,
    sa.Column("application_id", sa.String(32), sa.ForeignKey("applications.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("type", sa.String(60), nullable=False),
    sa.Column("data", Json, nullable=False),
)

rules = sa.Table(
    "rules",
    metadata,
    sa.Column("id", sa.String(60), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    # {"name", "when", "then"}, as server/records/rules.py has it.
    sa.Column("body", Json, nullable=False),
    # Only the last version counts, and only while it is switched on.
    sa.Column("is_on", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    # An account's id; empty: it came with the server.
    sa.Column("created_by", sa.String(32), nullable=False),
)

firings = sa.Table(
    "firings",
    metadata,
    sa.Column("rule_id", sa.String(60), primary_key=True),
    sa.Column("rule_version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("application_id", sa.String(32), sa.ForeignKey("applications.id"), primary_key=True, index=True),
    sa.Column("step", sa.String(30), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    # What the rule looked at: {"total": 8.1, "at_least": 7.5}.
    sa.Column("reason", Json, nullable=False),
)

follow_ups = sa.Table(
    "follow_ups",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("application_id", sa.String(32), sa.ForeignKey("applications.id"), nullable=False, index=True),
    # "assessment", "background_check", "department_rating" or "training".
    sa.Column("kind", sa.String(30), nullable=False),
    # Of `connections`; None: people of this console do it.
    sa.Column("connection_id", sa.String(32)),
    # "ordered", "sent", "completed", "failed" or "cancelled".
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
)

connections = sa.Table(
    "connections",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    # A connector's: "standard_webhooks", "odoo", "email" and so on.
    sa.Column("kind", sa.String(30), nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    # As the connector's own settings model has it, without what is secret.
    sa.Column("settings", Json, nullable=False),
    # Sealed with the server's key.
    sa.Column("secrets", sa.LargeBinary),
    # Message types it is sent.
    sa.Column("subscriptions", Json, nullable=False),
    sa.Column("is_on", sa.Boolean, nullable=False),
    # Why it was switched off by itself: "gone" (HTTP 410).
    sa.Column("off_because", sa.String(60)),
    sa.Column("created_at", UtcDateTime, nullable=False),
    # What a polling connector has seen so far, in its own words.
    sa.Column("seen", Json),
    sa.Column("polled_at", UtcDateTime),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("outbox_id", sa.String(64), nullable=False, index=True),
    sa.Column("destination", sa.String(32), nullable=False, index=True),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
    sa.Column("duration_ms", sa.Integer, nullable=False),
    # HTTP status; None: no answer came, or the connector speaks something else.
    sa.Column("status", sa.Integer),
    # Empty: delivered.
    sa.Column("error", sa.String(500), nullable=False),
)

inbox = sa.Table(
    "inbox",
    metadata,
    # A connection's id, or "interviews" for what our own interviews tell.
    sa.Column("source", sa.String(60), primary_key=True),
    sa.Column("event_id", sa.String(200), primary_key=True),
    sa.Column("type", sa.String(60), nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False, index=True),
    # As in the outbox.
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("lost", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_attempt_at", UtcDateTime, nullable=False),
    sa.Column("set_at", UtcDateTime),
    # Also of what a person has set aside: dead as well then.
    sa.Column("processed_at", UtcDateTime),
    sa.Column("dead", sa.Boolean, nullable=False),
    sa.Column("last_error", sa.String(500)),
)
sa.Index("ix_inbox_due", inbox.c.processed_at, inbox.c.next_attempt_at)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("key_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.String(100), nullable=False),
    # The system whose ids it speaks of; the same for all keys of that system.
    sa.Column("system", sa.String(60), nullable=False),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", sa.String(32), nullable=False),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
    # To the minute.
    sa.Column("last_used_at", UtcDateTime),
)

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("api_key_id", sa.String(32), sa.ForeignKey("api_keys.id"), primary_key=True),
    sa.Column("idempotency_key", sa.String(200), primary_key=True),
    # Of method, path and body: another request under the same key is refused.
    sa.Column("request_hash", sa.String(64), nullable=False),
    # None: the first request is still under way, or died.
    sa.Column("status", sa.Integer),
    sa.Column("body", Json),
    sa.Column("created_at", UtcDateTime, nullable=False, index=True),
)

appointments = sa.Table(
    "appointments",
    metadata,
    sa.Column("interview_id", sa.String(32), sa.ForeignKey("interviews.id"), primary_key=True),
    # The calendar entry's UID, the same for ever.
    sa.Column("uid", sa.String(100), nullable=False),
    # Rises with every change.
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("starts_at", UtcDateTime, nullable=False),
    sa.Column("ends_at", UtcDateTime, nullable=False),
    # An IANA name, such as Asia/Shanghai.
    sa.Column("time_zone", sa.String(60), nullable=False),
    sa.Column("cancelled_at", UtcDateTime),
)

reminders = sa.Table(
    "reminders",
    metadata,
    sa.Column("interview_id", sa.String(32), sa.ForeignKey("interviews.id"), primary_key=True),
    # "day_before", "hour_before", "unused" or "expired".
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("due_at", UtcDateTime, nullable=False, index=True),
    # None: not yet; the letter is in the outbox from then on.
    sa.Column("sent_at", UtcDateTime),
)
