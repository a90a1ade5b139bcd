"""演示：synthetic services and ratings, day by day, whose totals are exactly the circular's.

Everything follows from the seed; no clock is read. Assumptions: in the departments' scope one
service record a rating; the 67 bad ratings of the text do not include the townships' 4; the
departments' on-site shares and the spread over days, units and windows are ours.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from importlib.resources import files
from random import Random
from typing import Any, Final

from console.demo import mishaps
from console.demo.arrivals import Arrival, told
from console.demo.casting import Casting, cast_departments, cast_townships
from console.demo.days import Counts, Day, batch_time, given, in_order
from console.demo.desks import Row, department, township
from console.demo.fates import Fate, Key
from console.demo.plan import Cell, Slot, dates, month_end, slots
from console.demo.rows import RATING_FIELDS, SERVICE_FIELDS

__all__ = ["RATING_FIELDS", "SERVICE_FIELDS", "Counts", "Day", "Quarter"]

FIRST: Final = date(2021, 5, 1)
LAST: Final = date(2021, 9, 30)
_QUARTER: Final = date(2021, 7, 1)
_HOME: Final = "张店区"
_MOST_THINNED: Final = 200


class Quarter:
    """May to September 2021. Rows follow SERVICE_FIELDS and RATING_FIELDS; a day is made at a time.

    `fates` tells the simulated people about each bad rating, by (projectNo, serviceNumber);
    `featured` is the key of the complaint the demo opens with. `one_in` divides the numbers of
    services and ratings (never of bad ones) for a quick look: then they are not the circular's.
    ValueError if that leaves too few to hold the bad ones.
    """

    def __init__(self, seed: int = 20211001, one_in: int = 1) -> None:
        if not 1 <= one_in <= _MOST_THINNED:
            raise ValueError(f"one_in is 1 to {_MOST_THINNED}, not {one_in}")
        self._seed = seed
        rng = Random(f"{seed}/plan")
        totals = _totals()
        towns = list(_townships(totals, one_in, rng))
        homes = {name: list(slots(c, rng)) for name, c in _departments(totals, one_in)}
        self._slots: dict[date, list[Slot]] = defaultdict(list)
        for unit_days in (*(days for days, _, _ in towns), *homes.values()):
            for slot in unit_days:
                self._slots[slot.day].append(slot)
        self.rows = sum(s.services + s.ratings for day in self._slots.values() for s in day)
        casting = Casting(rng)
        cast_townships(casting, towns, rng)
        featured = cast_departments(casting, homes, totals["departments_bad"], rng)
        self.featured: Key = featured.key
        self.fates: Mapping[Key, Fate] = {role.key: role.fate for role in casting.roles}
        self._pushed: dict[date, list[Arrival]] = defaultdict(list)
        self._left: dict[date, list[Row]] = defaultdict(list)
        for role in casting.roles:
            rows = told(role, rng)
            self._pushed[role.slot.day] += rows.arrivals
            self._left[role.slot.day] += rows.left

    def pushed(self, day: date) -> tuple[Arrival, ...]:
        """The bad ratings of a day as they arrive, in order."""
        return in_order(self._pushed[day])

    def days(self) -> Iterator[Day]:
        """Each calendar day from 2021-05-01 to 2021-09-30, made when asked for."""
        later, late_services, late_ratings = _waiting(), _waiting(), _waiting()
        for day in dates(FIRST, LAST):
            rng = Random(f"{self._seed}/{day}")
            services, ratings = given(self._slots[day], month_end(day), later, rng)
            services += self._left[day]
            ratings += later.pop(day, [])
            _delay(services, day, late_services, rng)
            _delay(ratings, day, late_ratings, rng)
            yield self._day(day, services, ratings, rng)

    def _day(self, day: date, services: list[Row], ratings: list[Row], rng: Random) -> Day:
        pushed = self.pushed(day)
        a = mishaps.disturbed(services, mishaps.SERVICES, rng)
        m = mishaps.disturbed(ratings, mishaps.RATINGS, rng)
        refused = sum(arrival.refused for arrival in pushed)
        counts = Counts(
            len(services) + sum(len(arrival.services) for arrival in pushed),
            len(ratings) + sum(len(arrival.ratings) for arrival in pushed) - refused,
            a.repeats + m.repeats,
            a.conflicts + m.conflicts,
            a.refused + m.refused + refused,
        )
        return Day(day, batch_time(day), pushed, a.rows, m.rows, counts)


def _waiting() -> dict[date, list[Row]]:
    return defaultdict(list)


def _delay(rows: list[Row], day: date, late: dict[date, list[Row]], rng: Random) -> None:
    """Holds a few of the day's rows back, and adds those that were held back until today."""
    for arrives, row in mishaps.held_back(rows, day, LAST, rng):
        late[arrives].append(row)
    rows += late.pop(day, [])


def _totals() -> Mapping[str, Any]:
    text = files("console.demo").joinpath("totals.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _townships(
    totals: Mapping[str, Any], one_in: int, rng: Random
) -> Iterator[tuple[list[Slot], int, int]]:
    for number, (area, months) in enumerate(totals["townships"].items(), 1):
        unit = township(number, area)
        for month, (a, m, p, bad, valid) in months.items():
            first = date.fromisoformat(f"{month}-01")
            whole = Cell(unit, first, month_end(first), a, m, p)
            yield list(slots(_thinned(whole, one_in, bad), rng)), bad, valid


def _departments(totals: Mapping[str, Any], one_in: int) -> Iterator[tuple[str, Cell]]:
    for number, (name, ratings) in enumerate(totals["departments"].items(), 51):
        unit = department(number, _HOME, name)
        onsite = ratings * unit.onsite_share // 100
        whole = Cell(unit, _QUARTER, LAST, ratings, ratings, onsite)
        yield name, _thinned(whole, one_in, 0)


def _thinned(cell: Cell, one_in: int, least: int) -> Cell:
    ratings = max(cell.ratings // one_in, least)
    services = max(cell.services // one_in, ratings)
    return replace(
        cell, services=services, ratings=ratings, onsite=min(cell.onsite // one_in, ratings)
    )
