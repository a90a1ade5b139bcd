"""核对: one thing that is not as it must be, and how the auditor reads tables of any size and in
any condition.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select

_PAGE = 2000


@dataclass(frozen=True, slots=True)
class Finding:
    """What kind of damage, which row, and what is wrong with it, for a person to read."""

    kind: str
    where: str
    message: str


def streamed(conn: Connection, query: Select[Any]) -> Iterator[Row[Any]]:
    """The query's rows a page at a time, so that memory stays flat."""
    with conn.execute(query, execution_options={"yield_per": _PAGE}) as rows:
        yield from rows


def octets(value: object) -> bytes:
    """A stored hash or seal; nothing, where something else was put in its place."""
    return bytes(value) if isinstance(value, bytes | memoryview) else b""


@contextmanager
def undaunted(conn: Connection) -> Iterator[None]:
    """Within, text that is no longer text is read all the same: SQLite checks no bytes."""
    raw: Any = conn.connection.dbapi_connection
    usual = getattr(raw, "text_factory", None)
    if usual is None:
        yield
        return
    raw.text_factory = _read
    try:
        yield
    finally:
        raw.text_factory = usual


def _read(stored: bytes) -> str:
    return stored.decode("utf-8", "replace")
