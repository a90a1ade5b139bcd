"""Only what went wrong has a row: parked, held behind a parked one, overtaken; replayed or
discarded by a person.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from schemas.text import tidied
from workflow.bus import progress
from workflow.bus.consumer import Consumer, Record, Work
from workflow.errors import IllegalStep, InvalidInput
from workflow.ledger import Ledger, Posting
from workflow.record import record_of
from workflow.storage.database import Database
from workflow.storage.models import events, parked

HOLDING = ("parked", "held")
TRYING = "trying"
MAX_ERROR = 2000
NONE = "没有这条异常件，或已处理"


def held_subjects(
    conn: Connection, consumer: str, places: Collection[progress.Place] = ()
) -> set[str]:
    """Subjects whose later records must wait for this consumer, so that their order stays.

    The tries of these places come to their end with this transaction, whoever counted them: their
    rows go.
    """
    rows = conn.execute(_OPEN, {"of_consumer": consumer}).all()
    for row in rows:
        if row.status == TRYING and (row.lane, row.pos) in places:
            conn.execute(delete(parked).where(*_key(consumer, row.lane, row.pos)))
    return {row.subject for row in rows if row.status in HOLDING}


_OPEN = select(parked.c.subject, parked.c.status, parked.c.lane, parked.c.pos).where(
    parked.c.consumer == bindparam("of_consumer"), parked.c.status.in_((*HOLDING, TRYING))
)


def park(
    conn: Connection, consumer: str, record: Record, status: str, error: str, tries: int, now: int
) -> None:
    """Writes the record's row, in the transaction that moves progress past it."""
    key = _key(consumer, record.lane, record.pos)
    conn.execute(delete(parked).where(*key))
    conn.execute(
        insert(parked),
        {
            "consumer": consumer,
            "lane": record.lane,
            "pos": record.pos,
            "subject": record.subject,
            "status": status,
            "error": error[:MAX_ERROR],
            "tries": tries,
            "parked_at": now,
        },
    )


def count_try(database: Database, consumer: str, record: Record, now: int) -> int:
    """Counts a try before it is made, in a transaction of its own: a record that kills the
    process is seen to. One that somebody else has brought to its end meanwhile is not counted.
    """
    with database.write() as conn:
        if progress.hold(conn, consumer, record.lane) >= record.pos:
            return 1
        key = _key(consumer, record.lane, record.pos)
        tries = conn.execute(select(parked.c.tries).where(*key)).scalar() or 0
        park(conn, consumer, record, TRYING, "", tries + 1, now)
        return tries + 1


def _key(consumer: str, lane: int, pos: int) -> tuple[Any, ...]:
    return (parked.c.consumer == consumer, parked.c.lane == lane, parked.c.pos == pos)


def listed(conn: Connection, consumer: str | None = None) -> list[Row[Any]]:
    """Parked and held records, oldest first, with the event's type."""
    if consumer is None:
        return list(conn.execute(_LISTED).all())
    return list(conn.execute(_LISTED.where(parked.c.consumer == consumer)).all())


_LISTED = (
    select(parked, events.c.type, events.c.state)
    .join(events, (events.c.lane == parked.c.lane) & (events.c.pos == parked.c.pos))
    .where(parked.c.status.in_(HOLDING))
    .order_by(parked.c.parked_at, parked.c.lane, parked.c.pos)
)


def replay(ledger: Ledger, consumer: Consumer, lane: int, pos: int, *, by: str) -> list[str]:
    """Handles a parked record again, then those held behind it in order; answers the event ids
    that went through. `by` is noted at the parked record itself.

    The error of a record that fails again is raised, with nothing of it done; it stays parked.
    """
    with ledger.database.read() as conn:
        row = _parked_row(conn, consumer.name, lane, pos)
    return [_again(ledger, consumer, row, by), *_release(ledger, consumer, row.subject)]


