"""Applications that wait for a person say why, so that a list can show them without reading every log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("applications", sa.Column("stuck", sa.String(length=60), nullable=True))
    op.create_index("ix_applications_stuck", "applications", ["stuck"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
