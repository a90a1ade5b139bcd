"""Whoever looked did so for the unit he was in then. Of earlier looks no more is known than the
unit their account has now.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("views", sa.Column("unit", sa.Text(), nullable=True))
    views = sa.table("views", sa.column("actor", sa.Text()), sa.column("unit", sa.Text()))
    accounts = sa.table("accounts", sa.column("account", sa.Text()), sa.column("unit", sa.Text()))
    now = sa.select(accounts.c.unit).where(accounts.c.account == views.c.actor).scalar_subquery()
    op.execute(views.update().values(unit=now))
