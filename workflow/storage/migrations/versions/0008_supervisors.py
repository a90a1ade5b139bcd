"""What the supervisor's pages are read by: what is due next, what was refused of late."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


_OPEN = ("state", "due_at", "next_call_at", "marks", "claimer", "unit", "handled_by", "ended_at")
"""With `ended_at` SQLite counts from the index alone, which it does not see from the condition."""


def upgrade() -> None:
    op.drop_index("complaints_open", "complaints")
    _index("complaints_open", "complaints", _OPEN, "ended_at IS NULL")
    _index("complaints_due", "complaints", ("due_at", "id"), "ended_at IS NULL")
    _index("outbox_failed", "outbox", ("id",), "status = 'failed'")
    op.create_index("refused_received", "refused", ["received_at"], unique=False)
    op.create_index("conflicts_received", "conflicts", ["received_at"], unique=False)


def _index(name: str, table: str, columns: tuple[str, ...], where: str) -> None:
    kept = sa.text(where)
    op.create_index(name, table, columns, unique=False, sqlite_where=kept, postgresql_where=kept)
