"""Progress: how far each consumer has come in each lane, and what lies beyond it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from pydantic_core import to_json
from sqlalchemy import Connection, Row, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from workflow.storage.database import Spoken
from workflow.storage.log import LANES, ends
from workflow.storage.models import lanes, progress

Place = tuple[int, int]
"""Lane and position of an event."""


class Reader(Protocol):
    """Whoever reads the log by a progress of his own."""

    @property
    def name(self) -> str: ...

    @property
    def handles(self) -> Collection[str]: ...


class Reach(NamedTuple):
    """A lane's way from where the consumer stood to where this batch brings it."""

    lane: int
    old: int
    new: int


class Batch(NamedTuple):
    """Ways of lanes, and the places on them of what is to be handled."""

    reaches: list[Reach]
    places: list[Place]


class Share(NamedTuple):
    """Which one of so many processes this is: while any of its own lanes has something beyond, it
    leaves the others' alone, and finds at hand what it recorded there itself.
    """

    number: int = 0
    of: int = 1

    def own(self, lane: int) -> bool:
        return lane % self.of == self.number


EVERYTHING = Share()


def join_source(conn: Connection, name: str, start: Literal["beginning", "now"]) -> None:
    """A consumer's first sixteen rows: from the beginning, or from the lanes' heads of now. Once
    only, however many processes begin.
    """
    known = conn.execute(select(func.count()).where(progress.c.consumer == name)).scalar_one()
    if known:
        return
    heads = ends(conn)
    rows = [
        {"consumer": name, "lane": lane, "pos": heads[lane] if start == "now" else 0}
        for lane in range(LANES)
    ]
    conn.execute(insert(progress).on_conflict_do_nothing(), rows)


def beyond(
    conn: Connection, consumer: Reader, rotation: int, size: int, share: Share = EVERYTHING
) -> Batch:
    """The places of at most `size` records beyond the consumer's progress, lane by lane, and how
    far that brings each lane.

    Records of types it does not handle are passed over in the query, and its progress with them;
    a lane is read at most 5,000 positions far, so that a filter that finds nothing never scans the
    whole log.
    """
    rows = conn.execute(_READ.on(conn), _parameters(consumer, rotation, size, share)).all()
    if share.of > 1:
        rows = [row for row in rows if share.own(row.lane)] or rows
    reaches = {lane: Reach(lane, old, upto) for lane, old, upto, _ in rows}
    if len(rows) == size and rows[-1].pos is not None:
        last = rows[-1]
        reaches[last.lane] = Reach(last.lane, last.old, last.pos)
    places = [(lane, pos) for lane, _, _, pos in rows if pos is not None]
    return Batch(list(reaches.values()), places)


def rows_at(conn: Connection, places: Sequence[Place]) -> Sequence[Row[Any]]:
    """The log's rows of these places, in order within a lane."""
    return conn.execute(_ROWS.on(conn), {"keys": to_json(places).decode()}).all()


def _parameters(consumer: Reader, rotation: int, size: int, share: Share) -> dict[str, Any]:
    return {
        "consumer": consumer.name,
        **share._asdict(),
        "rotation": rotation,
        "size": size,
        "handles": to_json(sorted(consumer.handles)).decode(),
    }


_READ = Spoken(
    """
    SELECT p.lane AS lane, p.old AS old, p.upto AS upto, e.pos AS pos
    FROM (SELECT p.lane AS lane, p.pos AS old, min(l.pos, p.pos + 5000) AS upto
          FROM progress p CROSS JOIN lanes l ON l.lane = p.lane
          WHERE p.consumer = :consumer AND l.pos > p.pos
          ORDER BY p.lane % :of <> :number, (p.lane + :rotation) % 16 LIMIT -1) p
    LEFT JOIN events e ON e.lane = p.lane AND e.pos > p.old AND e.pos <= p.upto
         AND e.type IN (SELECT value FROM json_each(:handles))
    LIMIT :size
    """,
    postgresql="""
    SELECT p.lane AS lane, p.old AS old, p.upto AS upto, e.pos AS pos
    FROM (SELECT p.lane AS lane, p.pos AS old, least(l.pos, p.pos + 5000) AS upto
          FROM progress p JOIN lanes l ON l.lane = p.lane AND l.pos > p.pos
          WHERE p.consumer = :consumer
          ORDER BY p.lane % :of <> :number, (p.lane + :rotation) % 16) p
    LEFT JOIN LATERAL (
      SELECT e.pos FROM events e
      WHERE e.lane = p.lane AND e.pos > p.old AND e.pos <= p.upto
        AND e.type = ANY (ARRAY(SELECT json_array_elements_text(CAST(:handles AS json))))
      ORDER BY e.pos LIMIT :size) e ON true
    LIMIT :size
    """,
)
_OF_PLACES = """
    SELECT e.* FROM {keys} {cross} events AS e
      ON e.lane = CAST(j.value ->> 0 AS INTEGER) AND e.pos = CAST(j.value ->> 1 AS BIGINT)
    """
