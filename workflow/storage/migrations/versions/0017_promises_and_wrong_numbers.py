"""What a service record says of its promise and its end: its kind, how long it was promised to
take, when it was accepted and when it was done. And complaints whose number was called and is
wrong, known from then on by their fold: those of before, by their events.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_CALLED = sa.text(
    """
    SELECT subject, data FROM events
    WHERE type IN ('CallAttempted', 'ContactSupplied') ORDER BY subject, version
    """
)
_FOLD = sa.text("SELECT fold FROM complaints WHERE id = :of")
_FOLDED = sa.text("UPDATE complaints SET fold = :fold WHERE id = :of")


def upgrade() -> None:
    op.add_column("services", sa.Column("kind", sa.Text()))
    op.add_column("services", sa.Column("promised", sa.Integer()))
    op.add_column("services", sa.Column("promised_in", sa.Text()))
    op.add_column("services", sa.Column("accepted_at", sa.BigInteger()))
    op.add_column("services", sa.Column("done_at", sa.BigInteger()))
    conn = op.get_bind()
    wrong: set[str] = set()
    for subject, text in conn.execute(_CALLED):
        said = json.loads(text)
        if said.get("outcome") == "wrong_number":
            wrong.add(subject)
        elif said.get("outcome") == "answered" or said.get("found"):
            wrong.discard(subject)
    for subject in sorted(wrong):
        fold = json.loads(conn.execute(_FOLD, {"of": subject}).scalar_one())
        told = json.dumps(fold | {"wrong_number": True}, ensure_ascii=False, separators=(",", ":"))
        conn.execute(_FOLDED, {"of": subject, "fold": told})
