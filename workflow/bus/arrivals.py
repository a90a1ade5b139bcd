"""What a topic brought, beside how far its reader has come: repeats, what follows, what lacks."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence

from workflow.bus.progress import Place, Reach
from workflow.record import Record

LATE = 5.0
"""Seconds that what the relay has sent may be on its way."""


class Brought:
    """Records in whatever order, sorted out by lane. `stood` is, lane by lane, how far the reader
    and the log have come.

    `reaches` and `places` are the batch that follows the progress without a gap, `records` those of
    it that need not be read from the log, `ends` the places, by lane, to which it must have
    come in the end. What lies beyond the log itself is no event of it, and is passed over.
    """

    def __init__(
        self,
        stood: Mapping[int, tuple[int, int]],
        records: Sequence[Record],
        handles: Collection[str],
    ) -> None:
        self.reaches: list[Reach] = []
        self.ends: list[Place] = []
        self.records: list[Record] = []
        at = {(record.lane, record.pos): record for record in records}
        for lane, positions in _by_lane(at).items():
            old, head = stood[lane]
            new = old
            while new < head and new + 1 in positions:
                new += 1
            last = max((pos for pos in positions if old < pos <= head), default=old)
            if last > old:
                self.ends.append((lane, last))
            if new > old:
                self.reaches.append(Reach(lane, old, new))
                follow = (at[lane, pos] for pos in range(old + 1, new + 1))
                self.records += [record for record in follow if record.type in handles]
        self.places: list[Place] = [(record.lane, record.pos) for record in self.records]
        self.records = [record for record in self.records if record.fact is not None]

    def come_to(self, won: Collection[int]) -> tuple[int, list[Place]]:
        """When these lanes of the batch were won: how many positions that is, and the ends that
        still lie ahead.
        """
        reached = {reach.lane: reach for reach in self.reaches if reach.lane in won}
        moved = sum(reach.new - reach.old for reach in reached.values())
        left = [
            (lane, pos) for lane, pos in self.ends if lane not in reached or reached[lane].new < pos
        ]
        return moved, left


class Standstill:
    """Whether a topic brings nothing in some lane, though there is something: looked at now and
    then, lane by lane, as others may go on.
    """

    def __init__(self) -> None:
        self._looked, self._behind = time.monotonic(), dict[int, int]()

    @property
    def due(self) -> bool:
        return time.monotonic() - self._looked > LATE

    def seen(self, behind: Mapping[int, int]) -> bool:
        """`behind` is how far the reader has come in each lane in which the relay is ahead."""
        before, self._behind = self._behind, dict(behind)
        self._looked = time.monotonic()
        return any(before.get(lane) == pos for lane, pos in behind.items())


def _by_lane(places: Collection[Place]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for lane, pos in places:
        found.setdefault(lane, set()).add(pos)
    return found
