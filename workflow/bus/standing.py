"""Which partitions stand still beside flowing ones, why, and for how long: told to the log, once a
minute while it lasts and once when it is over.
"""

from __future__ import annotations

import logging
from typing import Any

LOGGER = logging.getLogger("bihuan.kafka")
STILL = 60.0
"""Seconds a partition may bring nothing before the broker is asked why, and again after each."""
LOOKED = 5.0
BUSY = 30.0
"""Seconds without a look after which nothing is known: nobody was reading meanwhile."""
ANSWERED_WITHIN_MS = 500


class Standing:
    """What one reading knows of its partitions; it outlives the client, which is built anew."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._at: dict[Any, tuple[int | None, float]] = {}
        self._asked: dict[Any, float] = {}
        self._told: set[Any] = set()
        self._doubted: set[Any] = set()
        self._looked = 0.0

    def look(self, consumer: Any, now: float, *, there: bool) -> None:
        """After a poll. Asks nobody while everything moves, or while the broker is not there."""
        if not there or now - self._looked < LOOKED:
            return
        if now - self._looked > BUSY:
            self._at = {}
        self._looked = now
        held = dict(consumer._subscription.assignment)
        self._at = {place: at for place, at in self._at.items() if place in held}
        self._told &= held.keys()
        for place, state in held.items():
            at = None if state.position is None else state.position.offset
            if place not in self._at or self._at[place][0] != at:
                self._moved(place, at, now)
            elif now - max(self._at[place][1], self._asked[place]) >= STILL:
                self._asked[place] = now
                self._tell(place, now, *_reason(consumer, place, at, state.highwater))

    def _moved(self, place: Any, at: int | None, now: float) -> None:
        self._at[place], self._asked[place] = (at, now), now
        self._doubted.discard(place)
        if place in self._told:
            self._told.discard(place)
            LOGGER.warning("%s: partition %d goes on", self._topic, place.partition)

    def _tell(self, place: Any, now: float, reason: str, led: bool) -> None:
        at, since = self._at[place]
        if not reason:  # it has brought everything
            self._moved(place, at, now)
            return
        if not led and place not in self._told | self._doubted:
            self._doubted.add(place)
            self._asked[place] = now - STILL  # it may be starting: asked at the next look again
            return
        self._told.add(place)
        LOGGER.warning(
            "%s: partition %d has stood still at offset %s for %d s: %s",
            *(self._topic, place.partition, "unknown" if at is None else at, now - since, reason),
        )


def _reason(consumer: Any, place: Any, at: int | None, end: int | None) -> tuple[str, bool]:
    """Why it stands still; nothing where it is only at its end, which is what `end` says then. With
    it, whether it has a leader that answers.
    """
    if consumer._cluster.leader_for_partition(place) in (None, -1):
        return "it has no leader", False
    try:
        stable = consumer.end_offsets([place], timeout_ms=ANSWERED_WITHIN_MS)[place]
    except Exception as error:  # whatever the client says, this only tells
        return f"its leader does not answer ({type(error).__name__})", False
    if at is None or stable > at:
        return f"it has messages up to {stable} that cannot be read", True
    if end is not None and end > at:
        return f"its end is {end}; an open transaction of another producer?", True
    return "", True
