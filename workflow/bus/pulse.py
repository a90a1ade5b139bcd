"""How a job of a long-running process is doing: for health checks, and for whoever looks."""

from __future__ import annotations

import time
from typing import Literal

Doing = Literal["starting", "working", "standing by", "waiting"]
"""`waiting`: for a database or a broker that is away; it goes on by itself."""

GONE = 900.0
"""Seconds after which it will not be heard of again: many single commits on a slow disk take
minutes.
"""

SILENT = 150.0
"""Seconds after which a job that says nothing is taken for stuck: longer than a statement may last
at a server that is stuck itself.
"""


class Pulse:
    """A job's own word, told at each turn."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._doing: Doing = "starting"
        self._cut_off = False
        self._at = time.monotonic()

    def beats(self, doing: Doing) -> None:
        self._doing, self._at = doing, time.monotonic()

    def finds(self, *, there: bool) -> None:
        """Whoever keeps the job's lease says whether the database is there: a job that has nothing
        to do does not learn it.
        """
        self._cut_off = not there

    @property
    def doing(self) -> Doing:
        return "waiting" if self._cut_off else self._doing

    @property
    def alive(self) -> bool:
        return time.monotonic() - self._at < SILENT

    @property
    def gone(self) -> bool:
        return time.monotonic() - self._at > GONE

    @property
    def ready(self) -> bool:
        """It does its work, or stands by to."""
        return self.alive and self.doing in {"working", "standing by"}
