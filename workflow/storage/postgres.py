"""PostgreSQL: snapshot reads, writes that lock rows in one order, the server's clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from workflow.errors import InvalidInput
from workflow.storage.database import Database
from workflow.storage.postgres_refusals import told

LIMITS = {
    "lock_timeout": "10s",
    "statement_timeout": "120s",
    "idle_in_transaction_session_timeout": "8s",
}
"""A process that stops in mid-transaction keeps its locks: the server ends it."""

GIVEN_UP = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
"""Unless the address says otherwise: half a minute without a sign of the server's host, and the
connection is given up: a host that vanishes says no farewell, and the system would wait for hours.
"""

OLDEST = 15
"""The first release of the server that is tried with every statement here."""

CONNECTIONS = 8
"""For reading, and as many for writing: who reads may have to write before he is done."""

SILENT, ASKED = 130.0, 5.0
"""Seconds without an answer after which a connection is given up: a server that is stuck takes its
own limits as little to heart as our statements. Whoever begins asks first, and hears it sooner.
"""

RESTED = 1.0
"""Seconds without use after which a connection is asked whether it is still there."""

WRITING, READING = "bihuan", "bihuan-reading"
"""What the server calls our connections: any role may see that, and who has a transaction open."""

_LAST_USE = "bihuan_last_use"
_OPEN = text(
    """
    SELECT l.virtualtransaction FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.locktype = 'virtualxid' AND l.granted AND l.pid <> pg_backend_pid()
      AND a.datname = current_database() AND a.application_name = :writing
    """
)
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('bihuan'))")
_NOW = text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)")


class Awaited(psycopg.Connection[Any]):
    """One that is not waited for without end, unless `within` is None."""

    within: float | None = SILENT

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        begun = time.monotonic()
        try:
            return super().wait(gen, interval, self.within)
        except psycopg.OperationalError as error:
            if error.sqlstate is not None or not self._waited(time.monotonic() - begun):
                raise
            self.close()
            raise psycopg.OperationalError(f"no answer within {self.within:g} s") from None

    def _waited(self, seconds: float) -> bool:
        """Whether it is given up by now: an error that is not the server's says so then."""
        return self.within is not None and seconds >= self.within


class PostgresDatabase(Database):
    """One PostgreSQL database, shared by any number of processes and hosts."""

    one_writer = False
    contended = False
    pressed = False

    def __init__(self, url: str) -> None:
        super().__init__()
        address = _url(url)
        self.place = address.render_as_string(hide_password=True)
        self.engine = _engine(address, WRITING)
        self._readers = _engine(address, READING).execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        with told(), self._readers.connect() as conn:
            yield conn

    @contextmanager
    def write(self, *, patient: bool = False) -> Iterator[Connection]:  # noqa: ARG002
        with told(), self.engine.begin() as conn:
            yield conn

    def writing(self) -> frozenset[str]:
        with told(), self.engine.connect() as conn:
            return frozenset(conn.execute(_OPEN, {"writing": WRITING}).scalars())

    def _servers_now(self, conn: Connection) -> int | None:
        return int(conn.execute(_NOW).scalar_one())

    def alone(self, conn: Connection, *, patient: bool = False) -> None:
        awaited: Any = conn.connection.dbapi_connection
        if patient:
            awaited.within = None
            _limit(conn, "0")
        conn.execute(_ALONE)
        if patient:
            awaited.within = Awaited.within
            _limit(conn, "DEFAULT")

    def close(self) -> None:
        """One in use at this moment is ended when it is given back: its pool is gone by then."""
        for engine in (self.engine, self._readers):
            event.listen(engine.pool, "checkin", _ended)
            engine.dispose()


def _limit(conn: Connection, waiting: str) -> None:
    """How long this transaction waits for a lock, and for the statement that asks for it."""
    for limit in ("lock_timeout", "statement_timeout"):
        conn.execute(text(f"SET LOCAL {limit} = {waiting}"))


def _engine(address: URL, called: str) -> Engine:
    limits = [f"-c {name}={value}" for name, value in LIMITS.items()]
    said = address.normalized_query.get("options", ())
    engine = create_engine(
        address,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=30,
        hide_parameters=True,
        connect_args={
            **{name: value for name, value in GIVEN_UP.items() if name not in address.query},
            "application_name": called,  # not the address's: processes know one another by it
            "options": " ".join([*limits, *said]),
        },
    )
    event.listen(engine, "do_connect", _connected)
    event.listen(engine, "checkout", partial(_still_there, engine.dialect))
    event.listen(engine, "checkin", _used)
    return engine


def _connected(_dialect: Any, _record: Any, given: Any, named: Any) -> Awaited:
    """Raises InvalidInput for a server that is too old: it lacks what the statements ask for."""
    made = Awaited.connect(*given, **named)
    found = made.info.server_version // 10_000
    if found < OLDEST:
        made.close()
        reason = f"须是 PostgreSQL {OLDEST} 或更新的版本"
        raise InvalidInput("BIHUAN_DATABASE", f"PostgreSQL {found}", reason)
    return made


def _still_there(
    dialect: Dialect, connection: Any, record: ConnectionPoolEntry, _proxy: Any
) -> None:
    """The pool's own way asks before each transaction, which is a round trip more. Raises
    InvalidatePoolError, whereupon the pool makes new ones.
    """
    used = record.info.get(_LAST_USE)
    if used is not None and time.monotonic() - used > RESTED:
        connection.within = ASKED
        try:
            dialect.do_ping(connection)
        except psycopg.Error as error:
            raise InvalidatePoolError from error
        connection.within = Awaited.within


def _ended(connection: Any, _record: ConnectionPoolEntry) -> None:
    if connection is not None:
        connection.close()


def _used(connection: Any, record: ConnectionPoolEntry) -> None:
    if connection is not None:
        connection.within = Awaited.within
    record.info[_LAST_USE] = time.monotonic()


def _url(given: str) -> URL:
    try:
        url = make_url(given)
        make_conninfo(**dict.fromkeys(url.query, ""))
    except (ArgumentError, ValueError, psycopg.ProgrammingError):  # the last: an unknown option
        raise InvalidInput("BIHUAN_DATABASE", "（不显示）", "不是数据库的地址") from None
    if url.get_backend_name() != "postgresql":
        raise InvalidInput("BIHUAN_DATABASE", url.drivername, "须是 postgresql://… 的地址")
    return url.set(drivername="postgresql+psycopg")
