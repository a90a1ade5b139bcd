"""Records one by one, each in a transaction of its own: tried and retried, parked at last."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row
from sqlalchemy.exc import OperationalError

from schemas.text import clean
from workflow.bus import parking, progress
from workflow.bus.consumer import Consumer, Record, Work
from workflow.bus.progress import Place, Reach
from workflow.errors import Away, Busy, IllegalStep, Transient, Unwritable
from workflow.ledger import Ledger, Posting
from workflow.record import bare, record_of

TRIES = 3
BACK_OFF = (0.05, 0.2, 1.0)
KILLED = "进程在处理它时中止"


@dataclass
class Singly:
    """One consumer and its records; what fails is parked, and what follows of its subject held."""

    ledger: Ledger
    consumer: Consumer
    pause: Callable[[float], None] = time.sleep
    on_parked: Callable[[Row[Any], str], None] = lambda _row, _error: None
    """Told of each record that was parked, with its error, once that is committed."""
    counted: dict[int, int] = field(default_factory=dict)
    """How many records of a lane have their tries counted still: a process may have died of one."""
    trying: Place | None = None
    """The last one counted."""

    @property
    def careful(self) -> bool:
        """Records still have to run singly."""
        return any(left > 0 for left in self.counted.values())

    def calm(self) -> None:
        """What a process that fell had in hand is done: batches again."""
        self.counted.clear()

    def handle(self, record: Record, work: Work, posting: Posting, held: set[str]) -> None:
        if record.subject in held:
            self._park(posting, record, "held", "同一件的前一条尚未处理", 0)
        else:
            self.consumer.handle(record, work)

    def _park(self, posting: Posting, record: Record, status: str, error: str, tries: int) -> None:
        name = self.consumer.name
        parking.park(posting.conn, name, record, status, error, tries, posting.now)

    def one_by_one(self, reaches: Sequence[Reach], places: Sequence[Place]) -> set[int]:
        """Each record in its own transaction; then the lanes' remaining positions, of types not
        handled. Answers the lanes won.
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
        further = [reach for reach in rest if reach.new > reach.old]
        with self.ledger.transaction(patient=True) as posting:
            won = progress.claim(posting.conn, self.consumer.name, further)
        return won | {reach.lane for reach in rest if reach.new == reach.old}

    def _one(self, reach: Reach, row: Row[Any]) -> bool:
        """One record, tried and retried, parked at last; False if another runner took the lane."""
        error: Exception = RuntimeError(KILLED)
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
        message = clean(f"{type(error).__name__}: {error}")  # a server refuses what is no text
        return self._park_alone(reach, row, "parked", message, tries - 1)

    def _tries_before(self, row: Row[Any]) -> int:
        """1, or the number of this try where tries are counted because the last process died."""
        left = self.counted.get(row.lane, 0)
        if left <= 0:
            return 1
        self.counted[row.lane] = left - 1
        if self.trying == (place := (row.lane, row.pos)):  # the database kept it waiting
            return 1
        self.trying = place
        return parking.count_try(
            self.ledger.database, self.consumer.name, bare(row), self.ledger.clock()
        )

    def _alone(self, reach: Reach, record: Record) -> bool:
        with self.ledger.transaction(patient=True) as posting:
            if not progress.claim(posting.conn, self.consumer.name, [reach]):
                return False
            place = (record.lane, record.pos)
            held = parking.held_subjects(posting.conn, self.consumer.name, [place])
            self.handle(record, Work(posting, self.consumer.name), posting, held)
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
