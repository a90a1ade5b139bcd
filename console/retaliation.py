"""打击报复反映: every report of retaliation, whether its complaint is open or has ended."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, literal_column, select

from console import wording
from console.people import names_of
from console.scope import visible
from schemas.envelope import Role
from workflow.ledger import Actor
from workflow.storage.models import complaints, events


@dataclass(frozen=True, slots=True)
class Retaliation:
    """One report; `at` in microseconds UTC. `by`: the citizen himself, or who wrote it down for
    him; `unit`: the code of the one that answers for the complaint now, None without one.
    """

    at: int
    subject: str
    by: str
    unit: str | None
    state: str
    ended: bool


_REPORTED = events.c.type == literal_column("'RetaliationReported'")
"""As the index has it: a value that is bound would not be known to be in it."""

_NOW = complaints.c.unit, complaints.c.state, complaints.c.ended_at


def reported(conn: Connection) -> int:
    """How many there are."""
    return int(conn.execute(select(func.count()).select_from(events).where(_REPORTED)).scalar_one())


def reports(
    conn: Connection, viewer: Actor, *, most: int = 100, after: int = 0
) -> tuple[Retaliation, ...]:
    """Those of complaints that exist for the viewer, the newest first: `most`, after the first
    `after`.
    """
    query = (
        select(events.c.recorded_at, events.c.subject, events.c.actor, events.c.role, *_NOW)
        .join(complaints, complaints.c.id == events.c.subject)
        .where(_REPORTED, visible(viewer))
        .order_by(events.c.recorded_at.desc(), events.c.lane, events.c.pos.desc())
        .offset(after)
        .limit(most)
    )
    rows = conn.execute(query).all()
    names = names_of(conn, (row.actor for row in rows))
    return tuple(
        Retaliation(
            row.recorded_at,
            row.subject,
            _by(row.role, names.get(row.actor, row.actor)),
            row.unit,
            row.state,
            row.ended_at is not None,
        )
        for row in rows
    )


def _by(role: str, name: str) -> str:
    word = wording.role_name(role)
    return word if role == Role.CITIZEN else f"{word} {name}"
