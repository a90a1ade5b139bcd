"""The relay: the log on its way to Kafka; one at a time, whole batches, its progress committed
after the acknowledgements.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import Row

from schemas import BY_TYPE
from workflow.bus import progress
from workflow.bus.broker import Message
from workflow.bus.cloudevents import headers_of
from workflow.ledger import Ledger

BATCH = 500
POLL = 0.1
"""Seconds between looks at the log when nobody wakes the relay."""
ASKED = 5.0
"""Seconds with nothing to send after which the broker is asked whether it is there."""


class Publishing(Protocol):
    """Sends a batch and awaits it, or asks whether the broker is there. Raises Away, Unwritable."""

    def publish(self, messages: Sequence[Message]) -> None: ...

    def ask(self) -> None: ...

    def close(self) -> None: ...


class Relay:
    """Reads the log as a consumer of every type. It never parks: a batch that the broker did not
    acknowledge is sent again, and its readers tell the repeats by lane and position.
    """

    name = "relay"
    handles = frozenset(BY_TYPE)

    def __init__(self, ledger: Ledger, publisher: Publishing, partitions: int) -> None:
        self._ledger, self._publisher, self._partitions = ledger, publisher, partitions
        self._rotation, self._answered = 0, float("-inf")

    @contextmanager
    def turns(self) -> Iterator[Callable[[], bool]]:
        """For a duty: each turn is one batch."""
        self._answered = float("-inf")
        with self._ledger.database.write() as conn:
            progress.join_source(conn, self.name, "beginning")
        try:
            yield lambda: self.step() > 0
        finally:
            self._publisher.close()

    def step(self) -> int:
        """One batch: answers how many positions were sent; 0 when nothing lies beyond.

        Raises Away while the broker is, Unwritable while it lets us write nothing.
        """
        self._rotation += 1
        with self._ledger.database.read() as conn:
            reaches, places = progress.beyond(conn, self, self._rotation, BATCH)
            rows = progress.rows_at(conn, places)
        if not reaches:
            self._ask()
            return 0
        self._publisher.publish([self._message(row) for row in rows])
        self._answered = time.monotonic()
        with self._ledger.database.write() as conn:
            progress.claim(conn, self.name, reaches)
        return len(rows)

    def _ask(self) -> None:
        if time.monotonic() - self._answered > ASKED:
            self._publisher.ask()
            self._answered = time.monotonic()

    def _message(self, row: Row[Any]) -> Message:
        return Message(
            "complaints",
            row.lane % self._partitions,
            row.subject.encode(),
            row.data.encode(),
            headers_of(row),
        )
