"""A killed worker's claim is told from a try that came to an end, and a clock that was set back is seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for table in ("outbox", "inbox"):
        op.add_column(table, sa.Column("lost", sa.Integer(), server_default="0", nullable=False))
        op.add_column(table, sa.Column("set_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