def discard(
    ledger: Ledger, consumer: Consumer, lane: int, pos: int, reason: str, *, by: str
) -> list[str]:
    """Gives a parked record up, noting who does and why, and lets those held behind it go on;
    answers their event ids.
    """
    check_reason(reason)
    with ledger.transaction() as posting:
        progress.hold(posting.conn, consumer.name, lane)
        row = _parked_row(posting.conn, consumer.name, lane, pos)
        _settle(posting, consumer.name, row, "discarded", f"{by}：{reason}")
    return _release(ledger, consumer, row.subject)


def check_reason(reason: str) -> None:
    """Raises InvalidInput where none is given for giving up a record or a message."""
    if not tidied(reason):
        raise InvalidInput("reason", reason, "放弃一条异常件须写明理由")


def overtaken(ledger: Ledger, record: Record) -> bool:
    """Whether the record's complaint has moved since: a reaction refused then is unnecessary."""
    with ledger.transaction() as posting:
        return posting.complaint(record.subject).version > record.version


def _again(ledger: Ledger, consumer: Consumer, row: Row[Any], by: str | None = None) -> str:
    """One parked record in a transaction of its own; the next in line is parked in its place."""
    with ledger.database.read() as conn:
        record = _record(conn, row.lane, row.pos)
    try:
        with ledger.transaction() as posting:
            progress.hold(posting.conn, consumer.name, row.lane)
            _parked_row(posting.conn, consumer.name, row.lane, row.pos)
            consumer.handle(record, Work(posting, consumer.name))
            _settle(posting, consumer.name, row, "replayed", by)
    except IllegalStep as refusal:
        if not overtaken(ledger, record):
            raise
        with ledger.transaction() as posting:
            progress.hold(posting.conn, consumer.name, row.lane)
            note = str(refusal) if by is None else f"{by}：{refusal}"
            _settle(posting, consumer.name, row, "overtaken", note)
    return record.id


def _release(ledger: Ledger, consumer: Consumer, subject: str) -> list[str]:
    """Those that were held behind it, oldest first; the first that fails stays parked itself."""
    done: list[str] = []
    while True:
        with ledger.database.read() as conn:
            row = _first(conn, consumer.name, subject, "parked")
        if row is None:
            return done
        try:
            done.append(_again(ledger, consumer, row))
        except Exception as error:
            with ledger.transaction() as posting:
                progress.hold(posting.conn, consumer.name, row.lane)
                record = _record(posting.conn, row.lane, row.pos)
                park(posting.conn, consumer.name, record, "parked", repr(error), 1, posting.now)
            return done


def _first(conn: Connection, consumer: str, subject: str, status: str) -> Row[Any] | None:
    query = (
        select(parked)
        .where(
            parked.c.consumer == consumer,
            parked.c.subject == subject,
            parked.c.status == status,
        )
        .order_by(parked.c.pos)
        .limit(1)
    )
    return conn.execute(query).one_or_none()


def _parked_row(conn: Connection, consumer: str, lane: int, pos: int) -> Row[Any]:
    query = select(parked).where(*_key(consumer, lane, pos), parked.c.status == "parked")
    row = conn.execute(query).one_or_none()
    if row is None:
        raise InvalidInput("parked", f"{consumer}/{lane}/{pos}", NONE)
    return row


def _record(conn: Connection, lane: int, pos: int) -> Record:
    query = select(events).where(events.c.lane == lane, events.c.pos == pos)
    return record_of(conn.execute(query).one())


def _settle(posting: Posting, consumer: str, row: Row[Any], status: str, note: str | None) -> None:
    """Settles a parked record. The first one held behind it is parked in its place at once, so
    that none is ever left behind nobody, whenever the process ends.
    """
    conn = posting.conn
    conn.execute(
        update(parked)
        .where(*_key(consumer, row.lane, row.pos))
        .values(status=status, note=note, settled_at=posting.now)
    )
    held = _first(conn, consumer, row.subject, "held")
    if held is not None:
        conn.execute(
            update(parked)
            .where(*_key(consumer, held.lane, held.pos))
            .values(status="parked", error="前一条已处理，轮到这一条")
        )
