"""A ticket's complaint, a page of complaints in the order they came, and who looked are found by an
index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    known = sa.text("ticket IS NOT NULL")
    op.create_index(
        "complaints_ticket",
        "complaints",
        ["ticket"],
        unique=False,
        sqlite_where=known,
        postgresql_where=known,
    )
    op.create_index("complaints_collected", "complaints", ["collected_at", "id"], unique=False)
    op.create_index("views_of", "views", ["subject", "id"], unique=False)
    op.create_index("views_by", "views", ["actor", "id"], unique=False)
