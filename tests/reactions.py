"""Small consumers for stories of the bus: they count, fail, kill and record."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from functools import cache
from typing import Any, Literal

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, insert, select

from schemas import COMPLAINT_EVENTS, ComplaintAnalysed, VerificationRequested
from workflow.bus.consumer import Record, Work
from workflow.storage.database import Database

EVERYTHING = frozenset(kind.__name__ for kind in COMPLAINT_EVENTS)
EFFECTS = Table(
    "effects",
    MetaData(),
    Column("place", Integer, primary_key=True),
    Column("consumer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("version", Integer, nullable=False),
)
"""One row for each effect, in the order they were committed; nothing here forbids a second one."""

_effect = cache(insert)
_ROW = ("consumer", "subject", "version")


def make_room(database: Database) -> None:
    """The table of effects, beside the product's own."""
    with database.write() as conn:
        EFFECTS.metadata.create_all(conn)


def effects(conn: Connection, consumer: str) -> list[tuple[str, int]]:
    """What this consumer has done, in order."""
    query = select(EFFECTS.c.subject, EFFECTS.c.version).where(EFFECTS.c.consumer == consumer)
    return [tuple(row) for row in conn.execute(query.order_by(EFFECTS.c.place))]


class Counting:
    """Leaves one effect for each record it handles."""

    replayable, recording = True, False
    start: Literal["beginning", "now"] = "beginning"
    tables = (EFFECTS,)
    table = EFFECTS

    def __init__(
        self,
        name: str = "counting",
        handles: Iterable[str] = EVERYTHING,
        start: Literal["beginning", "now"] = "beginning",
    ) -> None:
        self.name, self.handles, self.start = name, frozenset(handles), start

    def over(self, tables: Sequence[Table]) -> Counting:
        """The same one leaving its effects in another table."""
        twin = copy(self)
        (twin.table,) = tables
        return twin

    def handle(self, record: Record, work: Work) -> None:
        work.run(_effect(self.table), _ROW, (self.name, record.subject, record.version))


class Failing(Counting):
    """Leaves its effect, and then fails whenever the record is poison."""

    replayable = False

    def __init__(self, poison: Callable[[Record], Exception | None], name: str = "failing") -> None:
        super().__init__(name)
        self.poison = poison

    def handle(self, record: Record, work: Work) -> None:
        super().handle(record, work)
        error = self.poison(record)
        if error is not None:
            raise error


class Killing(Counting):
    """Its process does not survive the records of one subject."""

    def __init__(self, subject: str) -> None:
        super().__init__("killing")
        self.subject = subject

    def handle(self, record: Record, work: Work) -> None:
        super().handle(record, work)
        if record.subject == self.subject:
            os.kill(os.getpid(), signal.SIGKILL)


class Analysing(Counting):
    """Reacts to what was collected with a step of its own, and then with another."""

    replayable, recording = False, True

    def __init__(self) -> None:
        super().__init__("analysing", {"ReviewCollected", "ComplaintAnalysed"})

    def handle(self, record: Record, work: Work) -> None:
        super().handle(record, work)
        given: dict[str, Any] = {"rules_version": "1", "category": "其他", "severity": 1}
        if record.type == "ReviewCollected":
            work.record(record, ComplaintAnalysed(**given, misoperation="low"))
        else:
            work.record(record, VerificationRequested(path="call"))
