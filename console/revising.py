"""日历修订预览: which due times of open complaints a notice would move, before it is recorded."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from console import wording
from console.wiring import Office
from producers.clock.recomputing import moving
from schemas import CalendarRevised
from workflow.complaint import load
from workflow.rulebook import CALENDAR_SUBJECT
from workflow.storage.models import complaints, events

MOST = 5000
"""Open complaints that a preview looks at."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One limit of a complaint: from when to when, in microseconds UTC."""

    subject: str
    order: str | None
    limit: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What would move, of how many complaints looked at; `all` whether these are all there are."""

    moved: tuple[Moved, ...]
    looked: int
    all: bool


def preview(office: Office, conn: Connection, notice: CalendarRevised) -> Preview:
    """Nothing is recorded. Where the due time stays and only a card moves, nothing is told."""
    rules = office.rulebook.supposing(notice)
    query = select(complaints.c.fold).where(complaints.c.ended_at.is_(None))
    folds = conn.execute(query.order_by(complaints.c.id).limit(MOST + 1)).scalars().all()
    found = []
    for complaint in map(load, folds[:MOST]):
        for name, new in moving(rules, complaint).items():
            before = complaint.limits[name].due_at
            if before != new.due_at:
                label = wording.LIMIT_NAMES[name]
                found.append(Moved(complaint.id, complaint.order, label, before, new.due_at))
    return Preview(tuple(found), min(len(folds), MOST), len(folds) <= MOST)


def revisions(conn: Connection) -> list[tuple[int, str, CalendarRevised]]:
    """The notices recorded so far, the newest first: when, by whom, what."""
    query = (
        select(events.c.recorded_at, events.c.actor, events.c.data)
        .where(events.c.subject == CALENDAR_SUBJECT)
        .order_by(events.c.version.desc())
    )
    rows = conn.execute(query)
    return [(r.recorded_at, r.actor, CalendarRevised.model_validate_json(r.data)) for r in rows]


def version_of(conn: Connection, subject: str) -> int:
    """How often this subject was decided on: what a form about it expects."""
    query = select(func.max(events.c.version)).where(events.c.subject == subject)
    return int(conn.execute(query).scalar() or 0)