_ROWS = Spoken(_OF_PLACES, postgresql=f"{_OF_PLACES} ORDER BY e.lane, e.pos")
_CLAIM = Spoken(
    """
    UPDATE progress SET pos = CAST(j.value ->> 2 AS BIGINT) FROM {keys}
    WHERE consumer = :consumer AND lane = CAST(j.value ->> 0 AS INTEGER)
      AND pos = CAST(j.value ->> 1 AS BIGINT)
    RETURNING lane
    """,
    postgresql="""
    WITH won AS (
      SELECT p.lane, CAST(j.value ->> 2 AS BIGINT) AS reached
      FROM progress p JOIN {keys} ON p.lane = CAST(j.value ->> 0 AS INTEGER)
        AND p.pos = CAST(j.value ->> 1 AS BIGINT)
      WHERE p.consumer = :consumer ORDER BY p.lane FOR UPDATE OF p SKIP LOCKED)
    UPDATE progress SET pos = won.reached FROM won
    WHERE progress.consumer = :consumer AND progress.lane = won.lane
    RETURNING progress.lane
    """,
)
_STANDS = (
    select(progress.c.lane, progress.c.pos, lanes.c.pos.label("head"))
    .join(lanes, lanes.c.lane == progress.c.lane)
    .where(progress.c.consumer == bindparam("of_consumer"))
)
_ahead = progress.alias("ahead")
_BEFORE = (
    select(progress.c.lane, progress.c.pos)
    .join(_ahead, and_(_ahead.c.lane == progress.c.lane, _ahead.c.pos > progress.c.pos))
    .where(
        progress.c.consumer == bindparam("of_consumer"), _ahead.c.consumer == bindparam("of_ahead")
    )
)
_BEHIND = (
    select(progress.c.consumer)
    .join(lanes, and_(lanes.c.lane == progress.c.lane, lanes.c.pos > progress.c.pos))
    .distinct()
)


def stands(conn: Connection, consumer: str) -> dict[int, tuple[int, int]]:
    """Lane by lane, how far the consumer has come, and how far the log."""
    rows = conn.execute(_STANDS, {"of_consumer": consumer})
    return {lane: (pos, head) for lane, pos, head in rows}


def before(conn: Connection, consumer: str, ahead: str) -> dict[int, int]:
    """The lanes in which this consumer has not come as far as that one, and how far it has."""
    rows = conn.execute(_BEFORE, {"of_consumer": consumer, "of_ahead": ahead})
    return {row.lane: row.pos for row in rows}


def claim(conn: Connection, consumer: str, reaches: Sequence[Reach]) -> set[int]:
    """Compare-and-set: answers the lanes won; a zombie wins none and does no work."""
    wanted = [(reach.lane, reach.old, reach.new) for reach in reaches]
    values = {"consumer": consumer, "keys": to_json(wanted).decode()}
    return set(conn.execute(_CLAIM.on(conn), values).scalars())


def hold(conn: Connection, consumer: str, lane: int) -> int:
    """Keeps a consumer's lane where it is until this transaction ends; asked before other locks.
    Answers how far it has come: 0 before it joins.
    """
    held = {"of_consumer": consumer, "of_lane": lane}
    return int(conn.execute(_HOLD, held).scalar() or 0)


_HOLD = (
    select(progress.c.pos)
    .where(progress.c.consumer == bindparam("of_consumer"), progress.c.lane == bindparam("of_lane"))
    .with_for_update()
)


def behind(conn: Connection) -> set[str]:
    """The consumers for whom something lies beyond."""
    return set(conn.execute(_BEHIND).scalars())
