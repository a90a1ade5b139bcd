"""The vault is asked for all owners that begin alike: a server whose locale compares words as its
dictionary does would find none of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("vault", "owner", type_=sa.Text(collation="C"))
