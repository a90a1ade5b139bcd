"""The peer on PostgreSQL: its own recorder and pool, and the rows beside the events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresDatastore, PostgresFactory, PostgresProcessRecorder
from psycopg import Cursor
from psycopg.sql import SQL

from bench.peer_rows import TABLES, Row, grouped

_WORDS = (("?", "%s"), (" WITHOUT ROWID", ""), ("BLOB", "BYTEA"), ("INTEGER", "BIGINT"))


class Recorder(PostgresProcessRecorder):
    """Events, tracking and `rows` in one transaction, sent in one pipeline."""

    def __init__(self, datastore: PostgresDatastore, **names: Any) -> None:
        super().__init__(datastore, **names)
        self.sql_create_statements.extend(SQL(_spoken(table)).format() for table in TABLES)

    def _insert_events(
        self,
        curs: Cursor[Any],
        stored_events: Sequence[StoredEvent],
        rows: Sequence[Row] = (),
        **kwargs: Any,
    ) -> None:
        with curs.connection.cursor() as own:  # theirs is read from afterwards
            for sql, values in grouped(rows):
                own.executemany(_spoken(sql), values)
        super()._insert_events(curs, stored_events, **kwargs)


class Factory(PostgresFactory):
    process_recorder_class = Recorder


def _spoken(sql: str) -> Any:
    """As this database says it."""
    for here, there in _WORDS:
        sql = sql.replace(here, there)
    return sql
