"""Each verification of a complaint counts: those of dismissals taken back stand beside the last.
Of complaints verified before, `bihuan rebuild metrics` tells them from the log.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("complaint_facts", sa.Column("verified_before", sa.Text(), nullable=True))
