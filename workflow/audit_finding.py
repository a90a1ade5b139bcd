"""核对: one thing that is not as it must be, and how the auditor reads tables of any size."""

from __future__ import annotations

from collections.abc import Iterator
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
    yield from conn.execute(query, execution_options={"yield_per": _PAGE})
