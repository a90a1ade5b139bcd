"""The runner: records in batches, committed with the consumer's progress."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from workflow.bus import parking, progress
from workflow.bus.arrivals import Brought
from workflow.bus.consumer import Record, Work
from workflow.bus.progress import EVERYTHING, Batch, Place, Reach, Share
from workflow.bus.singly import Singly
from workflow.ledger import Posting
from workflow.record import record_of
from workflow.storage.log import LANES

BATCH = 400
FEW = 40
"""Records of a batch while people wait."""

IN_HAND = 0.005

Found = TypeVar("Found", Batch, Brought)

LOGGER = logging.getLogger("bihuan.bus")


@dataclass
class Runner(Singly):
    """Drives one consumer in batches. After an unclean stop the first records of each lane run
    singly, their tries counted.
    """

    unclean: bool = False
    rotation: int = 0
    """The lane it begins with."""
    share: Share = EVERYTHING
    """Its part of the lanes, while others work beside it."""

    def __post_init__(self) -> None:
        if self.unclean:
            self.counted = dict.fromkeys(range(LANES), BATCH)

    def step(self, size: int = BATCH) -> int:
        """One batch: answers how many positions the consumer has moved past; 0 when nothing lies
        beyond.
        """
        self.rotation += 1
        first = self.careful or self.ledger.database.one_writer
        found, _ = self._done(lambda conn: self._beyond(conn, size), read_first=first)
        return _moved(found.reaches)

    def _done(
        self, find: Callable[[Connection], Found], *, read_first: bool
    ) -> tuple[Found, set[int]]:
        """What there is to do, found and done in one transaction, or read before; and the lanes
        won. If the transaction fails it is found again, and done one by one.
        """
        if not read_first:
            try:
                with self.ledger.transaction(patient=True) as posting:
                    found = find(posting.conn)
                    return found, self._batch(posting, found.reaches, found.places)
            except Exception:
                self._told_of_failure()
        with self.ledger.database.read() as conn:
            found = find(conn)
        work = self._go if read_first else self.one_by_one
        return found, work(found.reaches, found.places) if found.reaches else set()

    def _beyond(self, conn: Connection, size: int) -> Batch:
        return progress.beyond(conn, self.consumer, self.rotation, size, self.share)

    def _told_of_failure(self) -> None:
        LOGGER.info("a batch of %s is done again singly", self.consumer.name, exc_info=True)

    def feed(self, records: Sequence[Record]) -> int:
        """What a topic brought, in whatever order: answers how many positions the consumer has
        moved past. Repeats are passed over; a gap before a record is filled from the log, and a
        record without its fact is read there.
        """
        brought, won = self._done(
            lambda conn: self._brought(conn, records), read_first=self.careful
        )
        moved, left = brought.come_to(won)
        while self._before(left) and (more := self.step()):
            moved += more
        return moved

    def _brought(self, conn: Connection, records: Sequence[Record]) -> Brought:
        stood = progress.stands(conn, self.consumer.name)
        brought = Brought(stood, records, self.consumer.handles)
        self.ledger.recent.keep_records(brought.records)
        return brought

    def _before(self, places: Sequence[Place]) -> bool:
        """Whether the consumer has not come to these yet: there was a gap, or another one had a
        lane in hand and may have let go of it.
        """
        if not places:
            return False
        with self.ledger.database.read() as conn:
            stood = progress.stands(conn, self.consumer.name)
        return any(stood[lane][0] < pos for lane, pos in places)

    def _go(self, reaches: Sequence[Reach], places: Sequence[Place]) -> set[int]:
        """The batch in one transaction; if that fails, or is not to be tried, one by one. Answers
        the lanes won.
        """
        if not any(self.counted.get(reach.lane, 0) > 0 for reach in reaches):
            try:
                with self.ledger.transaction(patient=True) as posting:
                    return self._batch(posting, reaches, places)
            except Exception:
                self._told_of_failure()
        return self.one_by_one(reaches, places)

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

    def _batch(
        self, posting: Posting, reaches: Sequence[Reach], places: Sequence[Place]
    ) -> set[int]:
        if not reaches:
            return set()
        won = progress.claim(posting.conn, self.consumer.name, reaches)
        if not won:  # somebody else has these lanes in hand, and will be done in a moment
            time.sleep(IN_HAND)
            return won
        places = [place for place in places if place[0] in won]
        mine = self._records(posting, places)
        held = parking.held_subjects(posting.conn, self.consumer.name, places)
        if self.consumer.recording:
            posting.prefetch(record.subject for record in mine)
        work = Work(posting, self.consumer.name, mine)
        for record in mine:
            self.handle(record, work, posting, held)
        return won

    def _records(self, posting: Posting, places: Sequence[Place]) -> list[Record]:
        """Those at hand as they are; the others read from the log, once for all consumers."""
        found = {place: posting.record_at(*place) for place in places}
        missing = [place for place, record in found.items() if record is None]
        if missing:
            read = [record_of(row) for row in progress.rows_at(posting.conn, missing)]
            self.ledger.recent.keep_records(read)
            found |= {(record.lane, record.pos): record for record in read}
        return [record for record in found.values() if record is not None]


def _moved(reaches: Sequence[Reach]) -> int:
    return sum(reach.new - reach.old for reach in reaches)
