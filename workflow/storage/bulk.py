"""Many rows into one table at once: on a server by COPY into a table of the session's own, and one
statement from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, MetaData, Table, select, text
from sqlalchemy.dialects.postgresql import Insert, insert

from workflow.storage.database import run_many

FEW = 20
"""Up to so many rows the server is quicker without a detour."""


class Bulk:
    """Inserts rows (values in the order of `names`), `otherwise` saying what becomes of a key that
    is there. Must be a module-level constant, as a statement.
    """

    def __init__(
        self, table: Table, names: tuple[str, ...], otherwise: Callable[[Insert], Insert]
    ) -> None:
        self.names = names
        self._one = otherwise(insert(table))
        staged = table.to_metadata(MetaData(), name=f"staged_{table.name}")
        rows = select(*(staged.c[name] for name in names))
        in_order = rows.order_by(*(staged.c[key.name] for key in table.primary_key))
        self._all = otherwise(insert(table).from_select(list(names), in_order))
        self._room = text(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {staged.name} (LIKE {table.name})"
            " ON COMMIT DELETE ROWS"
        )
        listed = ", ".join(f'"{name}"' for name in names)
        self._copy = f"COPY {staged.name} ({listed}) FROM STDIN"

    def add(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """Answers how many rows it touched."""
        if len(rows) <= FEW or conn.dialect.name == "sqlite":
            return run_many(conn, self._one, self.names, rows)
        conn.execute(self._room)
        cursor: Any = conn.connection.cursor()
        with cursor, cursor.copy(self._copy) as copying:
            for row in rows:
                copying.write_row(row)
        return conn.execute(self._all, execution_options={"preserve_rowcount": True}).rowcount
