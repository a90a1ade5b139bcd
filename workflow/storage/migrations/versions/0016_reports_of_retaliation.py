"""Reports of retaliation are listed across complaints, open and ended: an index of these alone."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    reported = sa.text("type = 'RetaliationReported'")
    op.create_index(
        "events_retaliation",
        "events",
        ["recorded_at"],
        sqlite_where=reported,
        postgresql_where=reported,
    )
