"""席位: how many of the console's answers are made at once; whoever waits for something that is not
the interpreter lends his place meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import NamedTuple

from anyio import CapacityLimiter
from anyio.to_thread import current_default_thread_limiter


class Room(NamedTuple):
    """How many answers are made at once, and how many at most when places are lent."""

    places: int
    most: int


BY_ITSELF = Room(2, 16)
"""With a file of its own. Each statement lets go of the interpreter, and the more there are who
want it, the longer it takes to be given it back.
"""

AT_A_SERVER = Room(8, 8)
"""With a database elsewhere, for which every statement waits: as many as may read there at once."""


class Places:
    """The places of one server, counted in its loop."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, limiter: CapacityLimiter, room: Room
    ) -> None:
        self._loop, self._limiter, self._room, self._lent = loop, limiter, room, 0
        self._add(0)

    def add(self, number: int) -> None:
        """So many more, or fewer; from any thread, which does not wait for it."""
        with suppress(RuntimeError):  # the loop has ended, and nobody needs a place
            self._loop.call_soon_threadsafe(self._add, number)

    def _add(self, number: int) -> None:
        self._lent += number
        self._limiter.total_tokens = min(self._room.places + self._lent, self._room.most)


_HERE: ContextVar[Places] = ContextVar("places")


def open_places(room: Room) -> None:
    """For whatever this loop answers from now on; called in it."""
    _HERE.set(Places(asyncio.get_running_loop(), current_default_thread_limiter(), room))


def serving() -> bool:
    """Whether what is asked here is asked by one who waits for a server's answer."""
    return _HERE.get(None) is not None


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
