"""查找: complaints by the last four digits of the citizen's phone; who searched is recorded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import insert, select

from console import wording
from workflow.contact import ending_in
from workflow.errors import InvalidInput
from workflow.ledger import Actor
from workflow.storage.models import complaints, views

if TYPE_CHECKING:
    from console.wiring import Office

_FOUR = re.compile(r"[0-9]{4}")


class Found(NamedTuple):
    """A complaint and its state's name."""

    id: str
    state: str


def found_by_last4(office: Office, last4: str, viewer: Actor) -> tuple[Found, ...]:
    """What the four digits find; every complaint found counts as looked at. Raises InvalidInput."""
    if _FOUR.fullmatch(last4) is None:
        raise InvalidInput("last4", "（不显示）", "须是四位数字")
    with office.database.read() as conn:
        subjects = ending_in(conn, office.vault, last4)
        query = select(complaints.c.id, complaints.c.state).where(complaints.c.id.in_(subjects))
        rows = conn.execute(query.order_by(complaints.c.id)).all()
    seen = {"actor": viewer.name, "role": str(viewer.role), "seen_at": office.clock()}
    looked = [{"subject": row.id, "what": "last4", **seen} for row in rows]
    if looked:
        with office.database.write() as conn:
            conn.execute(insert(views), looked)
    return tuple(Found(row.id, wording.state_name(row.state)) for row in rows)
