"""The raw driver's floor: every statement that writes, run again with its very rows, commit by
commit, on the standard library's sqlite3, with the same pragmas on the same disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, event

from bench.stores import Lap, Stopwatch, expect, store
from console.wiring import Office
from workflow.storage.models import METADATA
from workflow.storage.sqlite import CHECKPOINT_PAGES, PRAGMAS, pages_in_log


class Written(NamedTuple):
    """One statement as the driver was handed it."""

    sql: str
    values: Any
    many: bool


Commit = list[Written]


class Tape:
    """The commits of an office while it is recorded."""

    def __init__(self) -> None:
        self.commits: list[Commit] = []
        self._open: Commit = []

    def statement(
        self, conn: Connection, _cursor: Any, sql: str, values: Any, _context: Any, many: bool
    ) -> None:
        if _writes(conn) and not sql.lstrip().startswith("SELECT"):
            self._open.append(Written(sql, values, many))

    def commit(self, _conn: Connection) -> None:
        if any(not written.sql.startswith("BEGIN") for written in self._open):
            self.commits.append(self._open)
        self._open = []


def _writes(conn: Connection) -> bool:
    how = conn.get_execution_options()
    return bool(how.get("write")) or (
        conn.dialect.name == "postgresql" and not how.get("postgresql_readonly")
    )


@contextmanager
def recorded(office: Office) -> Iterator[Tape]:
    """Every write of the office's database, until this ends."""
    tape, engine = Tape(), office.database.engine
    heard: tuple[tuple[str, Callable[..., None]], ...] = (
        ("before_cursor_execute", tape.statement),
        ("commit", tape.commit),
    )
    for name, hear in heard:
        event.listen(engine, name, hear)
    try:
        yield tape
    finally:
        for name, hear in heard:
            event.remove(engine, name, hear)


def replayed(folder: Path, before: Sequence[Commit], timed: Sequence[Commit]) -> Lap:
    """Writes both into a new store of this folder; answers what the second took."""
    with store(folder):
        pass
    path = folder / "bihuan.db"
    with closing(sqlite3.connect(path, isolation_level=None, cached_statements=256)) as conn:
        for pragma in PRAGMAS:
            conn.execute(pragma)
        _replay(conn, path, before)
        watch = Stopwatch()
        _replay(conn, path, timed)
        return watch.lap()


def _replay(conn: sqlite3.Connection, path: Path, commits: Sequence[Commit]) -> None:
    for commit in commits:
        for sql, values, many in commit:
            if many:
                conn.executemany(sql, values)
            else:
                conn.execute(sql, values).fetchall()
        conn.execute("COMMIT")
        if pages_in_log(path) >= CHECKPOINT_PAGES:
            conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def same_rows(product: Path, floor: Path) -> None:
    """Raises Unsound unless both stores have as many rows in every table."""
    counts = [_counts(folder / "bihuan.db") for folder in (product, floor)]
    expect("rows the floor wrote", counts[1], counts[0])


def _counts(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as conn:
        tables = sorted(METADATA.tables)
        return {t: conn.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables}
