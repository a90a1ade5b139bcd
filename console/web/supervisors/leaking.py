"""归集漏损: what was refused, what contradicts itself, what is rated by nobody; counters and their
rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, case, func, select

from console.reports.periods import Period
from console.reports.reading import ITS_RECORD
from console.web.navigation import page_there
from console.web.remembering import Memory, stirred
from console.wiring import Office
from schemas.codes import BAD_LEVELS, Channel
from workflow.clock import DAY
from workflow.storage.models import conflicts, ratings, refused, services

PER_PAGE = 50
DAYS = 30
"""How far back the morning's page looks for refused rows and conflicts."""

ENOUGH = 1000
"""Ratings from which a channel that never brought a bad one is worth a look."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """Rows refused for one reason; `last` in microseconds UTC."""

    source: str
    field: str
    reason: str
    count: int
    last: int


@dataclass(frozen=True, slots=True)
class Through:
    """What came through one channel, by its code, of one source."""

    source: str
    channel: str
    name: str
    ratings: int
    bad: int

    @property
    def suspect(self) -> bool:
        """Never a bad rating, and so many that there should be one."""
        return not self.bad and self.ratings >= ENOUGH


@dataclass(frozen=True, slots=True)
class Unrated:
    """An item that was served and never rated in the period, neither by its name nor in any of its
    services.
    """

    unit: str
    item: str
    services: int


@dataclass(frozen=True, slots=True)
class Slow:
    """What takes a look at every row: as of an instant (microseconds UTC)."""

    as_of: int
    channels: tuple[Through, ...]
    unrated: tuple[Unrated, ...]


@dataclass(frozen=True, slots=True)
class Paged:
    """A page of a list, and how many rows and pages there are."""

    rows: Sequence[Row[Any]]
    count: int
    page_no: int
    pages: int


def since(now: int) -> int:
    return now - DAYS * DAY


def refusals(conn: Connection, now: int) -> tuple[Refusals, ...]:
    """Why rows of the last month were refused, the most frequent first."""
    count, last = func.count(), func.max(refused.c.received_at)
    query = (
        select(refused.c.source, refused.c.field, refused.c.reason, count, last)
        .where(refused.c.received_at >= since(now))
        .group_by(refused.c.source, refused.c.field, refused.c.reason)
        .order_by(count.desc(), refused.c.source, refused.c.field, refused.c.reason)
    )
    return tuple(Refusals(*row) for row in conn.execute(query))


def refused_rows(conn: Connection, now: int, asked: Mapping[str, str | None], page: int) -> Paged:
    """A page of the rows of the last month that were refused so, the newest first."""
    where: list[ColumnElement[bool]] = [refused.c.received_at >= since(now)]
    where += [refused.c[name] == value for name, value in asked.items() if value is not None]
    return paged(conn, refused, where, [refused.c.id.desc()], page)


def conflict_rows(conn: Connection, now: int, page: int) -> Paged:
    """A page of the contents of the last month that came under a key which had another."""
    inside = conflicts.c.received_at >= since(now)
    return paged(conn, conflicts, [inside], [conflicts.c.id.desc()], page)


def conflict_count(conn: Connection, now: int) -> int:
    query = select(func.count()).where(conflicts.c.received_at >= since(now))
    return int(conn.execute(query).scalar_one())


WITHOUT_A_UNIT = ratings.c.unit.is_(None), ratings.c.source >= ""
"""With the source, for their index begins with it."""


def without_a_unit(conn: Connection) -> int:
    """Ratings whose unit nobody knows: no service record, and no name in the list."""
    query = select(func.count()).select_from(ratings).where(*WITHOUT_A_UNIT)
    return int(conn.execute(query).scalar_one())


_MEMORY: Memory[Slow] = Memory()


def slow(office: Office, conn: Connection, period: Period) -> Slow:
    """Channels, and items that nobody rated; kept for a while, for it reads every row."""
    now = office.clock()
    moved = stirred(conn, now)
    return _MEMORY.recall(
        office.database,
        conn,
        period.label,
        moved,
        lambda own: Slow(now, _channels(own, period), _unrated(own, period)),
    )


def _channels(conn: Connection, period: Period) -> tuple[Through, ...]:
    bad = func.sum(case((ratings.c.level.in_(sorted(BAD_LEVELS)), 1), else_=0))
    query = (
        select(ratings.c.source, ratings.c.channel, func.count(), bad)
        .where(ratings.c.day.between(period.first, period.last))
        .group_by(ratings.c.source, ratings.c.channel)
        .order_by(func.count().desc())
    )
    names = {channel.value: channel.label for channel in Channel}
    rows = conn.execute(query)
    return tuple(Through(s, c, names.get(c, c), n, d) for s, c, n, d in rows)


def _unrated(conn: Connection, period: Period) -> tuple[Unrated, ...]:
    inside = ratings.c.day.between(period.first, period.last)
    rated = (
        select(ratings.c.unit, ratings.c.item, services.c.unit, services.c.item)
        .outerjoin(services, ITS_RECORD)
        .where(inside)
        .distinct()
    )
    known = {pair for row in conn.execute(rated) for pair in (tuple(row[:2]), tuple(row[2:]))}
    count = func.count()
    query = (
        select(services.c.unit, services.c.item, count)
        .where(services.c.day.between(period.first, period.last), services.c.item.is_not(None))
        .group_by(services.c.unit, services.c.item)
        .order_by(count.desc(), services.c.unit, services.c.item)
    )
    rows = conn.execute(query)
    return tuple(Unrated(u, i, n) for u, i, n in rows if (u, i) not in known)


def paged(
    conn: Connection,
    table: Table,
    where: Sequence[ColumnElement[bool]],
    order: Sequence[ColumnElement[Any]],
    page: int,
) -> Paged:
    """The page asked for, or the last there is."""
    count = conn.execute(select(func.count()).select_from(table).where(*where)).scalar_one()
    there, pages = page_there(page, count, PER_PAGE)
    query = select(table).where(*where).order_by(*order)
    rows = conn.execute(query.offset((there - 1) * PER_PAGE).limit(PER_PAGE)).all()
    return Paged(rows, count, there, pages)
