"""误操作集中处: at which windows and on which devices citizens pressed the wrong level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from console.reports.periods import Period
from schemas.codes import Channel, DismissalReason
from workflow.storage.models import complaint_facts, complaints, contacts, ratings


@dataclass(frozen=True, slots=True)
class Spot:
    """A window of a unit, or a device: misoperations among the bad ratings it brought."""

    unit: str | None
    name: str
    misoperations: int
    complaints: int


_WRONG = and_(
    complaint_facts.c.verdict == "invalid",
    complaint_facts.c.ground == DismissalReason.MISOPERATION.value,
)
_RATED = and_(
    complaints.c.id == complaint_facts.c.subject,
    ratings.c.source == complaints.c.source,
    ratings.c.project_no == complaints.c.project_no,
    ratings.c.service_number == complaints.c.service_number,
)


def by_window(conn: Connection, period: Period, subjects: frozenset[str]) -> tuple[Spot, ...]:
    """Every window with a misoperation among these complaints, the worst first."""
    rows = conn.execute(
        select(
            complaint_facts.c.subject,
            complaint_facts.c.unit,
            contacts.c.window,
            _WRONG.label("bad"),
        )
        .join(contacts, contacts.c.subject == complaint_facts.c.subject)
        .where(
            complaint_facts.c.day.between(period.first, period.last),
            contacts.c.window.is_not(None),
        )
    )
    return _counted(
        (row.unit, row.window, bool(row.bad)) for row in rows if row.subject in subjects
    )


def by_device(conn: Connection, period: Period, subjects: frozenset[str]) -> tuple[Spot, ...]:
    """The same by the channel of the complaint's first rating."""
    first = func.min(ratings.c.assess_number)
    rows = conn.execute(
        select(complaint_facts.c.subject, ratings.c.channel, _WRONG.label("bad"), first)
        .select_from(complaint_facts)
        .join(complaints, complaints.c.id == complaint_facts.c.subject)
        .join(ratings, _RATED)
        .where(complaint_facts.c.day.between(period.first, period.last))
        .group_by(
            complaint_facts.c.subject,
            ratings.c.channel,
            complaint_facts.c.verdict,
            complaint_facts.c.ground,
        )
    )
    names = {channel.value: channel.label for channel in Channel}
    seen: dict[str, tuple[str, str, bool]] = {}
    for row in rows:
        if row.subject in subjects and (row.subject not in seen or row[3] < seen[row.subject][0]):
            seen[row.subject] = row[3], names.get(row.channel, row.channel), bool(row.bad)
    return _counted((None, name, bad) for _, name, bad in seen.values())


def _counted(found: Iterable[tuple[str | None, str, bool]]) -> tuple[Spot, ...]:
    counts: dict[tuple[str | None, str], list[int]] = {}
    for unit, name, bad in found:
        cell = counts.setdefault((unit, name), [0, 0])
        cell[0] += bad
        cell[1] += 1
    spots = (Spot(unit, name, bad, all_) for (unit, name), (bad, all_) in counts.items() if bad)
    return tuple(
        sorted(spots, key=lambda s: (-s.misoperations, s.complaints, s.unit or "", s.name))
    )
