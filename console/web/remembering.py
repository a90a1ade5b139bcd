"""记住: answers of slow questions, so that asking often costs little: an answer is given again
while nothing has moved, and a slow one for a minute, or for twenty times as long as it took. In a
server it is given as long again while it is asked anew beside, and nobody waits.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, func, select

from console.places import lent, serving
from workflow.clock import MINUTE
from workflow.errors import Transient
from workflow.storage.database import HOLD_EVERY, Database
from workflow.storage.log import RECORDED
from workflow.storage.models import progress

T = TypeVar("T")

QUICK = 0.02
"""Seconds below which a question is asked anew whenever something has moved."""

AT_LEAST = 60.0
SHARE = 20
MOST = 32
"""Answers of one kind that are kept; the one asked anew longest ago goes first."""

LOGGER = logging.getLogger("bihuan.console")


class _Kept(NamedTuple, Generic[T]):
    """An answer, and when it was given; a slow one is kept so many seconds."""

    moved: Hashable
    answer: T
    at: float
    lasts: float

    def within(self, times: int) -> bool:
        return time.monotonic() < self.at + times * self.lasts


class _Look(NamedTuple, Generic[T]):
    """What is kept, and whether whoever looked is the one to ask anew, or has to wait for him."""

    kept: _Kept[T] | None
    asks: bool
    waits: bool = False


class Memory(Generic[T]):
    """The last answers of one kind of question, at most so many, of each database apart."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: WeakKeyDictionary[Database, dict[Hashable, _Kept[T]]] = WeakKeyDictionary()
        self._asking: set[tuple[Database, Hashable]] = set()
        self._changed = threading.Condition()

    def recall(
        self,
        database: Database,
        conn: Connection,
        question: Hashable,
        moved: Hashable,
        ask: Callable[[Connection], T],
    ) -> T:
        """The kept answer to the question, or what `ask` reads now, by this connection or by one
        of its own. `moved` is another whenever the answer may be. While one asks anew, the others
        are given the kept one; where there is none yet, they wait for it.
        """
        mine = database, question
        while (look := self._look(mine, moved)).waits:
            database.hold()
        if look.kept is not None and not look.asks:
            return look.kept.answer
        if look.kept is not None and look.kept.within(2) and serving():
            job = threading.Thread(target=self._beside, args=(mine, moved, ask), daemon=True)
            job.start()
            return look.kept.answer
        try:
            return self._asked(mine, conn, moved, ask)
        finally:
            self._done(mine)

    def _beside(
        self, mine: tuple[Database, Hashable], moved: Hashable, ask: Callable[[Connection], T]
    ) -> None:
        """Asked anew with nobody waiting; if it fails, the next one asks again."""
        try:
            with mine[0].read() as conn:
                self._asked(mine, conn, moved, ask)
        except Transient as away:
            LOGGER.info("%s was not asked anew: %s", mine[1], away)
        finally:
            self._done(mine)

    def _asked(
        self,
        mine: tuple[Database, Hashable],
        conn: Connection,
        moved: Hashable,
        ask: Callable[[Connection], T],
    ) -> T:
        database, question = mine
        begun = time.monotonic()
        answer = ask(conn)
        at = time.monotonic()
        lasts = max(AT_LEAST, SHARE * (at - begun)) if at - begun > QUICK else 0
        with self._changed:
            answers = self._kept.setdefault(database, {})
            answers.pop(question, None)
            answers[question] = _Kept(moved, answer, at, lasts)
            while len(answers) > self._most:
                del answers[next(iter(answers))]
        return answer

    def _done(self, mine: tuple[Database, Hashable]) -> None:
        with self._changed:
            self._asking.discard(mine)
            self._changed.notify_all()

    def _look(self, mine: tuple[Database, Hashable], moved: Hashable) -> _Look[T]:
        """What is kept, and who is to ask anew."""
        database, question = mine
        with self._changed:
            answers = self._kept.setdefault(database, {})
            if question not in answers and mine in self._asking:
                with lent():
                    self._changed.wait(HOLD_EVERY)
            kept, asking = answers.get(question), mine in self._asking
            if kept is None and asking:
                return _Look(None, asks=False, waits=True)
            if asking or (kept is not None and (kept.moved == moved or kept.within(1))):
                return _Look(kept, asks=False)
            self._asking.add(mine)
            return _Look(kept, asks=True)


def stirred(conn: Connection, now: int) -> tuple[int, int, int]:
    """Another whenever the log, or what the figures have taken in, is; and with each minute."""
    logged, taken = conn.execute(_STIRRED).one()
    return logged or 0, taken or 0, now // MINUTE


_TAKEN = select(func.sum(progress.c.pos)).where(progress.c.consumer == "metrics")
_STIRRED = select(RECORDED.scalar_subquery(), _TAKEN.scalar_subquery())
