"""The embedded bus: the log itself is the source. On SQLite one runner for all consumers works
under a lease; on a server every process has one, and they share the lanes.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Sequence

from workflow.bus import progress
from workflow.bus.consumer import Consumer
from workflow.bus.crew import Crew
from workflow.bus.lease import SECONDS, Lease
from workflow.bus.pulse import Pulse
from workflow.bus.runner import BATCH, FEW, Runner
from workflow.clock import system_clock
from workflow.errors import Transient
from workflow.ledger import Ledger

TOGETHER = 8_000
"""Positions of all consumers in one commit, about a thousand events: what a kill may undo."""

POLL = 0.25
"""Seconds between polls when nothing in this process wakes the runner."""

LOGGER = logging.getLogger("bihuan.bus")


class EmbeddedBus:
    """All consumers of one process. `drain` works off what is there; `run` goes on until
    stopped.
    """

    def __init__(self, ledger: Ledger, consumers: Sequence[Consumer]) -> None:
        self.ledger, self.consumers = ledger, tuple(consumers)
        database = ledger.database
        self._lease: Lease | Crew = (
            Lease(database, "runner", system_clock)
            if database.one_writer
            else Crew(database, system_clock)
        )
        self._wake, self._stop = threading.Event(), threading.Event()
        self._joined = False
        self.pulse = Pulse("consumers")

    def wake(self) -> None:
        """Something was recorded in this process."""
        self._wake.set()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()

    def stands_by(self) -> bool:
        """Whether another process runs the consumers at this moment."""
        return self._lease.elsewhere()

    def drain(self) -> bool:
        """Works until every consumer's progress equals the log; False if another process holds
        the lease.
        """
        clean = self._lease.acquire()
        if clean is None:
            return False
        try:
            done = self._drained(self._runners(clean))
        except BaseException:
            self._lease.release(clean=False)
            raise
        if done:
            self._lease.release()
        return done

    def _drained(self, runners: Sequence[Runner]) -> bool:
        """Until nothing lies beyond; False if the lease was lost meanwhile."""
        renewed = time.monotonic()
        while self._round(runners):
            if time.monotonic() - renewed > SECONDS / 3:
                if not self._lease.renew():
                    return False
                renewed = time.monotonic()
        return True

    def run(self) -> None:
        """Until `stop`: stands by while another process holds the lease, then works and waits by
        turns.
        """
        while not self._stop.is_set():
            try:
                clean = self._lease.acquire()
                if clean is None:
                    self.pulse.beats("standing by")
                    self._stop.wait(1.0)
                else:
                    self._work(self._runners(clean))
            except Transient as error:
                LOGGER.warning("runner stopped, it starts again: %s", error)
                self._pauses()
            except Exception:
                LOGGER.exception("runner stopped by an error; it starts again")
                self._pauses()

    def _pauses(self) -> None:
        self.pulse.beats("waiting")
        self._stop.wait(1.0)

    def _work(self, runners: Sequence[Runner]) -> None:
        renewed = time.monotonic()
        while not self._stop.is_set():
            self._wake.clear()
            if not self._round(runners):
                self._calm(runners)
                self._wake.wait(POLL)
            self.pulse.beats("working")
            if time.monotonic() - renewed > SECONDS / 3:
                if not self._lease.renew():
                    return
                renewed = time.monotonic()
        self._lease.release()

    def _calm(self, runners: Sequence[Runner]) -> None:
        """Nothing lies beyond: whatever a process that fell had in hand is done or parked."""
        for runner in runners:
            runner.calm()
        self._lease.calm()

    def _round(self, runners: Sequence[Runner]) -> int:
        """A commit for all who are behind, or one for each; 0 when none is."""
        with self.ledger.database.read() as conn:
            behind = progress.behind(conn)
            if behind:
                share = self._lease.share(conn)
                for runner in runners:
                    runner.share = share
        due = [runner for runner in runners if runner.consumer.name in behind]
        alone = self.ledger.database.one_writer
        if alone and due and not any(runner.careful for runner in runners):
            try:
                return self._together(runners)
            except Exception:  # fails again below, apart from the others, and is seen to
                LOGGER.info("a round is done again in parts", exc_info=True)
        moved = 0
        for runner in due:
            moved += runner.step()
            self.pulse.beats("working")
        return moved

    def _together(self, runners: Sequence[Runner]) -> int:
        """Batches for all in one commit; but nobody who waits to write waits for two."""
        moved, before, database = 0, -1, self.ledger.database
        size = FEW if database.pressed else BATCH
        with self.ledger.transaction(patient=True) as posting:
            while before < moved < TOGETHER:
                before = moved
                for runner in runners:
                    moved += runner.take(posting, size)
                    if moved and database.contended:  # none moved would mean: done
                        return moved
        return moved

    def _runners(self, clean: bool) -> list[Runner]:
        if not self._joined:
            with self.ledger.database.write() as conn:
                self.ledger.database.alone(conn)
                for consumer in self.consumers:
                    progress.join_source(conn, consumer.name, consumer.start)
            self._joined = True
        first = 0 if self.ledger.database.one_writer else os.getpid()
        return [
            Runner(self.ledger, consumer, unclean=not clean, rotation=first)
            for consumer in self.consumers
        ]
