"""The embedded database: one SQLite file, snapshot reads, writes one by one in order of asking."""

from __future__ import annotations

import logging
import os
import sqlite3
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from workflow import said
from workflow.errors import BihuanError, Busy, Damaged, MovedAway, Unwritable
from workflow.storage.database import Database
from workflow.storage.fairness import Turnstile

BUSY_TIMEOUT = "PRAGMA busy_timeout=10000"
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    BUSY_TIMEOUT,
    "PRAGMA wal_autocheckpoint=0",
    "PRAGMA cache_size=-24576",
    "PRAGMA temp_store=MEMORY",
)
"""WAL with FULL: acknowledged means on disk. No automatic checkpoints: SQLite before 3.51.3 can
lose commits when a
checkpoint meets a writer (the WAL-reset bug), so only the holder of the write lock checkpoints,
on every version alike.
"""

READING = "PRAGMA cache_size=-2048"
"""One connection writes, and each answer under way reads on its own: what these read lies in the
system's memory anyway.
"""

CHECKPOINT_PAGES = 2048
"""Pages in SQLite's log, 8 MiB, that are written back at once: some tens of milliseconds."""

AT_THE_LATEST = 4
"""Times as many, even though somebody waits, or nobody writes who is patient."""

POOLED = 16
"""Connections that are kept; never a limit."""

TRUNCATE_BYTES = 128 << 20
WRITE_TIMEOUT = 30.0
LOGGER = logging.getLogger("bihuan.database")


class SqliteDatabase(Database):
    """One embedded database file. Raises Busy when the queue stays occupied for 30 seconds,
    Unwritable when there is no room or no right to write, Damaged for a file that is no database.
    """

    one_writer = True

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.place, self._written_back = path, str(path), 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.turnstile = Turnstile(path)
        except OSError as error:
            raise unwritable(path.parent, error) from error
        self.engine = self._engine(PRAGMAS).execution_options(write=True)
        self._readers = self._engine((*PRAGMAS, READING))

    def _engine(self, pragmas: Sequence[str]) -> Engine:
        made = create_engine(
            f"sqlite:///{self.path}",
            connect_args={"check_same_thread": False, "cached_statements": 256},
            pool_size=POOLED,
            max_overflow=-1,
            pool_use_lifo=True,  # few of them are in use, each with pages of its own at hand
            hide_parameters=True,
        )
        event.listen(made, "connect", partial(self._prepare, pragmas))
        event.listen(made, "begin", _begin)
        return made

    def _prepare(self, pragmas: Sequence[str], dbapi: Any, _record: Any) -> None:
        if self.path.stat().st_size == 0:  # new: its log takes over whose it is
            self.path.chmod(0o600)
        dbapi.isolation_level = None
        for pragma in pragmas:
            dbapi.execute(pragma)

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        with _plainly(), self._readers.connect() as conn:
            yield conn

    @contextmanager
    def write(self, *, patient: bool = False) -> Iterator[Connection]:
        with self.turnstile.held(WRITE_TIMEOUT, patient=patient):
            with _plainly(), self.engine.begin() as conn:
                yield conn
            self._checkpoint(patient)

    def alone(self, conn: Connection, *, patient: bool = False) -> None:
        """Every write transaction is."""

    def _checkpoint(self, patient: bool) -> None:
        """Under the write lock, so that no commit and no other checkpoint runs beside it; by
        patient writers, while nobody waits, unless that takes too long to come.

        What was written is committed already: a checkpoint that fails is made up for by a later
        one, and none waits for readers.
        """
        soon = patient and not self.turnstile.awaited
        if self.behind < (CHECKPOINT_PAGES if soon else AT_THE_LATEST * CHECKPOINT_PAGES):
            return
        size = Path(f"{self.path}-wal").stat().st_size
        mode = "TRUNCATE" if size > TRUNCATE_BYTES else "PASSIVE"
        raw = self.engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute("PRAGMA busy_timeout=0")
            _, _, self._written_back = cursor.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        except sqlite3.Error:
            LOGGER.warning("the database's log could not be checkpointed", exc_info=True)
        finally:
            raw.cursor().execute(BUSY_TIMEOUT)
            raw.close()

    @property
    def behind(self) -> int:
        """Pages in SQLite's log that this process has not seen written back."""
        pages = pages_in_log(self.path)
        if pages < self._written_back:  # the log has begun anew
            self._written_back = 0
        return pages - self._written_back

    @property
    def contended(self) -> bool:
        return self.turnstile.contended

    @property
    def pressed(self) -> bool:
        return self.turnstile.pressed

    def close(self) -> None:
        self.engine.dispose()
        self._readers.dispose()
        self.turnstile.close()


def pages_in_log(database: Path) -> int:
    """Pages in SQLite's log since it last began anew: frames that carry the salts of its head
    (sqlite.org, fileformat2: the WAL), found by halving; the file itself is kept for what comes.

    Only this file may be looked into. To open and close the database or its `-shm` beside SQLite
    would drop every lock that this process holds on it.
    """
    try:
        with open(f"{database}-wal", "rb", buffering=0) as log:
            head = log.read(_LOG_HEAD)
            if len(head) < _LOG_HEAD:
                return 0
            (page,), salts = _NUMBER.unpack_from(head, 8), head[16:24]
            first, beyond = 0, (os.fstat(log.fileno()).st_size - _LOG_HEAD) // (page + _FRAME_HEAD)
            while first < beyond:
                middle = (first + beyond) // 2
                at = _LOG_HEAD + middle * (page + _FRAME_HEAD) + 8
                if os.pread(log.fileno(), 8, at) == salts:
                    first = middle + 1
                else:
                    beyond = middle
            return first
    except FileNotFoundError:
        return 0


_NUMBER = struct.Struct(">I")
_LOG_HEAD, _FRAME_HEAD = 32, 24


def unwritable(where: Path, error: OSError) -> Unwritable:
    return Unwritable(f"数据夹 {where} 不能用：{said.of_system(error)}（{error.filename}）")


@contextmanager
def _plainly() -> Iterator[None]:
    """What the database says of itself, not of a statement, becomes an error of ours."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        name = getattr(getattr(error, "orig", error), "sqlite_errorname", "")
        for start, kind in _SAID.items():
            if name.startswith(start):
                raise kind from error
        raise


_SAID: Mapping[str, type[BihuanError]] = {
    "SQLITE_BUSY": Busy,
    "SQLITE_LOCKED": Busy,
    "SQLITE_FULL": Unwritable,
    "SQLITE_IOERR": Unwritable,
    "SQLITE_READONLY": Unwritable,
    "SQLITE_CANTOPEN": Unwritable,
    "SQLITE_CONSTRAINT_TRIGGER": MovedAway,
    "SQLITE_NOTADB": Damaged,
    "SQLITE_CORRUPT": Damaged,
}


def _begin(conn: Connection) -> None:
    write = conn.get_execution_options().get("write")
    conn.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
