"""What the desks' lists are read by: assisting units, calls agreed, what else is open."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_OPEN = (
    *("state", "due_at", "id", "next_call_at", "marks", "claimer", "unit", "handled_by"),
    "ended_at",  # the condition itself: else SQLite reads each row to see it
)


def upgrade() -> None:
    op.add_column("complaints", sa.Column("assisting", sa.Text(), nullable=True))
    op.add_column("complaints", sa.Column("next_call_at", sa.BigInteger(), nullable=True))
    marks = sa.Column("marks", sa.Text(), server_default="", nullable=False)
    op.add_column("complaints", marks)
    op.drop_index("complaints_open", "complaints")
    _index("complaints_open", _OPEN, "ended_at IS NULL")
    _index("complaints_called", ("next_call_at",), "next_call_at IS NOT NULL")
    _index("complaints_assisted", ("assisting",), "assisting IS NOT NULL")
    op.create_index("complaints_of_unit", "complaints", ["unit", "ended_at"], unique=False)


def _index(name: str, columns: tuple[str, ...], where: str) -> None:
    kept = sa.text(where)
    op.create_index(
        name, "complaints", columns, unique=False, sqlite_where=kept, postgresql_where=kept
    )
