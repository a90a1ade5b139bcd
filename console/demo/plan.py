"""演示：how many services and ratings each unit sends on each day, totals met exactly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from console.demo.desks import Unit
from workflow.calendar_official import official

_WEEKDAY: Final = (120, 110, 105, 100, 95, 60, 60)


@dataclass(frozen=True, slots=True)
class Cell:
    """Totals to be met: one unit over a stretch of days."""

    unit: Unit
    first: date
    last: date
    services: int
    ratings: int
    onsite: int


@dataclass(slots=True)
class Slot:
    """What a unit has yet to send of one day; `take` sets one rated service aside."""

    unit: Unit
    day: date
    services: int
    ratings: int
    onsite: int

    @property
    def remote(self) -> int:
        return self.ratings - self.onsite

    def room(self, onsite: bool) -> int:
        """How many ratings of this kind are not yet set aside."""
        return self.onsite if onsite else self.remote

    def take(self, onsite: bool) -> int:
        """The serial number of a service set aside with its rating; ValueError if none is left."""
        if not self.room(onsite):
            raise ValueError(f"no rating left on {self.day} at {self.unit.name}")
        serial = self.services
        self.services -= 1
        self.ratings -= 1
        self.onsite -= onsite
        return serial


def works(day: date) -> bool:
    """Whether the day is a working day by the State Council's notices."""
    return official("china").on(day).working


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Whole numbers in proportion to the weights that add up to the total (largest remainder).

    Where the total is at most the sum of the weights, no share exceeds its weight.
    """
    whole = sum(weights)
    if not total:
        return [0] * len(weights)
    shares = [total * weight // whole for weight in weights]
    missing = total - sum(shares)
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in order[:missing]:
        shares[i] += 1
    return shares


def slots(cell: Cell, rng: Random) -> Iterator[Slot]:
    """The cell's days with something to send, their counts adding up to the cell's totals."""
    days = list(dates(cell.first, cell.last))
    services = spread(cell.services, [_busy(day, rng) for day in days])
    ratings = spread(cell.ratings, services)
    onsite = spread(cell.onsite, ratings)
    for day, a, m, p in zip(days, services, ratings, onsite, strict=True):
        if a:
            yield Slot(cell.unit, day, a, m, p)


def dates(first: date, last: date) -> Iterator[date]:
    """Every date from the first to the last, both included."""
    for n in range((last - first).days + 1):
        yield first + timedelta(days=n)


def month_end(day: date) -> date:
    """The last date of the day's month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _busy(day: date, rng: Random) -> int:
    """How busy a day is: weekends a little, public holidays not at all."""
    jitter = rng.randint(85, 115)
    if works(day):
        return _WEEKDAY[day.weekday()] * jitter
    return 0 if official("china").on(day).named else 3 * jitter
