"""What is looked for in the outbox all the time is found without reading what was delivered long ago."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"


def upgrade() -> None:
    op.create_index("ix_outbox_created_at", "outbox", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_outbox_dead",
        "outbox",
        ["application_id"],
        unique=False,
        sqlite_where=sa.text("dead IS 1"),
        postgresql_where=sa.text("dead IS true"),
    )
    op.create_index(
        "ix_outbox_open",
        "outbox",
        ["destination", "next_attempt_at"],
        unique=False,
        sqlite_where=sa.text("delivered_at IS NULL AND dead IS 0"),
        postgresql_where=sa.text("delivered_at IS NULL AND dead IS false"),
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
