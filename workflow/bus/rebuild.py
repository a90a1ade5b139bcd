"""Rebuilding a replayable consumer's tables from the log, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn, Protocol, runtime_checkable

from sqlalchemy import Connection, Row, Table, delete, select

from workflow.bus.consumer import Consumer, Work
from workflow.errors import InvalidInput
from workflow.ledger import Ledger
from workflow.record import record_of
from workflow.storage.models import events, parked, progress

PAGE = 1000
"""Records handled between two flushes: memory stays flat, however long the log."""

_NOT_HANDLED = ("parked", "held", "discarded")


@runtime_checkable
class Rebuildable(Consumer, Protocol):
    """A replayable consumer whose `tables` hold nothing but what it makes of the log."""

    @property
    def tables(self) -> Sequence[Table]: ...


class _Replay(Work):
    """Work that knows the record alone: the row shows today, and nothing new may be recorded."""

    def complaint(self, subject: str) -> NoReturn:
        raise RuntimeError(f"重建中不得读取今天的差评件（{subject}）")

    def record(self, *_: Any, **__: Any) -> NoReturn:
        raise RuntimeError("重建中不得记录新的事件")


def rebuild(ledger: Ledger, consumer: Consumer) -> None:
    """Empties the consumer's tables and runs it over the log again, in each lane up to where it
    stood; progress stays. Readers see the old tables until all of it is committed.

    Records that were parked, held or discarded stay unhandled. Raises InvalidInput for a consumer
    that cannot be rebuilt; an error of its handler leaves everything as it was.
    """
    if not (consumer.replayable and isinstance(consumer, Rebuildable)):
        raise InvalidInput("name", consumer.name, "这个消费者不能从事件重建")
    with ledger.transaction() as posting:
        for table in reversed(consumer.tables):
            posting.conn.execute(delete(table))
        work = _Replay(posting, consumer.name)
        for lane, upto in _stood(posting.conn, consumer.name):
            beside = _beside(posting.conn, consumer.name, lane)
            pos = 0
            while rows := _page(posting.conn, consumer, lane, pos, upto):
                for row in rows:
                    if row.pos not in beside:
                        consumer.handle(record_of(row), work)
                posting.flush()
                pos = rows[-1].pos


def _stood(conn: Connection, name: str) -> list[tuple[int, int]]:
    """How far the consumer had come; the rows are locked, where the database locks rows."""
    query = select(progress.c.lane, progress.c.pos).where(progress.c.consumer == name)
    ordered = query.order_by(progress.c.lane).with_for_update()
    return [(row.lane, row.pos) for row in conn.execute(ordered)]


def _beside(conn: Connection, name: str, lane: int) -> set[int]:
    query = select(parked.c.pos).where(
        parked.c.consumer == name, parked.c.lane == lane, parked.c.status.in_(_NOT_HANDLED)
    )
    return set(conn.execute(query).scalars())


def _page(
    conn: Connection, consumer: Consumer, lane: int, pos: int, upto: int
) -> Sequence[Row[Any]]:
    query = (
        select(events)
        .where(
            events.c.lane == lane,
            events.c.pos > pos,
            events.c.pos <= upto,
            events.c.type.in_(sorted(consumer.handles)),
        )
        .order_by(events.c.pos)
        .limit(PAGE)
    )
    return conn.execute(query).all()
