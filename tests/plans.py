"""How SQLite goes about what it is asked: by an index, or through all that there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event


@contextmanager
def planned(conn: Connection, words: str) -> Iterator[list[tuple[str, str]]]:
    """Each statement with these words that this connection's engine is asked from here on, with
    each step of its plan.
    """
    steps: list[tuple[str, str]] = []

    def explain(asked: Connection, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        if words in sql:
            plan = asked.connection.cursor().execute(f"EXPLAIN QUERY PLAN {sql}", values)
            steps.extend((sql, row[3]) for row in plan)

    event.listen(conn.engine, "before_cursor_execute", explain)
    try:
        yield steps
    finally:
        event.remove(conn.engine, "before_cursor_execute", explain)
