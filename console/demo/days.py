"""演示：a day's rows as platforms send them: bad ones pushed at once, the rest in one batch."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Final

from console.demo.arrivals import Arrival
from console.demo.desks import Row
from console.demo.plan import Slot, works
from console.demo.rows import UnitDay, moment

_BATCH_SECOND: Final = 23 * 3600 + 1800


@dataclass(frozen=True, slots=True)
class Counts:
    """What an intake should answer to a day's rows."""

    services: int
    ratings: int
    repeats: int = 0
    conflicts: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """The pushed arrivals in the order of their time, then one batch at `received_at` (UTC)."""

    date: date
    received_at: datetime
    bad: tuple[Arrival, ...]
    services: list[Row]
    ratings: list[Row]
    counts: Counts


def given(
    slots: Iterable[Slot], last: date, later: dict[date, list[Row]], rng: Random
) -> tuple[list[Row], list[Row]]:
    """A day's services and ratings but the bad ones; `later` keeps what is rated after it."""
    services: list[Row] = []
    ratings: list[Row] = []
    for slot in slots:
        unit_day = UnitDay(slot.unit, slot.day, slot.services, works(slot.day), rng)
        services += unit_day.services()
        ratings += unit_day.ratings(slot.ratings, slot.onsite, last, later)
    return services, ratings


def batch_time(day: date) -> datetime:
    """When the day's batch arrives: after everything that was rated on that day."""
    return moment(day, _BATCH_SECOND)


def in_order(arrivals: Iterable[Arrival]) -> tuple[Arrival, ...]:
    """The arrivals by the time they are received."""
    return tuple(sorted(arrivals, key=lambda arrival: arrival.received_at))
