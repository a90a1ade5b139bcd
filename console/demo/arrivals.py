"""演示：one bad rating as a role to be played, and the rows by which it reaches the platform."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final

from console.demo.desks import Row, Window
from console.demo.fates import Fate, Key
from console.demo.people import Person
from console.demo.plan import Slot
from console.demo.rows import moment, project, promised_row, rating_row, service_row, stamp

_SERVICE_IN_DAILY_BATCH: Final = 0.1
_INCOMPLETE_FIRST: Final = 0.08
PROMISED: Final = 5
"""Working days that a service is promised to take, where it is no 即办件."""
_COURSES: Final = tuple(map(timedelta, (4, 15, 6)))
"""How long before its end one was accepted: one of three was done later than promised."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a platform pushes at once: a bad rating, mostly with its service record, or one refused.

    Services come before ratings; `received_at` is UTC, minutes after the rating was given.
    """

    received_at: datetime
    services: tuple[Row, ...]
    ratings: tuple[Row, ...]
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Words:
    """What a rater ticks and writes."""

    level: int
    reason: str
    text: str


@dataclass(slots=True)
class Role:
    """One bad rating: a service set aside in `slot`, a second of that day, who rates and what.

    `bulk` are the serials of good ratings given with the same phone, seconds apart, just before.
    """

    slot: Slot
    onsite: bool
    serial: int
    second: int
    window: Window
    person: Person
    words: Words
    fate: Fate
    bulk: list[int] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return project(self.slot.day, self.slot.unit, self.serial), "1"


@dataclass(frozen=True, slots=True)
class Told:
    """A role as rows: its arrivals in order, and services left for the day's batch."""

    arrivals: tuple[Arrival, ...]
    left: tuple[Row, ...]


def told(role: Role, rng: Random) -> Told:
    """The role's rows; now and then a first try lacks the reason, or the service comes later."""
    day, unit = role.slot.day, role.slot.unit
    record = service_row(role.key[0], unit, role.window, stamp(day, role.second - _gap(rng)))
    services = [promised_row(record, PROMISED, day - _COURSES[role.serial % len(_COURSES)])]
    rating = _rating(role, rng)
    pushed = moment(day, role.second + rng.randint(60, 300))
    before: tuple[Arrival, ...] = ()
    if rng.random() < _INCOMPLETE_FIRST:
        silent = (*rating[:-3], "", "", rating[-1])
        before = (Arrival(moment(day, role.second + 30), (), (silent,), refused=1),)
    bulk = list(_bulk(role))
    if not bulk and rng.random() < _SERVICE_IN_DAILY_BATCH:
        return Told((*before, Arrival(pushed, (), (rating,))), tuple(services))
    services += [service for service, _ in bulk]
    ratings = (*(good for _, good in bulk), rating)
    return Told((*before, Arrival(pushed, tuple(services), ratings)), ())


def _gap(rng: Random) -> int:
    return rng.randint(60, 480)


def _rating(role: Role, rng: Random) -> Row:
    said = (str(role.words.level), role.words.reason, role.words.text)
    how = rng.choice(role.slot.unit.voices)[:2] if role.onsite else ("mobile", "remote_active")
    place = role.window.onsite if role.onsite else role.window.remote
    when = stamp(role.slot.day, role.second)
    return rating_row(role.key[0], role.slot.unit, (*place, *role.person, *how, *said), when)


def _bulk(role: Role) -> Iterator[tuple[Row, Row]]:
    day, unit, window = role.slot.day, role.slot.unit, role.window
    for back, serial in enumerate(role.bulk, 1):
        key, second = project(day, unit, serial), role.second - 20 * back
        service = service_row(key, unit, window, stamp(day, second - 600))
        middle = (*window.onsite, *role.person, "pad", "onsite_active", "5", "", "")
        yield service, rating_row(key, unit, middle, stamp(day, second))
