"""Whether the database answers: asked every few seconds beside the jobs, of which one whose turn
waits for a server that is stuck cannot say so itself.
"""

from __future__ import annotations

import threading
import time

from sqlalchemy import select

from workflow.bus.pulse import Doing, Pulse
from workflow.storage.database import Database

EVERY, ANSWERED_WITHIN = 3.0, 3.0


class Answers(Pulse):
    """`waiting` also while a question is open for too long."""

    def __init__(self) -> None:
        super().__init__("database")
        self.asked: float | None = None

    @property
    def doing(self) -> Doing:
        asked = self.asked
        late = asked is not None and time.monotonic() - asked > ANSWERED_WITHIN
        return "waiting" if late else super().doing


class Asking:
    """A job that only asks."""

    def __init__(self, database: Database) -> None:
        self._database, self._stopped = database, threading.Event()
        self.pulse = Answers()

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        while not self._stopped.is_set():
            self.pulse.asked = time.monotonic()
            try:
                with self._database.read() as conn:
                    conn.execute(select(1))
                self.pulse.beats("working")
            except Exception:  # whatever it is, it is no answer
                self.pulse.beats("waiting")
            self.pulse.asked = None
            self._stopped.wait(EVERY)
