"""Who was shown a citizen's number is listed across complaints: a small index of these events."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    revealed = sa.text("type = 'ContactRevealed'")
    op.create_index(
        "events_revealed",
        "events",
        ["recorded_at", "actor", "subject"],
        sqlite_where=revealed,
        postgresql_where=revealed,
    )
