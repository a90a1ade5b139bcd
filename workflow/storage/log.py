"""The log: lanes, gapless positions and keyed hash chains; appending locks its lanes in
ascending order, last of all.
"""

from __future__ import annotations

import hmac
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select, update

from workflow.storage.database import run_many
from workflow.storage.models import events, lanes

LANES = 16
"""For ever: the number of lanes is part of every stored position."""

GENESIS = bytes(32)
SCHEMA_VERSION = 1


def lane_of(subject: str) -> int:
    """The lane of a subject, stable for ever."""
    return zlib.crc32(subject.encode()) % LANES


class Place(NamedTuple):
    """Where an event came to stand, and when (microseconds UTC)."""

    lane: int
    pos: int
    recorded_at: int


class Entry(NamedTuple):
    """One event ready to be appended; `data` and `limits` are JSON texts."""

    subject: str
    version: int
    type: str
    state: str
    occurred_at: int
    actor: str
    role: str
    unit: str | None
    cause: str | None
    data: str
    limits: str | None


COLUMNS = (
    "lane",
    "pos",
    "subject",
    "version",
    "type",
    "schema_version",
    "state",
    "occurred_at",
    "recorded_at",
    "actor",
    "role",
    "unit",
    "cause",
    "data",
    "limits",
)
_RECORDED = COLUMNS.index("recorded_at")
_INSERT = insert(events)
_HEADS = (
    select(lanes)
    .where(lanes.c.lane.in_(bindparam("touched", expanding=True)))
    .order_by(lanes.c.lane)
    .with_for_update()
)
_MOVE = (
    update(lanes)
    .where(lanes.c.lane == bindparam("of_lane"))
    .values(
        pos=bindparam("pos"),
        recorded_at=bindparam("recorded_at"),
        hash=bindparam("hash"),
        seal=bindparam("seal"),
    )
)


def link(key: bytes, before: bytes, row: Sequence[Any]) -> bytes:
    """The chain's next hash: HMAC-SHA-256 over the hash before and the stored values in column
    order.
    """
    text = "\x1f".join(["\x00" if value is None else str(value) for value in row])
    return hmac.digest(key, before + text.encode(), "sha256")


def seal(key: bytes, lane: int, pos: int, head: bytes) -> bytes:
    """A lane's head under the key: without it nobody can cut the tail and set the head back."""
    return hmac.digest(key, b"head:%d:%d:" % (lane, pos) + head, "sha256")


def open_lanes(conn: Connection, key: bytes) -> None:
    """The sixteen empty lanes of a new database."""
    rows = [(n, 0, 0, GENESIS, seal(key, n, 0, GENESIS)) for n in range(LANES)]
    run_many(conn, _OPEN, ("lane", "pos", "recorded_at", "hash", "seal"), rows)


_OPEN = insert(lanes)


def ends(conn: Connection) -> dict[int, int]:
    """The last position of each lane."""
    return {row.lane: row.pos for row in conn.execute(_ENDS)}


_ENDS = select(lanes.c.lane, lanes.c.pos)
RECORDED = select(func.sum(lanes.c.pos))
"""How many events there are: no position is left out."""


def append(conn: Connection, key: bytes, entries: Sequence[Entry], now: int) -> list[Place]:
    """Appends in the order given; answers each event's place. Its time never falls back within a
    lane.
    """
    lanes_of = [lane_of(entry.subject) for entry in entries]
    heads, rows = _heads(conn, lanes_of), list[tuple[Any, ...]]()
    for lane, entry in zip(lanes_of, entries, strict=True):
        head = heads[lane]
        head[0] += 1
        head[1] = max(head[1], now)
        row = (
            lane,
            head[0],
            entry.subject,
            entry.version,
            entry.type,
            SCHEMA_VERSION,
            entry.state,
            entry.occurred_at,
            head[1],
            entry.actor,
            entry.role,
            entry.unit,
            entry.cause,
            entry.data,
            entry.limits,
        )
        head[2] = link(key, head[2], row)
        rows.append((*row, head[2]))
    run_many(conn, _INSERT, (*COLUMNS, "hash"), rows)
    moved = [(p, t, h, seal(key, n, p, h), n) for n, (p, t, h) in heads.items()]
    run_many(conn, _MOVE, ("pos", "recorded_at", "hash", "seal", "of_lane"), moved)
    return [Place(row[0], row[1], row[_RECORDED]) for row in rows]


def _heads(conn: Connection, lanes_of: Sequence[int]) -> dict[int, list[Any]]:
    """Position, time and hash of each of these lanes, which are locked."""
    rows = conn.execute(_HEADS, {"touched": sorted(set(lanes_of))}).all()
    return {row.lane: [row.pos, row.recorded_at, bytes(row.hash)] for row in rows}
