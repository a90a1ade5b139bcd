"""Many rows into one table at once: on a server by COPY, straight into the table as long as all of
them are new; else into a table of the session's own, and by one statement from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, MetaData, Table, select, text
from sqlalchemy.dialects.postgresql import Insert, insert

from workflow.storage.database import run_many

FEW = 20
"""Up to so many rows the server is quicker without a detour."""


class Bulk:
    """Inserts rows (values in the order of `names`), `otherwise` saying what becomes of a key that
    is there. Must be a module-level constant, as a statement. `new`: the keys are mostly new, and
    the table has no policies for its rows: a role that they bind cannot copy straight into it.
    """

    def __init__(
        self,
        table: Table,
        names: tuple[str, ...],
        otherwise: Callable[[Insert], Insert],
        *,
        new: bool = False,
    ) -> None:
        self.names = names
        keys = [column.name for column in table.primary_key]
        self._key = itemgetter(*map(names.index, keys))
        self._one = otherwise(insert(table))
        staged = table.to_metadata(MetaData(), name=f"staged_{table.name}")
        rows = select(*(staged.c[name] for name in names))
        in_order = rows.order_by(*(staged.c[key] for key in keys))
        self._all = otherwise(insert(table).from_select(list(names), in_order))
        self._room = text(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {staged.name} (LIKE {table.name})"
            " ON COMMIT DELETE ROWS"
        )
        listed = ", ".join(f'"{name}"' for name in names)
        self._new, self._straight = new, f"COPY {table.name} ({listed}) FROM STDIN"
        self._copy = f"COPY {staged.name} ({listed}) FROM STDIN"
        self._met = False

    def add(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """Answers how many rows it touched."""
        if len(rows) <= FEW or conn.dialect.name == "sqlite":
            return run_many(conn, self._one, self.names, rows)
        if self._new and not self._met and self._are_new(conn, rows):
            return len(rows)
        touched = self._by_a_detour(conn, rows)
        self._met = touched < len(rows)  # who sends a day again sends more of it
        return touched

    def _are_new(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> bool:
        """Whether no key stood there: the rows do then. In the keys' order, as everybody's."""
        try:
            with conn.begin_nested():
                _copied(conn, self._straight, sorted(rows, key=self._key))
        except conn.dialect.loaded_dbapi.IntegrityError:
            return False
        return True

    def _by_a_detour(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        conn.execute(self._room)
        _copied(conn, self._copy, rows)
        return conn.execute(self._all, execution_options={"preserve_rowcount": True}).rowcount


def _copied(conn: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    cursor: Any = conn.connection.cursor()
    with cursor, cursor.copy(statement) as copying:
        for row in rows:
            copying.write_row(row)
