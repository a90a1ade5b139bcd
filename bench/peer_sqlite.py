"""The peer on SQLite: its own recorder, the product's pragmas, and the rows beside the events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import (
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteFactory,
    SQLiteProcessRecorder,
)

from bench.peer_rows import TABLES, Row, grouped
from workflow.storage.sqlite import PRAGMAS


class Recorder(SQLiteProcessRecorder):
    """Events, tracking and `rows` in one transaction."""

    def construct_create_table_statements(self) -> list[str]:
        return [*super().construct_create_table_statements(), *TABLES]

    def _insert_events(
        self,
        c: SQLiteCursor,
        stored_events: Sequence[StoredEvent],
        rows: Sequence[Row] = (),
        **kwargs: Any,
    ) -> Sequence[int] | None:
        for sql, values in grouped(rows):
            c.executemany(sql, values)
        return super()._insert_events(c, stored_events, **kwargs)


class _Pool(SQLiteConnectionPool):
    """Connections with the product's pragmas; the log is checkpointed as SQLite does by itself."""

    def _create_connection(self) -> SQLiteConnection:
        made = super()._create_connection()
        cursor = made.cursor()
        for pragma in PRAGMAS:
            if "wal_autocheckpoint" not in pragma:
                cursor.execute(pragma)
        return made


class Factory(SQLiteFactory):
    process_recorder_class = Recorder

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.datastore.pool.close()
        self.datastore.pool = _Pool(db_name=self.datastore.pool.db_name)
