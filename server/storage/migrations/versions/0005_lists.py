"""What HR's lists search and sort by; a candidate for each interview that was made before there were any."""

from __future__ import annotations

import unicodedata
import uuid

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"


def upgrade() -> None:
    for table in ("interviews", "candidates", "jobs"):
        op.add_column(table, sa.Column("search_key", sa.String(length=600), nullable=False, server_default=""))
    op.create_index("ix_interviews_search_key", "interviews", ["search_key"], unique=False)
    op.create_index("ix_candidates_search_key", "candidates", ["search_key"], unique=False)
    op.create_index("ix_interviews_flow_id", "interviews", ["flow_id"], unique=False)
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    interviews, candidates = (
        sa.table(table, *(sa.column(name) for name in names.split()))
        for table, names in (
            ("interviews", "id candidate_name candidate_email language created_at candidate_id search_key"),
            ("candidates", "id name email language created_at search_key"),
        )
    )
    known: dict[str, str] = {}
    for row in connection.execute(sa.select(interviews).order_by(interviews.c.created_at)).all():
        email = row.candidate_email.lower()
        key = search_key(row.candidate_name, email)
        candidate_id = known.get(email) if email else None
        if candidate_id is None:
            candidate_id = uuid.uuid4().hex
            values = {"id": candidate_id, "name": row.candidate_name, "email": email or None, "search_key": key}
            values |= {"language": row.language, "created_at": row.created_at}
            connection.execute(candidates.insert().values(**values))
            known |= {email: candidate_id} if email else {}
        changed = interviews.update().where(interviews.c.id == row.id)
        connection.execute(changed.values(candidate_id=candidate_id, search_key=key))


def search_key(*texts: str) -> str:
    """As of this revision."""
    plain = [unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()) for text in texts]
    return "\n".join(" ".join(text.split()) for text in plain)[:600]


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
