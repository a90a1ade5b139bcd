"""A store filled in bulk with complaints waiting to be verified: valid chains, rows, facts, timers.

One complaint goes the real way; the others are its copies under ids of their own, hashed, sealed
and counted as the ledger would have done.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from bench.case import PLATFORM
from bench.rounds import batch_of, record_first, subjects
from bench.stores import Unsound, store
from console.wiring import Office
from workflow.storage import log
from workflow.storage.vault import Keys, Vault

CHUNK = 10_000
BATCH = 1_000
"""Complaints that one BatchCollected accounts for."""

_OF = {"complaints": "id", "complaint_facts": "subject", "deadlines": "subject"}
_PACE = ("journal_mode=OFF", "synchronous=OFF", "cache_size=-131072", "temp_store=MEMORY")
_AFTER = ("synchronous=FULL", "journal_mode=WAL")

Row = tuple[Any, ...]


class Model(NamedTuple):
    """The complaint that is copied: its rows by table, its events, its one text."""

    subject: str
    rows: dict[str, list[Row]]
    events: list[Row]
    messages: list[Row]
    text: bytes


def seeded(folder: str, groups: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Fills a new store with these groups: (how many, microseconds UTC at which collected), in
    order of time. Ids go on from CP21-0000001.
    """
    path, first = Path(folder), 1
    for complaints, at in groups:
        with store(path, at) as office:
            model = _model(office, first)
            keys = office.keys
        with closing(sqlite3.connect(path / "bihuan.db", isolation_level=None)) as conn:
            for pragma in _PACE:
                conn.execute(f"PRAGMA {pragma}").fetchall()
            _copies(conn, keys, model, subjects(first + 1, complaints - 1))
            for pragma in _AFTER:
                conn.execute(f"PRAGMA {pragma}").fetchall()
        first += complaints
    return {"complaints": first - 1}


def _model(office: Office, number: int) -> Model:
    """A complaint brought to its verification by the real consumers, read back."""
    (subject,) = subjects(number, 1)
    record_first(office, [subject])
    if not office.drain():
        raise Unsound("the lease of the store being seeded is held by another process")
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
        plain = office.vault.plain(conn, f"{subject}-1", "text")
    assert plain is not None
    return Model(subject, found, events, messages, plain)


def _copies(conn: sqlite3.Connection, keys: Keys, model: Model, ids: Sequence[str]) -> None:
    lanes = {
        lane: [pos, recorded_at, digest]
        for lane, pos, recorded_at, digest, _ in conn.execute("SELECT * FROM lanes")
    }
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        conn.execute("BEGIN")
        _rows(conn, keys, model, part)
        events = list(_events(model, part))
        events += [
            _batch(conn, model, len(part[at : at + BATCH])) for at in range(0, len(part), BATCH)
        ]
        _append(conn, keys.chain, lanes, events)
        conn.execute("COMMIT")
    _close(conn, keys.chain, lanes)


def _rows(conn: sqlite3.Connection, keys: Keys, model: Model, ids: Sequence[str]) -> None:
    for table, rows in model.rows.items():
        _insert(conn, table, [row for like in rows for row in _like(like, model.subject, ids)])
    names = "event_id, subject, channel, recipient, body, created_at, status, tries, sent_at"
    messages = [row for like in model.messages for row in _like(like, model.subject, ids)]
    _insert(conn, f"outbox ({names})", messages)
    sealed = Vault(keys).sealed((f"{subject}-1", "text", model.text) for subject in ids)
    _insert(conn, "vault", sealed)


def _insert(conn: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    marks = ", ".join("?" * len(rows[0]))
    conn.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def _like(row: Row, model: str, ids: Sequence[str]) -> Iterator[Row]:
    """The row once for each id, its own name replaced wherever it stands."""
    named = [n for n, value in enumerate(row) if isinstance(value, str) and model in value]
    for subject in ids:
        made = list(row)
        for place in named:
            made[place] = row[place].replace(model, subject)
        yield tuple(made)


def _events(model: Model, ids: Sequence[str]) -> Iterator[Row]:
    """Each complaint's events one after the other, as they would have been recorded."""
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
