"""What a database is to the engine: snapshot reads, and writes of which each is one transaction."""

from __future__ import annotations

import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from operator import itemgetter
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Column, Connection, Engine, Executable, Row, Select, TextClause, select, text

from workflow.clock import Clock, system_clock

HOLD_EVERY = 2.0
"""Seconds after which whoever reads, and waits for something else, says so: see `hold`."""

AT_ONCE = 1000
"""Keys a statement is given at once: neither database takes any number of values."""


class Database(ABC):
    """SQLite for one office, PostgreSQL for many hosts; both keep what is promised here."""

    engine: Engine
    place: str
    """Where it is, as it may be shown."""
    one_writer: bool
    """Whether writes run one at a time, so that nobody can be in the way of one that goes on."""

    def __init__(self) -> None:
        self._reading = threading.local()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent snapshot, for reading. Who reads something else meanwhile sees the same, and
        takes no second connection: were all in hand, everybody would wait for each other.
        """
        open_one: Connection | None = getattr(self._reading, "conn", None)
        if open_one is not None and not open_one.closed:
            yield open_one
            return
        with self._snapshot() as conn:
            self._reading.conn = conn
            yield conn

    def hold(self) -> None:
        """Keeps the snapshot this thread reads: a server ends those in which nothing is asked."""
        open_one: Connection | None = getattr(self._reading, "conn", None)
        if open_one is not None and not open_one.closed:
            open_one.execute(_STILL)

    @abstractmethod
    def _snapshot(self) -> AbstractContextManager[Connection]:
        """A connection that reads as of now."""

    @abstractmethod
    def write(self, *, patient: bool = False) -> AbstractContextManager[Connection]:
        """A write transaction: committed at the end, rolled back on any error. Where writes run
        one at a time, who is `patient` lets others go first.

        Raises Busy when others stand in the way too long, Away when the server cannot be reached.
        """

    @property
    @abstractmethod
    def contended(self) -> bool:
        """Somebody waits for the write transaction that is open; asked by its holder."""

    @property
    @abstractmethod
    def pressed(self) -> bool:
        """Somebody who is not patient had to wait lately: who writes much should write little at
        a time.
        """

    def writing(self) -> frozenset[str]:
        """The write transactions that are open at this moment, of whatever process: each could
        still be committed. Where writes run one at a time, whoever asks has none before him.
        """
        return frozenset()

    def now(self, conn: Connection, clock: Clock) -> int:
        """Microseconds UTC by the server's clock, on which all hosts agree; without a server, or
        with another clock than the host's, by that clock.
        """
        at = self._servers_now(conn) if clock is system_clock else None
        return clock() if at is None else at

    def _servers_now(self, conn: Connection) -> int | None:  # noqa: ARG002
        """Nothing where there is no server."""
        return None

    @abstractmethod
    def alone(self, conn: Connection, *, patient: bool = False) -> None:
        """Until this write transaction ends, whoever else asks to be alone waits; who is `patient`,
        for as long as it takes.
        """

    @abstractmethod
    def close(self) -> None:
        """Ends all connections."""


_STILL = select(1)


class Spoken:
    """One statement in the words of each database: `{keys}` unfolds a parameter that is a JSON
    text of arrays, to be asked as `j.value ->> 0`; `{cross}` joins it in the order written.
    """

    def __init__(self, sql: str, *, postgresql: str | None = None) -> None:
        words = postgresql or sql
        self._texts = {
            "sqlite": text(sql.format(keys="json_each(:keys) AS j", cross="CROSS JOIN")),
            "postgresql": text(
                words.format(
                    keys="json_array_elements(CAST(:keys AS json)) AS j(value)", cross="JOIN"
                )
            ),
        }

    def on(self, conn: Connection) -> TextClause:
        return self._texts[conn.dialect.name]


_COMPILED: dict[tuple[int, str], tuple[Executable, str, tuple[str, ...]]] = {}


def looked_up(
    conn: Connection, query: Select[Any], column: Column[str], keys: Iterable[str]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """The query's rows whose column holds one of these keys, however many: asked for part by part,
    those of one key together and in the query's order.
    """
    wanted = list(dict.fromkeys(keys))
    for start in range(0, len(wanted), AT_ONCE):
        yield from conn.execute(query.where(column.in_(wanted[start : start + AT_ONCE])))


def run_many(
    conn: Connection, statement: Executable, keys: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> int:
    """The statement once for each row, values in the order of `keys`; answers how many rows it
    touched. A server is handed all rows at once: what is updated, deleted or taken for a conflict
    must not be named twice.

    `statement` must be a module-level constant: its compiled text is kept for the process's life.
    """
    if not rows:
        return 0
    name = conn.dialect.name
    found = _COMPILED.get((id(statement), name))
    if found is None:
        found = _COMPILED[(id(statement), name)] = (statement, *_compiled(conn, statement, keys))
    _, sql, order = found
    if name == "postgresql":
        named = [dict(zip(order, row, strict=True)) for row in rows]
        given = {"rows": to_json(named, bytes_mode="hex").decode()}
        return conn.exec_driver_sql(sql, given).rowcount
    values: Sequence[Any] = rows
    if order != keys:
        values = list(map(itemgetter(*(keys.index(key) for key in order)), rows))
    return conn.exec_driver_sql(sql, list(values)).rowcount


def _compiled(
    conn: Connection, statement: Executable, keys: tuple[str, ...]
) -> tuple[str, tuple[str, ...]]:
    """Its text, and the order of its values."""
    compiled: Any = statement.compile(dialect=conn.dialect, column_keys=list(keys))  # type: ignore[attr-defined]
    if compiled.positiontup is not None:
        return str(compiled), tuple(compiled.positiontup)
    types = {key: compiled.binds[key].type.compile(dialect=conn.dialect) for key in keys}
    # a column's own name is a kind of str of its own, in JSON twenty times as dear
    return _of_all_rows(str(compiled), types), tuple(map(str, keys))


_VALUE = re.compile(r"%\((\w+)\)s(?:::[A-Z]+)?")
_VALUES = re.compile(r"VALUES\s+\((.*)\)\s*$", re.DOTALL)


def _of_all_rows(sql: str, types: Mapping[str, str]) -> str:
    """A statement of one row as a server's statement of all: they come as one JSON text."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        return f"decode(j.\"{name}\", 'hex')" if types[name] == "BYTEA" else f'j."{name}"'

    told = ", ".join(f'"{n}" {"TEXT" if t == "BYTEA" else t}' for n, t in types.items())
    rows = f"json_to_recordset(CAST(%(rows)s AS json)) AS j({told})"
    many = _VALUE.sub(value, sql.strip()).partition(" RETURNING ")[0]
    if many.startswith("INSERT"):
        inserted, on_conflict, then = many.partition("ON CONFLICT")
        return _VALUES.sub(rf"SELECT \1 FROM {rows} ", inserted) + on_conflict + then
    word = "USING" if many.startswith("DELETE") else "FROM"
    return many.replace(" WHERE ", f" {word} {rows} WHERE ", 1)
