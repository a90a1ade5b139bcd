"""How far each partition of a topic has been seen to, by a member of a group that may lose it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

Place = tuple[str, int]
"""Topic and partition."""

COMMITTED_EVERY = 1.0
"""Seconds from one commit of offsets to the next: what comes again is recognised."""


class Offsets:
    """Those that a member may commit. Once it has joined anew, what it read before counts only as
    far as it comes again: others may have had the partition meanwhile, and committed more.
    """

    def __init__(self) -> None:
        self._member: tuple[str, int] | None = None
        self._began: dict[Place, int] = {}
        self._seen: dict[Place, int] = {}
        self._told: dict[Place, int] = {}
        self._committed = time.monotonic()

    def polled(self, member: tuple[str, int], firsts: Mapping[Place, int]) -> None:
        """By this member, of this generation of its group: the first offset of each partition."""
        if member != self._member:
            self._member, self._began, self._seen, self._told = member, {}, {}, {}
        for place, first in firsts.items():
            self._began.setdefault(place, first)

    def begin_anew(self, places: Iterable[Place]) -> None:
        """None of these holds what it held: whatever was committed of them is taken back."""
        self._began, self._seen, self._told = {}, dict.fromkeys(places, 0), {}

    def saw(self, place: Place, offset: int) -> None:
        """Everything up to this one has been seen to."""
        if self._began.get(place, offset + 1) <= offset:
            self._seen[place] = offset + 1

    @property
    def due(self) -> bool:
        waited = time.monotonic() - self._committed > COMMITTED_EVERY
        return waited and self._seen != self._told

    def told(self) -> dict[Place, int]:
        """What is committed now."""
        self._committed, self._told = time.monotonic(), dict(self._seen)
        return self._told
