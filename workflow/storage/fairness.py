"""One writer at a time, first come first served: a queue of threads in the process, two file
locks between processes.
"""

import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workflow.errors import Busy


class Turnstile:
    """The write lock of one SQLite file.

    Between processes a waiter holds the queue file while it waits for the work file: the one who
    has just
    written must queue behind it, so a busy runner cannot starve a person in another process.
    """

    def __init__(self, database: Path) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._busy = False
        self._queue = os.open(f"{database}.queue", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._work = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @property
    def contended(self) -> bool:
        """Somebody is waiting to write, in this process or in another; asked by who writes."""
        if self._waiting:
            return True
        try:
            fcntl.flock(self._queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self._queue, fcntl.LOCK_UN)
        return False

    @contextmanager
    def held(self, timeout: float) -> Iterator[None]:
        """The right to write; Busy after `timeout` seconds in the queue."""
        deadline = time.monotonic() + timeout
        self._enter(timeout)
        try:
            _flock(self._queue, deadline)
            try:
                _flock(self._work, deadline)
            finally:
                fcntl.flock(self._queue, fcntl.LOCK_UN)
            try:
                yield
            finally:
                fcntl.flock(self._work, fcntl.LOCK_UN)
        finally:
            self._leave()

    def _enter(self, timeout: float) -> None:
        with self._mutex:
            if not self._busy and not self._waiting:
                self._busy = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(timeout):
            return
        with self._mutex:
            if turn.is_set():
                return
            self._waiting.remove(turn)
        raise Busy

    def _leave(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._busy = False

    def close(self) -> None:
        os.close(self._queue)
        os.close(self._work)


def _flock(descriptor: int, deadline: float) -> None:
    """Blocks at once when free; otherwise tries until the deadline, since a blocking flock knows
    no time limit.
    """
    pause = 0.0002
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Busy from None
            time.sleep(pause)
            pause = min(pause * 1.5, 0.004)
        else:
            return
