"""One writer at a time, first come first served, people before bulk: a queue of threads in the
process, three file locks between processes.
"""

import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from workflow.errors import Busy

PATIENCE = 1.0
"""Seconds for which a patient writer lets others go first; then it is one of them."""

PRESSED = 3.0
"""Seconds for which it is remembered, in the queue file, that somebody waited."""

POLL = 0.001


class Turnstile:
    """The write lock of one SQLite file.

    Between processes a waiter holds the queue file while it waits for the work file: who has just
    written must queue behind it. Patient writers, who write much, queue by a file of their own,
    and take the work file only while the queue file is free: a person in another process waits for
    the one who writes, and for no second one.
    """

    def __init__(self, database: Path) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._patient: deque[threading.Event] = deque()
        self._busy = False
        self._open = [
            os.open(f"{database}.{name}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            for name in ("queue", "bulk", "lock")
        ]
        self._queue, self._bulk, self._work = self._open

    @property
    def contended(self) -> bool:
        """Somebody is waiting to write, in this process or in another; asked by who writes."""
        return self.awaited or bool(self._patient) or _taken(self._bulk)

    @property
    def awaited(self) -> bool:
        """Somebody is waiting who is not patient; asked by who writes."""
        return bool(self._waiting) or _taken(self._queue)

    @property
    def pressed(self) -> bool:
        """Somebody who is not patient had to wait lately, for whatever process."""
        told = os.fstat(self._queue)
        return told.st_size > 0 and 0 <= time.time() - told.st_mtime < PRESSED

    @contextmanager
    def held(self, timeout: float, *, patient: bool = False) -> Iterator[None]:
        """The right to write; Busy after `timeout` seconds in the queue."""
        deadline = time.monotonic() + timeout
        self._enter(deadline, patient)
        try:
            if not (patient and self._behind_others()):
                self._in_line(deadline)
            try:
                yield
            finally:
                _let_go(self._work)
        finally:
            self._leave()

    def _enter(self, deadline: float, patient: bool) -> None:
        turn = threading.Event()
        line = self._patient if patient else self._waiting
        with self._mutex:
            if not self._busy:
                self._busy = True
                return
            line.append(turn)
        if not patient:
            self._tell()
        if patient and not turn.wait(PATIENCE):
            line = self._grown_impatient(turn)
        if turn.wait(max(0.0, deadline - time.monotonic())):
            return
        with self._mutex:
            if turn.is_set():
                return
            line.remove(turn)
        raise Busy

    def _grown_impatient(self, turn: threading.Event) -> deque[threading.Event]:
        with self._mutex:
            if not turn.is_set():
                self._patient.remove(turn)
                self._waiting.append(turn)
        return self._waiting

    def _leave(self) -> None:
        with self._mutex:
            line = self._waiting or self._patient
            if line:
                line.popleft().set()
            else:
                self._busy = False

    def _behind_others(self) -> bool:
        """The work file, once nobody else wants it; False when that has taken too long, or when
        somebody of this process waits behind.
        """
        until = time.monotonic() + PATIENCE
        if not self._tried(lambda: _take(self._bulk), until):
            return False
        try:
            return self._tried(self._take_what_is_free, until)
        finally:
            _let_go(self._bulk)

    def _tried(self, once: Callable[[], bool], until: float) -> bool:
        while not once():
            if self._waiting or time.monotonic() > until:
                return False
            time.sleep(POLL)
        return True

    def _take_what_is_free(self) -> bool:
        """The work file first: so the queue file is seen taken by those alone who wait in it."""
        if not _take(self._work):
            return False
        if not _taken(self._queue):
            return True
        _let_go(self._work)
        return False

    def _in_line(self, deadline: float) -> None:
        if _taken(self._work):
            self._tell()
        _insist(self._queue, deadline)
        try:
            _insist(self._work, deadline)
        finally:
            _let_go(self._queue)

    def _tell(self) -> None:
        """Whoever asks whether it is pressed reads when this byte was written last."""
        os.pwrite(self._queue, b".", 0)

    def close(self) -> None:
        """Once: by a second time the numbers may be somebody else's."""
        while self._open:
            os.close(self._open.pop())


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _let_go(descriptor: int) -> None:
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def _taken(descriptor: int) -> bool:
    """Whether somebody else has it."""
    if not _take(descriptor):
        return True
    _let_go(descriptor)
    return False


def _insist(descriptor: int, deadline: float) -> None:
    """Tries until the deadline, since a blocking flock knows no time limit; at an even pace, or
    who came last would be the first to notice that it is free.
    """
    while not _take(descriptor):
        if time.monotonic() > deadline:
            raise Busy
        time.sleep(POLL)
