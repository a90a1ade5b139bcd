"""席位: how many of the console's answers are made at once; whoever waits for something that is not
the interpreter lends his place meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from anyio import CapacityLimiter
from anyio.to_thread import current_default_thread_limiter

PLACES = 2
"""Answers made at once. Each statement lets go of the interpreter, and the more there are who want
it, the longer it takes to be given it back.
"""


MOST = 16
"""However many are lent: each is a thread."""


class Places:
    """The places of one server, counted in its loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limiter: CapacityLimiter) -> None:
        self._loop, self._limiter, self._lent = loop, limiter, 0
        self._add(0)

    def add(self, number: int) -> None:
        """So many more, or fewer; from any thread, which does not wait for it."""
        with suppress(RuntimeError):  # the loop has ended, and nobody needs a place
            self._loop.call_soon_threadsafe(self._add, number)

    def _add(self, number: int) -> None:
        self._lent += number
        self._limiter.total_tokens = min(PLACES + self._lent, MOST)


_HERE: ContextVar[Places] = ContextVar("places")


def open_places() -> None:
    """For whatever this loop answers from now on; called in it."""
    _HERE.set(Places(asyncio.get_running_loop(), current_default_thread_limiter()))


@contextmanager
def lent() -> Iterator[None]:
    """Another answer may be made meanwhile; outside a server nothing happens."""
    places = _HERE.get(None)
    if places is None:
        yield
        return
    places.add(1)
    try:
        yield
    finally:
        places.add(-1)
