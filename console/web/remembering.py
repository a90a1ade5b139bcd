"""记住: answers of slow questions, so that asking often costs little: an answer is given again
while nothing has moved, and a slow one for a minute, or for twenty times as long as it took.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, func, select

from console.places import lent
from workflow.storage.database import HOLD_EVERY, Database
from workflow.storage.models import lanes, progress

T = TypeVar("T")

QUICK = 0.02
"""Seconds below which a question is asked anew whenever something has moved."""

AT_LEAST = 60.0
SHARE = 20
MOST = 32
"""Answers of one kind that are kept; the one asked anew longest ago goes first."""

MINUTE = 60_000_000


class _Kept(NamedTuple, Generic[T]):
    moved: Hashable
    answer: T
    until: float


class _Look(NamedTuple, Generic[T]):
    kept: _Kept[T] | None
    waits: bool


class Memory(Generic[T]):
    """The last answers of one kind of question, at most so many, of each database apart."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: WeakKeyDictionary[Database, dict[Hashable, _Kept[T]]] = WeakKeyDictionary()
        self._asking: set[tuple[Database, Hashable]] = set()
        self._changed = threading.Condition()

    def recall(
        self, database: Database, question: Hashable, moved: Hashable, ask: Callable[[], T]
    ) -> T:
        """The kept answer to the question, or what `ask` gives now. `moved` is another whenever
        the answer may be. While one asks anew, the others are given the kept one; where there is
        none yet, they wait for it.
        """
        mine = database, question
        while (look := self._look(mine, moved)).waits:
            database.hold()
        if look.kept is not None:
            return look.kept.answer
        try:
            begun = time.monotonic()
            answer = ask()
            took = time.monotonic() - begun
            until = time.monotonic() + (max(AT_LEAST, SHARE * took) if took > QUICK else 0)
            with self._changed:
                answers = self._kept.setdefault(database, {})
                answers.pop(question, None)
                answers[question] = _Kept(moved, answer, until)
                while len(answers) > self._most:
                    del answers[next(iter(answers))]
        finally:
            with self._changed:
                self._asking.discard(mine)
                self._changed.notify_all()
        return answer

    def _look(self, mine: tuple[Database, Hashable], moved: Hashable) -> _Look[T]:
        """What is kept, if it may be given; else it is the caller's to ask, or to wait for."""
        database, question = mine
        with self._changed:
            answers = self._kept.setdefault(database, {})
            if question not in answers and mine in self._asking:
                with lent():
                    self._changed.wait(HOLD_EVERY)
            kept, asking = answers.get(question), mine in self._asking
            if kept is None and asking:
                return _Look(None, waits=True)
            fresh = kept is not None and (kept.moved == moved or time.monotonic() < kept.until)
            if fresh or asking:
                return _Look(kept, waits=False)
            self._asking.add(mine)
            return _Look(None, waits=False)


def stirred(conn: Connection, now: int) -> tuple[int, int, int]:
    """Another whenever the log, or what the figures have taken in, is; and with each minute."""
    logged, taken = conn.execute(_STIRRED).one()
    return logged or 0, taken or 0, now // MINUTE


_TAKEN = select(func.sum(progress.c.pos)).where(progress.c.consumer == "metrics")
_STIRRED = select(select(func.sum(lanes.c.pos)).scalar_subquery(), _TAKEN.scalar_subquery())
