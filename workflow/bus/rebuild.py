"""Rebuilding a replayable consumer's tables from the log: into shadows, batch by batch, beside
everything that runs; then one short transaction catches up and puts them in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn, Protocol, runtime_checkable

from sqlalchemy import Connection, MetaData, Row, Table, select, text
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

from workflow.bus.consumer import Consumer, Record, Work
from workflow.bus.lease import Lease
from workflow.clock import system_clock
from workflow.errors import Busy, InvalidInput
from workflow.ledger import Ledger, Posting
from workflow.record import record_of
from workflow.storage.models import events, parked, progress

PAGE = 200
"""Records a batch: nobody waits longer for the writer than behind the runner itself."""

SHADOW = "shadow_"
_NOT_HANDLED = ("parked", "held", "discarded")


@runtime_checkable
class Rebuildable(Consumer, Protocol):
    """A replayable consumer whose `tables` hold nothing but what it makes of the log."""

    @property
    def tables(self) -> Sequence[Table]: ...

    def over(self, tables: Sequence[Table]) -> Consumer:
        """The same consumer with its statements over these tables, which are like its own."""


class _Replay(Work):
    """Work that knows the record alone: the row shows today, and nothing new may be recorded."""

    def complaint(self, subject: str) -> NoReturn:
        raise RuntimeError(f"重建中不得读取今天的差评件（{subject}）")

    def record(self, *_: Any, **__: Any) -> NoReturn:
        raise RuntimeError("重建中不得记录新的事件")


def rebuild(
    ledger: Ledger, consumer: Consumer, told: Callable[[int, int], None] = lambda _, __: None
) -> None:
    """Makes the consumer's tables anew from the log, up to where it stands; its progress stays.
    Everybody reads the old tables until the new ones are in place, and works on meanwhile.

    Records that are parked, held or discarded stay unhandled. `told` hears how many positions of
    the log are done, and of how many. Raises InvalidInput for a consumer that cannot be rebuilt,
    Busy while another process rebuilds it; an error of its handler leaves everything as it was.
    """
    if not (consumer.replayable and isinstance(consumer, Rebuildable)):
        raise InvalidInput("name", consumer.name, "这个消费者不能从事件重建")
    lease = Lease(ledger.database, f"rebuild/{consumer.name}", system_clock)
    if lease.acquire() is None:
        raise Busy(f"{consumer.name} 正由另一个进程重建")
    try:
        while not _Shadow(ledger, consumer, lease, told).put_in_place():
            pass  # somebody replayed a record that had been left out: its order is lost here
    finally:
        with ledger.database.write() as conn:
            _drop(conn, _shadows(consumer))
        lease.release()


class _Shadow:
    """One try: tables beside the consumer's own, and how far in each lane they have come."""

    def __init__(
        self,
        ledger: Ledger,
        consumer: Rebuildable,
        lease: Lease,
        told: Callable[[int, int], None],
    ) -> None:
        self.ledger, self.consumer, self.lease, self.told = ledger, consumer, lease, told
        self.tables = _shadows(consumer)
        self.twin = consumer.over(self.tables)
        self.reached: dict[int, int] = {}
        self.left_out: set[tuple[int, int]] = set()

    def put_in_place(self) -> bool:
        """False if a record it left out was handled meanwhile."""
        with self.ledger.database.write() as conn:
            _drop(conn, self.tables)
            for table in self.tables:
                conn.execute(CreateTable(table))
        while self._round() > PAGE:
            pass
        with self.ledger.transaction(patient=True) as posting:
            self._hold(posting.conn)
            if self.left_out - _beside(posting.conn, self.consumer.name):
                return False
            self._catch_up(posting)
            for table, shadow in zip(self.consumer.tables, self.tables, strict=True):
                _swap(posting.conn, table, shadow)
        return True

    def _round(self) -> int:
        """Up to where the consumer stands now, in transactions of their own; answers by how many
        positions.
        """
        before = sum(self.reached.values())
        with self.ledger.database.read() as conn:
            stood, beside = _stands(conn, self.consumer.name), _beside(conn, self.consumer.name)
        for lane, upto in stood.items():
            while records := self._page(None, lane, upto):
                with self.ledger.transaction(patient=True) as posting:
                    self._hold(posting.conn)
                    self._handle(posting, records, beside)
                self._move(lane, records[-1].pos)
                self.told(sum(self.reached.values()), sum(stood.values()))
            self._move(lane, upto)
        return sum(self.reached.values()) - before

    def _catch_up(self, posting: Posting) -> None:
        """What the consumer has done since, while it waits."""
        beside = _beside(posting.conn, self.consumer.name)
        for lane, upto in _stands(posting.conn, self.consumer.name, locked=True).items():
            while records := self._page(posting.conn, lane, upto):
                self._handle(posting, records, beside)
                posting.flush()
                self._move(lane, records[-1].pos)

    def _handle(
        self, posting: Posting, records: Iterable[Record], beside: set[tuple[int, int]]
    ) -> None:
        work = _Replay(posting, self.consumer.name)
        for record in records:
            place = (record.lane, record.pos)
            if place in beside:
                self.left_out.add(place)
            else:
                self.twin.handle(record, work)

    def _page(self, conn: Connection | None, lane: int, upto: int) -> list[Record]:
        """The next records of a lane, in this transaction or in a snapshot of their own."""
        if conn is None:
            with self.ledger.database.read() as snapshot:
                return self._page(snapshot, lane, upto)
        rows: Sequence[Row[Any]] = conn.execute(
            select(events)
            .where(
                events.c.lane == lane,
                events.c.pos > self.reached.get(lane, 0),
                events.c.pos <= upto,
                events.c.type.in_(sorted(self.consumer.handles)),
            )
            .order_by(events.c.pos)
            .limit(PAGE)
        ).all()
        return [record_of(row) for row in rows]

    def _move(self, lane: int, pos: int) -> None:
        self.reached[lane] = pos

    def _hold(self, conn: Connection) -> None:
        if not self.lease.hold(conn):
            raise Busy(f"{self.consumer.name} 已由另一个进程重建")


def _shadows(consumer: Rebuildable) -> list[Table]:
    """Without indexes: their names are the old tables' until those are gone."""
    return [t.to_metadata(MetaData(), name=SHADOW + t.name) for t in consumer.tables]


def _drop(conn: Connection, tables: Iterable[Table]) -> None:
    for table in tables:
        conn.execute(DropTable(table, if_exists=True))


def _swap(conn: Connection, table: Table, shadow: Table) -> None:
    conn.execute(DropTable(table))
    conn.execute(text(f"ALTER TABLE {shadow.name} RENAME TO {table.name}"))
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        conn.execute(CreateIndex(index))


def _stands(conn: Connection, name: str, locked: bool = False) -> dict[int, int]:
    """How far the consumer has come; with its rows locked, where the database locks rows."""
    query = select(progress.c.lane, progress.c.pos).where(progress.c.consumer == name)
    ordered = query.order_by(progress.c.lane)
    rows = conn.execute(ordered.with_for_update() if locked else ordered)
    return {row.lane: row.pos for row in rows}


def _beside(conn: Connection, name: str) -> set[tuple[int, int]]:
    query = select(parked.c.lane, parked.c.pos).where(
        parked.c.consumer == name, parked.c.status.in_(_NOT_HANDLED)
    )
    return {(row.lane, row.pos) for row in conn.execute(query)}
