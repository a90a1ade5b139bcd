"""What a service record says of its promise and its end: its kind, how long it was promised to
take, when it was accepted and when it was done.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("services", sa.Column("kind", sa.Text()))
    op.add_column("services", sa.Column("promised", sa.Integer()))
    op.add_column("services", sa.Column("promised_in", sa.Text()))
    op.add_column("services", sa.Column("accepted_at", sa.BigInteger()))
    op.add_column("services", sa.Column("done_at", sa.BigInteger()))
