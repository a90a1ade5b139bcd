"""The runner: records in batches, committed with the consumer's progress; what fails is parked."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.exc import OperationalError

from workflow.bus import parking, progress
from workflow.bus.arrivals import Brought
from workflow.bus.consumer import Consumer, Record, Work
from workflow.bus.progress import EVERYTHING, Place, Reach, Share
from workflow.errors import Away, Busy, IllegalStep, Transient, Unwritable
from workflow.ledger import Ledger, Posting
from workflow.record import bare, record_of
from workflow.storage.log import LANES

BATCH = 400
FEW = 40
"""Records of a batch while people wait."""

TRIES = 3
BACK_OFF = (0.05, 0.2, 1.0)
IN_HAND = 0.005

LOGGER = logging.getLogger("bihuan.bus")


@dataclass
class Runner:
    """Drives one consumer. After an unclean stop the first records of each lane run singly,
    their tries counted.
    """

    ledger: Ledger
    consumer: Consumer
    unclean: bool = False
    pause: Callable[[float], None] = time.sleep
    rotation: int = 0
    """The lane it begins with."""
    share: Share = EVERYTHING
    """Its part of the lanes, while others work beside it."""
    on_parked: Callable[[Row[Any], str], None] = lambda _row, _error: None
    """Told of each record that was parked, with its error, once that is committed."""
    _singly: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.unclean:
            self._singly = dict.fromkeys(range(LANES), BATCH)

    @property
    def careful(self) -> bool:
        """Records still have to run singly."""
        return any(left > 0 for left in self._singly.values())

    def calm(self) -> None:
        """What a process that fell had in hand is done: batches again."""
        self._singly.clear()

    def step(self, size: int = BATCH) -> int:
        """One batch: answers how many positions the consumer has moved past; 0 when nothing lies
        beyond.
        """
        self.rotation += 1
        if self.careful or self.ledger.database.one_writer:
            with self.ledger.database.read() as conn:
                reaches, places = self._beyond(conn, size)
            return self._go(reaches, places) if reaches else 0
        try:
            with self.ledger.transaction(patient=True) as posting:
                reaches, places = self._beyond(posting.conn, size)
                if reaches:
                    self._batch(posting, reaches, places)
        except Exception:
            self._told_of_failure()
            with self.ledger.database.read() as conn:
                reaches, places = self._beyond(conn, size)
            self._one_by_one(reaches, places)
        return _moved(reaches)

    def _beyond(self, conn: Connection, size: int) -> tuple[list[Reach], list[Place]]:
        return progress.beyond(conn, self.consumer, self.rotation, size, self.share)

    def _told_of_failure(self) -> None:
        LOGGER.info("a batch of %s is done again singly", self.consumer.name, exc_info=True)

    def feed(self, records: Sequence[Record]) -> int:
        """What a topic brought, in whatever order: answers how many positions the consumer has
        moved past. Repeats are passed over; a gap before a record is filled from the log, and a
        record without its fact is read there.
        """
        with self.ledger.database.read() as conn:
            stood = progress.stands(conn, self.consumer.name)
        brought = Brought(stood, records, self.consumer.handles)
        self.ledger.recent.keep_records(brought.records)
        moved = self._go(brought.reaches, brought.places) if brought.reaches else 0
        while self._before(brought.ends) and (more := self.step()):
            moved += more
        return moved

    def _before(self, places: Sequence[Place]) -> bool:
        """Whether the consumer has not come to these yet: there was a gap, or another one had a
        lane in hand and may have let go of it.
        """
        if not places:
            return False
        with self.ledger.database.read() as conn:
            stood = progress.stands(conn, self.consumer.name)
        return any(stood[lane][0] < pos for lane, pos in places)

    def _go(self, reaches: Sequence[Reach], places: Sequence[Place]) -> int:
        """The batch in one transaction; if that fails, or is not to be tried, one by one."""
        if not any(self._singly.get(reach.lane, 0) > 0 for reach in reaches):
            try:
                with self.ledger.transaction(patient=True) as posting:
                    self._batch(posting, reaches, places)
                return _moved(reaches)
            except Exception:
                self._told_of_failure()
        self._one_by_one(reaches, places)
        return _moved(reaches)

    def take(self, posting: Posting, size: int) -> int:
        """The same as part of an open transaction, its events appended; whatever fails is raised,
        and nothing of it may be committed.
        """
        self.rotation += 1
        reaches, places = self._beyond(posting.conn, size)
        if reaches:
            self._batch(posting, reaches, places)
            posting.append_log()
        return _moved(reaches)

    def _batch(self, posting: Posting, reaches: Sequence[Reach], places: Sequence[Place]) -> None:
        won = progress.claim(posting.conn, self.consumer.name, reaches)
        if not won:  # somebody else has these lanes in hand, and will be done in a moment
            time.sleep(IN_HAND)
            return
        places = [place for place in places if place[0] in won]
        mine = self._records(posting, places)
        held = parking.held_subjects(posting.conn, self.consumer.name, places)
        if self.consumer.recording:
            posting.prefetch(record.subject for record in mine)
        work = Work(posting, self.consumer.name, mine)
        for record in mine:
            self._handle(record, work, posting, held)

    def _records(self, posting: Posting, places: Sequence[Place]) -> list[Record]:
        """Those at hand as they are; the others read from the log, once for all consumers."""
        found = {place: posting.record_at(*place) for place in places}
        missing = [place for place, record in found.items() if record is None]
        if missing:
            read = [record_of(row) for row in progress.rows_at(posting.conn, missing)]
            self.ledger.recent.keep_records(read)
            found |= {(record.lane, record.pos): record for record in read}
        return [record for record in found.values() if record is not None]

    def _handle(self, record: Record, work: Work, posting: Posting, held: set[str]) -> None:
        if record.subject in held:
            self._park(posting, record, "held", "同一件的前一条尚未处理", 0)
        else:
            self.consumer.handle(record, work)

    def _park(self, posting: Posting, record: Record, status: str, error: str, tries: int) -> None:
        name = self.consumer.name
        parking.park(posting.conn, name, record, status, error, tries, posting.now)

    def _one_by_one(self, reaches: Sequence[Reach], places: Sequence[Place]) -> None:
        """Each record in its own transaction; then the lanes' remaining positions, of types not
        handled.
        """
        with self.ledger.database.read() as conn:
            rows = progress.rows_at(conn, places)
        stood = {reach.lane: reach.old for reach in reaches}
        lost: set[int] = set()
        for row in rows:
            if row.lane in lost:
                continue
            if self._one(Reach(row.lane, stood[row.lane], row.pos), row):
                stood[row.lane] = row.pos
            else:
                lost.add(row.lane)
        rest = [Reach(r.lane, stood[r.lane], r.new) for r in reaches if r.lane not in lost]
        with self.ledger.transaction(patient=True) as posting:
            progress.claim(posting.conn, self.consumer.name, [r for r in rest if r.new > r.old])

    def _one(self, reach: Reach, row: Row[Any]) -> bool:
        """One record, tried and retried, parked at last; False if another runner took the lane."""
        error: Exception = RuntimeError("进程在处理它时中止")
        tries = self._tries_before(row)
        while tries <= TRIES:
            try:
                return self._alone(reach, record_of(row))
            except (Away, Unwritable):
                raise  # no fault of the record's; nor is there a place to park it
            except (Transient, OperationalError) as transient:
                error = transient
                self.pause(BACK_OFF[min(tries, len(BACK_OFF)) - 1])
            except IllegalStep as refusal:
                error = refusal
                if parking.overtaken(self.ledger, bare(row)):
                    return self._park_alone(reach, row, "overtaken", str(refusal), tries)
            except Exception as failure:
                error = failure
            tries += 1
        if isinstance(error, Busy):
            raise error  # nor is this
        message = f"{type(error).__name__}: {error}"
        return self._park_alone(reach, row, "parked", message, tries - 1)

    def _tries_before(self, row: Row[Any]) -> int:
        """1, or the number of this try where tries are counted because the last process died."""
        left = self._singly.get(row.lane, 0)
        if left <= 0:
            return 1
        self._singly[row.lane] = left - 1
        return parking.count_try(
            self.ledger.database, self.consumer.name, bare(row), self.ledger.clock()
        )

    def _alone(self, reach: Reach, record: Record) -> bool:
        with self.ledger.transaction(patient=True) as posting:
            if not progress.claim(posting.conn, self.consumer.name, [reach]):
                return False
            place = (record.lane, record.pos)
            held = parking.held_subjects(posting.conn, self.consumer.name, [place])
            self._handle(record, Work(posting, self.consumer.name), posting, held)
            return True

    def _park_alone(
        self, reach: Reach, row: Row[Any], status: str, message: str, tries: int
    ) -> bool:
        with self.ledger.transaction(patient=True) as posting:
            if not progress.claim(posting.conn, self.consumer.name, [reach]):
                return False
            held = parking.held_subjects(posting.conn, self.consumer.name)
            actual = "held" if row.subject in held else status
            self._park(posting, bare(row), actual, message, tries)
        if actual == "parked":
            self.on_parked(row, message)
        return True


def _moved(reaches: Sequence[Reach]) -> int:
    return sum(reach.new - reach.old for reach in reaches)
