"""A store filled in bulk with complaints: valid chains, rows, facts, orders, timers.

A few complaints go the real way; the others are their copies under ids of their own, hashed, sealed
and counted as the ledger would have done.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from bench.case import PLATFORM
from bench.rounds import batch_of, record_first, subjects
from bench.stores import Unsound, store
from console.wiring import Office
from workflow.storage import log
from workflow.storage.models import outbox
from workflow.storage.vault import Keys, Vault

CHUNK = 10_000
BATCH = 1_000
"""Complaints that one BatchCollected accounts for."""

_OF = {
    "complaints": "id",
    "complaint_facts": "subject",
    "order_facts": "subject",
    "deadlines": "subject",
}
_PACE = ("journal_mode=OFF", "synchronous=OFF", "cache_size=-131072", "temp_store=MEMORY")
_AFTER = ("synchronous=FULL", "journal_mode=WAL")
_RECORDED = log.COLUMNS.index("recorded_at")

Row = tuple[Any, ...]


class Model(NamedTuple):
    """The complaint that is copied: its rows by table, its events, messages, and texts by their
    owner and field.
    """

    subject: str
    rows: dict[str, list[Row]]
    events: list[Row]
    messages: list[Row]
    texts: list[tuple[str, str, bytes]]


Copies = Sequence[tuple[Model, Sequence[str]]]
"""Each model with the ids of its copies."""


def seeded(folder: str, groups: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Fills a new store with complaints waiting to be verified, in these groups: (how many,
    microseconds UTC at which collected), in order of time. Ids go on from CP21-0000001.
    """
    first = 1
    for complaints, at in groups:
        models = subjects(first, 1)
        with store(Path(folder), at) as office:
            record_first(office, models)
            drained(office)
            keys, found = office.keys, models_of(office, models)
        ids = subjects(first + 1, complaints - 1)
        copied(Path(folder), keys, [(found[0], ids)])
        first += complaints
    return {"complaints": first - 1}


def drained(office: Office) -> None:
    """Lets the consumers catch up. Raises Unsound."""
    if not office.drain():
        raise Unsound("the lease of the store being seeded is held by another process")


def models_of(office: Office, ids: Sequence[str]) -> list[Model]:
    """These complaints as they stand, read back."""
    return [_model(office, subject) for subject in ids]


def _model(office: Office, subject: str) -> Model:
    with office.database.read() as conn:

        def rows(query: str) -> list[Row]:
            return [tuple(row) for row in conn.exec_driver_sql(query, (subject,))]

        columns = ", ".join(log.COLUMNS)
        found = {
            table: rows(f"SELECT * FROM {table} WHERE {column} = ?")
            for table, column in _OF.items()
        }
        events = rows(f"SELECT {columns} FROM events WHERE subject = ? ORDER BY version")
        messages = [row[1:] for row in rows("SELECT * FROM outbox WHERE subject = ?")]
        lies = rows("SELECT owner, field FROM vault WHERE owner LIKE ? || '-%'")
        texts = [(owner, field, office.vault.plain(conn, owner, field)) for owner, field in lies]
    kept = [(owner, field, plain) for owner, field, plain in texts if plain is not None]
    return Model(subject, found, events, messages, kept)


def copied(folder: Path, keys: Keys, copies: Copies) -> None:
    """Adds the copies to the store, which nobody has open; they went their way beside each other,
    so that all of a chunk's events stand in order of time.
    """
    with closing(sqlite3.connect(folder / "bihuan.db", isolation_level=None)) as conn:
        for pragma in _PACE:
            conn.execute(f"PRAGMA {pragma}").fetchall()
        lanes = {
            lane: [pos, recorded_at, digest]
            for lane, pos, recorded_at, digest, _ in conn.execute("SELECT * FROM lanes")
        }
        for part in _chunks(copies):
            _chunk(conn, keys, lanes, part)
        _close(conn, keys.chain, lanes)
        for pragma in _AFTER:
            conn.execute(f"PRAGMA {pragma}").fetchall()


