"""A duty: what one process at a time does, under a lease; others stand by and take over."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from workflow.bus.lease import SECONDS, Lease
from workflow.bus.pulse import Pulse
from workflow.clock import system_clock
from workflow.errors import Transient
from workflow.storage.database import Database

STANDING_BY = 1.0
"""Seconds between asking for the lease, and before another try after an error."""

LOGGER = logging.getLogger("bihuan.duty")

Turns = Callable[[], AbstractContextManager[Callable[[], bool]]]
"""Opens what the work needs; each turn of it says whether there was anything to do."""


class Duty:
    """Works until stopped, whatever happens: errors are told and the work begun anew."""

    def __init__(
        self,
        database: Database,
        name: str,
        turns: Turns,
        idle: float,
        give_up: Callable[[], None] = lambda: None,
    ) -> None:
        """`give_up` is told of the end: what the turn in hand waits for need not come."""
        self.name, self.pulse = name, Pulse(name)
        self._turns, self._idle, self._give_up = turns, idle, give_up
        self._lease = Lease(database, name, system_clock)
        self._wake, self._stop = threading.Event(), threading.Event()

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    def stop(self) -> None:
        """After the turn in hand."""
        self._stop.set()
        self._wake.set()
        self._give_up()

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                if self._lease.acquire() is None:
                    self.pulse.beats("standing by")
                else:
                    self._work()
                    self._lease.release()
            except Transient as away:
                self.pulse.beats("waiting")
                LOGGER.warning("%s waits: %s", self.name, away)
            except Exception:
                self.pulse.beats("waiting")
                LOGGER.exception("%s was stopped by an error; it starts again", self.name)
            self._stop.wait(STANDING_BY)

    def _work(self) -> None:
        """Until stopped, or until another process has the lease."""
        with self._turns() as turn:
            renewed = time.monotonic()
            while not self._stop.is_set():
                self._wake.clear()
                busy = turn()
                self.pulse.beats("working")
                if time.monotonic() - renewed > SECONDS / 3:
                    if not self._lease.renew():
                        return
                    renewed = time.monotonic()
                if not busy:
                    self._wake.wait(self._idle)
