"""日历修订预览: which days a notice would turn, and which due times of open complaints it would
move, before it is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, func, select

from console import wording
from console.wiring import Office
from producers.clock.recomputing import moving
from schemas import CalendarRevised
from workflow.complaint import load
from workflow.rulebook import CALENDAR_SUBJECT, Rulebook, counting
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
class Told:
    """A notice in the log: when and by whom it was recorded, and whether it still counts."""

    at: int
    by: str
    fact: CalendarRevised
    counts: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """The days that would turn, each with whether it is then worked; the notices put out of force;
    what would move, of how many complaints looked at; `all` whether these are all there are.
    """

    turned: tuple[tuple[date, bool], ...]
    replaced: tuple[CalendarRevised, ...]
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
    replaced = office.rulebook.replaced_by(notice)
    return Preview(
        tuple(_turned(office, rules, [notice, *replaced])),
        tuple(replaced),
        tuple(found),
        min(len(folds), MOST),
        len(folds) <= MOST,
    )


def _turned(
    office: Office, rules: Rulebook, notices: list[CalendarRevised]
) -> Iterator[tuple[date, bool]]:
    """The days of the notices' years that are worked by one of the two calendars alone."""
    now, then = (book.calendar_at(office.clock()) for book in (office.rulebook, rules))
    for day in _days_of(notices):
        if now.is_working_day(day) != then.is_working_day(day):
            yield day, then.is_working_day(day)


def _days_of(notices: list[CalendarRevised]) -> Iterator[date]:
    """Every day of each year that these notices are about or name a day of."""
    years = {int(day[:4]) for one in notices for day in (*one.off, *one.working)}
    years |= {year for one in notices for year in (one.published_year, one.replaces) if year}
    for year in sorted(years):
        first = date(year, 1, 1)
        yield from (first + timedelta(n) for n in range((date(year + 1, 1, 1) - first).days))


def revisions(conn: Connection) -> list[Told]:
    """The notices recorded so far, the newest first."""
    query = (
        select(events.c.recorded_at, events.c.actor, events.c.data)
        .where(events.c.subject == CALENDAR_SUBJECT)
        .order_by(events.c.version)
    )
    rows = conn.execute(query).all()
    facts = [CalendarRevised.model_validate_json(row.data) for row in rows]
    told = zip(rows, facts, counting(facts), strict=True)
    return [Told(row.recorded_at, row.actor, fact, counts) for row, fact, counts in told][::-1]


def version_of(conn: Connection, subject: str) -> int:
    """How often this subject was decided on: what a form about it expects."""
    query = select(func.max(events.c.version)).where(events.c.subject == subject)
    return int(conn.execute(query).scalar() or 0)
