"""通知: the loop that sends what waits in the outbox; one process at a time, under a lease."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

from workflow.aside import Aside
from workflow.bus.lease import SECONDS, Lease
from workflow.bus.pulse import Pulse
from workflow.clock import system_clock
from workflow.errors import Transient
from workflow.ledger import Ledger
from workflow.outbox import Channel, deliver

POLL = 2.0
"""Seconds between looks when nothing waits."""

LOGGER = logging.getLogger("bihuan.outbox")


class Sender:
    """Sends until stopped; stands by while another process does. `wake` is called after each
    message: its receipt may have recorded an invitation.
    """

    def __init__(
        self, ledger: Ledger, channels: Mapping[str, Channel], wake: Callable[[], None]
    ) -> None:
        self._ledger, self._channels, self._wake = ledger, channels, wake
        self._lease = Lease(ledger.database, "sender", system_clock)
        self._stop, self._aside = threading.Event(), Aside()
        self.pulse = Pulse("sender")

    def stop(self) -> None:
        """After the message in hand."""
        self._stop.set()

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                if self._lease.acquire() is not None:
                    self._work()
                    self._lease.release()
                else:
                    self.pulse.beats("standing by")
            except Transient as away:
                LOGGER.warning("the sender waits: %s", away)
                self.pulse.beats("waiting")
            except Exception:
                LOGGER.exception("the sender stopped by an error; it starts again")
                self.pulse.beats("waiting")
            self._stop.wait(POLL)

    def _work(self) -> None:
        renewed = time.monotonic()
        while not self._stop.is_set():
            if deliver(self._ledger, self._channels, limit=1, aside=self._aside):
                self._wake()
            else:
                self._stop.wait(POLL)
            self.pulse.beats("working")
            if time.monotonic() - renewed > SECONDS / 3:
                if not self._lease.renew():
                    return
                renewed = time.monotonic()
