"""消息: what the outbox holds for whoever looks, and how much of it is recent."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select

from console.scope import visible
from schemas.envelope import Role
from workflow.clock import DAY
from workflow.complaint import load
from workflow.ledger import Actor
from workflow.outbox import DESK
from workflow.storage.models import complaints, outbox

MOST = 20
DAYS = 7
"""How long a message counts as recent: nobody notes who has read it."""


class Told(NamedTuple):
    """One message; `at` in microseconds UTC. `number` and `place` are empty where it is about no
    complaint that the viewer may open.
    """

    at: int
    body: str
    number: str
    place: str


def told(conn: Connection, viewer: Actor) -> tuple[Told, ...]:
    """The latest `MOST` for the viewer, newest first."""
    rows = conn.execute(_latest(viewer)).all()
    numbers = _numbers(conn, viewer, {row.subject for row in rows})
    return tuple(
        _told(viewer, row.created_at, row.body, numbers.get(row.subject, "")) for row in rows
    )


def recent(conn: Connection, viewer: Actor, now: int) -> int:
    """How many of those are of the last `DAYS`."""
    latest = conn.execute(_latest(viewer))
    return sum(row.created_at >= now - DAYS * DAY for row in latest)


@lru_cache(maxsize=256)
def _latest(viewer: Actor) -> Select[str, str, int]:
    """Kept: to build it takes longer than to ask it."""
    query = select(outbox.c.subject, outbox.c.body, outbox.c.created_at).where(*_mine(viewer))
    return query.order_by(outbox.c.id.desc()).limit(MOST)


def _mine(viewer: Actor) -> tuple[ColumnElement[bool], ...]:
    """For the viewer's unit if he has one, else for his role. A clerk, for whom there are no
    complaints, is told what is about the unit itself.
    """
    to = f"role:{viewer.role}" if viewer.unit is None else f"unit:{viewer.unit}"
    mine = outbox.c.channel == DESK, outbox.c.recipient == to
    return (*mine, outbox.c.subject == viewer.unit) if viewer.role is Role.CLERK else mine


def _told(viewer: Actor, at: int, body: str, number: str) -> Told:
    if not number:
        return Told(at, body, "", "")
    place = f"/orders/{number}" if viewer.role is Role.DEPARTMENT else f"/c/{number}"
    return Told(at, body.removeprefix(f"{number} "), number, place)


@lru_cache(maxsize=256)
def _seen(viewer: Actor) -> Select[str]:
    these = complaints.c.id.in_(bindparam("of", expanding=True))
    return select(complaints.c.fold).where(these, visible(viewer))


def _numbers(conn: Connection, viewer: Actor, subjects: set[str]) -> dict[str, str]:
    """What the viewer knows his complaints by: a unit by the work order."""
    seen = map(load, conn.execute(_seen(viewer), {"of": list(subjects)}).scalars())
    if viewer.role is Role.DEPARTMENT:
        return {c.id: c.order or "" for c in seen}
    return {c.id: c.id for c in seen}
