"""打击报复 marked beside the state, messages read by whom they are for."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    complaints = sa.table("complaints", sa.column("fold", sa.Text()), sa.column("marks", sa.Text()))
    marks = sa.case((complaints.c.marks == "", " "), else_=complaints.c.marks)
    told = complaints.c.fold.contains('"retaliation":true')
    op.execute(complaints.update().where(told).values(marks=marks + "retaliation "))
    op.create_index("outbox_to", "outbox", ["recipient", "id"], unique=False)