def _chunks(copies: Copies) -> Iterator[Copies]:
    """Of all models together, so many copies that they fit into memory."""
    share = CHUNK // len(copies)
    most = max(len(ids) for _, ids in copies)
    for start in range(0, most, share):
        parts = [(model, ids[start : start + share]) for model, ids in copies]
        yield [(model, ids) for model, ids in parts if ids]


def _chunk(
    conn: sqlite3.Connection, keys: Keys, lanes: dict[int, list[Any]], copies: Copies
) -> None:
    conn.execute("BEGIN")
    events: list[Row] = []
    for model, ids in copies:
        _rows(conn, keys, model, ids)
        events += _events(model, ids)
        events += [
            _batch(conn, model, len(ids[at : at + BATCH])) for at in range(0, len(ids), BATCH)
        ]
    events.sort(key=itemgetter(_RECORDED))
    _append(conn, keys.chain, lanes, events)
    conn.execute("COMMIT")


def _rows(conn: sqlite3.Connection, keys: Keys, model: Model, ids: Sequence[str]) -> None:
    for table, rows in model.rows.items():
        _insert(conn, table, [row for like in rows for row in _like(like, model.subject, ids)])
    names = ", ".join(column.name for column in outbox.columns if column.name != "id")
    messages = [row for like in model.messages for row in _like(like, model.subject, ids)]
    _insert(conn, f"outbox ({names})", messages)
    sealed = Vault(keys).sealed(
        (owner.replace(model.subject, subject), field, plain)
        for subject in ids
        for owner, field, plain in model.texts
    )
    _insert(conn, "vault", list(sealed))


def _insert(conn: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        conn.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def _like(row: Row, model: str, ids: Sequence[str]) -> Iterator[Row]:
    """The row once for each id, its number replaced wherever it stands: in its orders' too."""
    old = model.removeprefix("CP")
    named = [n for n, value in enumerate(row) if isinstance(value, str) and old in value]
    for subject in ids:
        made, new = list(row), subject.removeprefix("CP")
        for place in named:
            made[place] = row[place].replace(old, new)
        yield tuple(made)


def _events(model: Model, ids: Sequence[str]) -> Iterator[Row]:
    """Each step of all copies, then the next step of all."""
    yield from (row for like in model.events for row in _like(like, model.subject, ids))


def _batch(conn: sqlite3.Connection, model: Model, complaints: int) -> Row:
    """The event of the batch that opened these complaints."""
    (number,) = conn.execute(
        "UPDATE sequences SET value = value + 1 WHERE name = 'batch' RETURNING value"
    ).fetchone()
    at = model.events[0][7]
    data = batch_of(number, complaints, at).model_dump_json(exclude={"type"}, exclude_none=True)
    told = ("BatchCollected", 1, "", at, at, PLATFORM.name, str(PLATFORM.role), None, None)
    return (0, 0, f"batch/{number}", 1, *told, data, None)


def _append(
    conn: sqlite3.Connection, key: bytes, lanes: dict[int, list[Any]], events: Sequence[Row]
) -> None:
    """As the log appends: gapless, times never falling back, each hash on the one before."""
    made = []
    for _, _, subject, *rest in events:
        lane = log.lane_of(subject)
        head = lanes[lane]
        head[0] += 1
        rest[5] = head[1] = max(head[1], rest[5])
        row = (lane, head[0], subject, *rest)
        head[2] = log.link(key, head[2], row)
        made.append((*row, head[2]))
    made.sort(key=lambda row: row[:2])
    _insert(conn, "events", made)


def _close(conn: sqlite3.Connection, key: bytes, lanes: dict[int, list[Any]]) -> None:
    """The lanes' heads, sealed; every consumer has handled what is there."""
    for lane, (pos, at, digest) in lanes.items():
        values = (pos, at, digest, log.seal(key, lane, pos, digest), lane)
        conn.execute("UPDATE lanes SET pos=?, recorded_at=?, hash=?, seal=? WHERE lane=?", values)
        conn.execute("UPDATE progress SET pos = ? WHERE lane = ?", (pos, lane))
