"""From an embedded database to a server: every row copied, and counted and summed on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, func, inspect, select

from workflow.storage.models import METADATA, attachments, leases

PAGE, FEW = 5000, 4
"""Rows held at once; of a table whose rows may have ten megabytes, a few."""

MOVED = [table for table in METADATA.sorted_tables if table is not leases]
"""All but the leases: who runs is no part of what was recorded."""

_SIZE = 1 << 256
_SEAL = """
    CREATE TRIGGER IF NOT EXISTS moved_away_{act}_{table} BEFORE {act} ON {table}
    BEGIN SELECT RAISE(ABORT, '数据库已搬走'); END
"""
_SEALS = [(table.name, act) for table in MOVED for act in ("INSERT", "UPDATE", "DELETE")]


class Sum(NamedTuple):
    """What a table holds: how many rows, and the sum of their digests, in whatever order."""

    rows: int
    digest: str


def copy_all(source: Connection, target: Connection) -> None:
    """Every row of every table, into the empty tables of a server, in the open transaction in which
    `upgrade` has just made them.
    """
    for table in MOVED:
        names = [column.name for column in table.columns]
        listed = ", ".join(f'"{name}"' for name in names)
        cursor: Any = target.connection.cursor()
        with cursor, cursor.copy(f"COPY {table.name} ({listed}) FROM STDIN") as copying:
            for row in _rows(source, table):
                copying.write_row(row)
        _count_on(target, table)


def _count_on(target: Connection, table: Table) -> None:
    """What the server numbers by itself goes on behind the last number."""
    column = table.autoincrement_column
    if column is None or column.name != "id":
        return
    last = target.execute(select(func.max(column))).scalar()
    if last is not None:
        place = func.pg_get_serial_sequence(table.name, column.name)
        target.execute(select(func.setval(place, last)))


def sums(conn: Connection) -> dict[str, Sum]:
    """What each table holds."""
    return {table.name: _sum(conn, table) for table in MOVED}


def _sum(conn: Connection, table: Table) -> Sum:
    count = total = 0
    for row in _rows(conn, table):
        count += 1
        total += int.from_bytes(hashlib.sha256(repr(row).encode()).digest(), "big")
    return Sum(count, f"{total % _SIZE:064x}")


def _rows(conn: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    page = FEW if table is attachments else PAGE
    with conn.execute(select(table), execution_options={"yield_per": page}) as rows:
        for row in rows:
            yield tuple(bytes(v) if isinstance(v, memoryview) else v for v in row)


def nothing_in(conn: Connection) -> bool:
    """Whether the database has no table at all."""
    return not inspect(conn).get_table_names()


def ours(conn: Connection) -> bool:
    """Whether the database has every table of this release."""
    return {table.name for table in METADATA.sorted_tables} <= {*inspect(conn).get_table_names()}


def seal_off(source: Connection) -> None:
    """The embedded database takes nothing any more: a program that still has it open records
    nothing that would be missed.
    """
    for table, act in _SEALS:
        source.exec_driver_sql(_SEAL.format(table=table, act=act))


def unseal(source: Connection) -> None:
    """It stays where it is, and takes everything again."""
    for table, act in _SEALS:
        source.exec_driver_sql(f"DROP TRIGGER IF EXISTS moved_away_{act}_{table}")
