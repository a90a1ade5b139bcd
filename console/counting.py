"""统计: counts that take long, where much is recorded: in a process of their own, so that nobody
waits for the console's interpreter beside them.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, TypeVarTuple

from sqlalchemy import Connection, text

from console.places import lent
from workflow.errors import BihuanError, Transient
from workflow.storage.database import HOLD_EVERY, Database
from workflow.storage.log import RECORDED

if TYPE_CHECKING:
    from console.wiring import Office
    from producers.apart import Beside

T = TypeVar("T")
Given = TypeVarTuple("Given")

LARGE = 300_000
"""Recorded events above which counts have a process of their own: some 30,000 complaints, of which
a quarter's sheet takes 0.3 s. Below it there is none, and none of its memory.
"""

LONGEST = 300.0
"""Seconds after which a process that gives no answer counts as dead."""

DIED = "统计进程意外中止，请稍后再看"
CLOSED = "系统正在停止，请稍后再看"
LOGGER = logging.getLogger("bihuan.counting")


class _Answer(NamedTuple):
    found: Any
    error: Exception | None = None


class Counting:
    """The process that counts for one office, one question at a time: begun by the first, and by
    the next one after it died.
    """

    def __init__(self, data: Path, *, embedded: bool) -> None:
        self._place = data.absolute(), embedded
        self._turn = threading.Lock()
        self._beside: Beside[Any, _Answer] | None = None
        self._closed = False

    def answer(
        self,
        database: Database,
        count: Callable[[Office, Connection, *Given], T],
        *given: *Given,
    ) -> T:
        """`count(office, conn, *given)`, as of a snapshot of its own; the caller's is kept open
        meanwhile. Raises what the count raises, Transient where its process dies of it twice.
        """
        with lent():
            answer = self._in_turn(database, (count, given))
        if answer.error is not None:
            raise answer.error
        found: T = answer.found
        return found

    def _in_turn(self, database: Database, asked: tuple[Any, ...]) -> _Answer:
        while not self._turn.acquire(timeout=HOLD_EVERY):
            database.hold()
        try:
            try:
                return self._once(database, asked)
            except Transient:  # it may have died long ago, of nothing that is asked now
                self._drop()
                return self._once(database, asked)
        except BaseException:
            self._drop()  # an answer that nobody took would be given to the next one
            raise
        finally:
            self._turn.release()

    def _once(self, database: Database, asked: tuple[Any, ...]) -> _Answer:
        beside, begun = self._begun(), time.monotonic()
        beside.give(asked)
        while not beside.ready(HOLD_EVERY):
            if time.monotonic() - begun > LONGEST:
                raise Transient(DIED)
            database.hold()
        return beside.take()

    def _begun(self) -> Beside[Any, _Answer]:
        from producers.apart import Beside  # noqa: PLC0415  # most offices need none

        if self._beside is None and not self._closed:
            self._beside = Beside(_answered, *self._place, died=DIED)
        if self._beside is None or self._closed:
            raise Transient(CLOSED)
        return self._beside

    def _drop(self) -> None:
        if self._beside is not None:
            self._beside.close()
            self._beside = None

    def close(self) -> None:
        """Ends the process; whoever waits for it is told."""
        self._closed = True
        if (beside := self._beside) is not None:
            with suppress(ValueError):  # whoever waited may have dropped it meanwhile
                beside.end()
        if self._turn.acquire(timeout=1):  # else whoever has it drops it
            self._drop()
            self._turn.release()


def counted(
    office: Office,
    conn: Connection,
    count: Callable[[Office, Connection, *Given], T],
    *given: *Given,
) -> T:
    """`count(office, conn, *given)`: here, or where much is recorded, in the other process. `count`
    is a module's function; what it is given and what it answers are pickled.
    """
    if (conn.execute(RECORDED).scalar_one() or 0) <= LARGE:
        return count(office, conn, *given)
    return office.counting.answer(office.database, count, *given)


_PATIENT = text("SET LOCAL idle_in_transaction_session_timeout = 0")


def _answered(asked: tuple[Callable[..., Any], tuple[Any, ...]], *place: Any) -> _Answer:
    """In the other process. Units are asked for anew by each count, the rules here."""
    count, given = asked
    try:
        office = _office(*place)
        with office.database.read() as conn:
            if conn.dialect.name == "postgresql":  # it reckons for longer than a server waits
                conn.execute(_PATIENT)
            office.rulebook.refresh(conn)
            return _Answer(count(office, conn, *given))
    except BihuanError as error:
        return _Answer(None, error)
    except Exception as error:
        LOGGER.exception("a count failed")
        return _Answer(None, RuntimeError(f"a count failed: {type(error).__name__}"))


@cache
def _office(data: Path, embedded: bool) -> Office:
    """Opened as the console's: the key comes from the same file or environment."""
    from console.wiring import open_office  # noqa: PLC0415  # which knows this module

    threading.Thread(target=_with_the_console, daemon=True).start()
    return open_office(data, embedded=embedded)


def _with_the_console() -> None:
    """Ends in mid-count with a console that was killed."""
    from multiprocessing import parent_process  # noqa: PLC0415

    if (console := parent_process()) is not None:
        console.join()
    os._exit(1)
