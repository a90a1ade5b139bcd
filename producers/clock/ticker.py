"""时钟: the ticker: it only asks again and again what is due; the table of timers is the truth."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from producers.clock.recomputing import recompute
from producers.clock.timers import tick
from workflow.aside import Aside
from workflow.clock import MINUTE, SECOND
from workflow.erasure import Retention
from workflow.errors import Transient
from workflow.ledger import Ledger

SECONDS = 5.0
ERASING = 20
"""Transactions in which each tick erases what retention is over for."""

SILENT = 60.0
"""Seconds without word of a batch after which a tick is taken for stuck."""

JUMP = MINUTE
"""Microseconds by which the host's clock may run ahead of or behind the time that has passed."""

LOGGER = logging.getLogger("bihuan.clock")


class Ticker:
    """Ticks every few seconds, in a thread of its own.

    `wake` is called after anything was recorded; `jumped` with the microseconds by which the host's
    clock has left the time that passed, when that is more than a minute.
    """

    def __init__(
        self,
        ledger: Ledger,
        zone: ZoneInfo,
        *,
        seconds: float = SECONDS,
        wake: Callable[[], None] = lambda: None,
        jumped: Callable[[int], None] | None = None,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.ledger, self._wake = ledger, wake
        self._jumped, self._monotonic = jumped or _warn_of_jump, monotonic_ns
        self._before: tuple[int, int] | None = None
        self._retention, self._aside = Retention(ledger), Aside()
        self._stopped = threading.Event()
        self.well = True
        """Whether the last tick came to its end."""
        self._heard = time.monotonic()
        # In the scheduler's own thread: one of a pool would hold the end of the process up.
        here = {"default": DebugExecutor()}
        self._scheduler = BackgroundScheduler(timezone=zone, executors=here)
        self._scheduler.add_job(
            self._tick,
            "interval",
            seconds=seconds,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """Waits for a batch in progress."""
        self._stopped.set()
        self._scheduler.shutdown()

    def check(self) -> None:
        """Raises Transient where there has been no word of a tick for long."""
        if (silent := time.monotonic() - self._heard) > SILENT:
            raise Transient(f"时钟已有 {silent:.0f} 秒没有走动")

    def _tick(self) -> None:
        well = False
        try:
            self.once()
            well = True
        except Transient as away:
            LOGGER.warning("the clock waits: %s", away)
        finally:  # what else goes wrong is told by the scheduler
            self.well, self._heard = well, time.monotonic()

    def once(self, limit: int = 200) -> int:
        """All that is due now, batch by batch, then what a revised calendar has moved."""
        self._watch()
        done = 0
        while not self._stopped.is_set() and (seen_to := self._some(limit)) > 0:
            done += seen_to
            self._heard = time.monotonic()
        done += recompute(self.ledger, aside=self._aside)
        self._erase()
        if done:
            self._wake()
        return done

    def _some(self, limit: int) -> int:
        return tick(self.ledger, limit=limit, aside=self._aside)

    def _erase(self) -> None:
        """A part of what retention is over for; a great backlog must not hold deadlines up."""
        for _ in range(ERASING):
            if self._stopped.is_set() or not self._retention.expire():
                break

    def _watch(self) -> None:
        wall, passed = self.ledger.clock(), self._monotonic() // 1000
        if self._before is not None:
            ahead = (wall - self._before[0]) - (passed - self._before[1])
            if abs(ahead) > JUMP:
                self._jumped(ahead)
        self._before = wall, passed


def _warn_of_jump(ahead: int) -> None:
    LOGGER.warning("the host's clock jumped by %.1f s", ahead / SECOND)
