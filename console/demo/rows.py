"""演示：the columns of bihuan's own table, times as text, and a unit's ordinary day as rows."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from console.demo.desks import LATER_VOICES, REMOTE_VOICES, Row, Unit, Window
from console.demo.people import PASSERS_BY

ZONE: Final = ZoneInfo("Asia/Shanghai")
SERVICE_FIELDS: Final[Row] = (
    *("projectNo", "serviceNumber", "areaName", "proDepart"),
    *("taskCode", "taskName", "winName", "proManager"),
    *("promiseDay", "promiseType", "acceptDate", "resultDate", "promiseTime", "serviceTime"),
)
RATING_FIELDS: Final[Row] = (
    *("projectNo", "serviceNumber", "assessNumber", "areaName", "proDepart"),
    *("taskCode", "taskName", "winName", "proManager", "device"),
    *("userName", "userProp", "mobile", "anonymityFlag"),
    *("pf", "origin", "satisfaction", "evalDetail", "writingEvaluation", "assessTime"),
)

CLOCK: Final = tuple(f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(86_400))
"""Every second of a day as text: formatting a million times costs more than five megabytes."""


def _pool(*shifts: tuple[int, int, int]) -> tuple[int, ...]:
    """Seconds of a day from shifts (first minute, last minute, how busy)."""
    return tuple(s for a, b, busy in shifts for s in range(a * 60, b * 60, 60 // busy))


WORKDAY: Final = _pool((510, 540, 2), (540, 660, 6), (660, 720, 4), (810, 960, 5), (960, 1050, 3))
_EVENING: Final = _pool((1050, 1200, 1), (720, 810, 1))
_BUSY: Final = WORKDAY + _EVENING
_QUIET: Final = _pool((540, 720, 4), (810, 990, 2), (990, 1200, 1))
_SOON: Final = tuple(range(30, 600, 7))
_WITHIN_HOURS: Final = tuple(range(120, 10_800, 61))


def moment(day: date, second: int) -> datetime:
    """The instant (UTC) of a second of a day in the office's zone."""
    return (datetime.combine(day, time(), ZONE) + timedelta(seconds=second)).astimezone(UTC)


def stamp(day: date, second: int) -> str:
    """The same as platforms write it, yyyy-MM-dd HH:mm:ss."""
    return f"{day} {CLOCK[second]}"


def project(day: date, unit: Unit, serial: int) -> str:
    """A project number: the date first, so that rows arrive in the order of their keys."""
    return f"{day:%Y%m%d}{unit.number:03}{serial:05}"


def service_row(key: str, unit: Unit, window: Window, when: str) -> Row:
    """A service record in the order of SERVICE_FIELDS."""
    return (key, "1", unit.area, unit.name, *window.service, when)


def promised_row(service: Row, days: int, accepted: date) -> Row:
    """The same record where so many working days were promised, done when the service was given;
    as it is where nothing is promised.
    """
    if service[-2] != "promised":
        return service
    taken = f"{accepted} 09:30:00"
    return (*service[:-6], str(days), "working_days", taken, service[-1], *service[-2:])


def rating_row(key: str, unit: Unit, middle: Row, when: str) -> Row:
    """A rating in the order of RATING_FIELDS; `middle` is the place, the person and the voice."""
    return (key, "1", "1", unit.area, unit.name, *middle, when)


class UnitDay:
    """One unit's ordinary services of a day, from which its ratings are drawn."""

    def __init__(self, unit: Unit, day: date, count: int, working: bool, rng: Random) -> None:
        self._unit, self._day, self._rng = unit, day, rng
        self._today = f"{day} "
        prefix = project(day, unit, 0)[:-5]
        self._keys = [f"{prefix}{serial:05}" for serial in range(1, count + 1)]
        self._seconds = sorted(rng.choices(_BUSY if working else _QUIET, k=count))
        self._windows = rng.choices(unit.windows, k=count)

    def services(self) -> list[Row]:
        """The service records, in the order of their time."""
        area, name, today = self._unit.area, self._unit.name, self._today
        return [
            (key, "1", area, name, *window.service, today + CLOCK[second])
            for key, window, second in zip(self._keys, self._windows, self._seconds, strict=True)
        ]

    def ratings(
        self, count: int, onsite: int, last: date, later: dict[date, list[Row]]
    ) -> list[Row]:
        """The day's ratings, `onsite` of them 现场主动; others wait in `later`, up to `last`."""
        chosen = self._rng.sample(range(len(self._keys)), count)
        soon = onsite + (count - onsite) * 4 // 5
        rows = self._given(chosen[:onsite], self._unit.voices, _SOON, onsite=True)
        rows += self._given(chosen[onsite:soon], REMOTE_VOICES, _WITHIN_HOURS, onsite=False)
        for row in self._given(chosen[soon:], LATER_VOICES, _WITHIN_HOURS, onsite=False):
            on = self._day + timedelta(days=self._rng.randint(1, 6))
            if on > last:
                rows.append(row)
            else:
                later[on].append((*row[:-1], stamp(on, self._rng.choice(_QUIET))))
        rows.sort()
        return rows

    def _given(
        self, chosen: Sequence[int], voices: Sequence[Row], gaps: Sequence[int], *, onsite: bool
    ) -> list[Row]:
        keys, seconds, today = self._keys, self._seconds, self._today
        area, name, n = self._unit.area, self._unit.name, len(chosen)
        windows = [self._windows[i] for i in chosen]
        places = [w.onsite for w in windows] if onsite else [w.remote for w in windows]
        people = self._rng.choices(PASSERS_BY, k=n)
        said = self._rng.choices(voices, k=n)
        waits = self._rng.choices(gaps, k=n)
        return [
            (keys[i], "1", "1", area, name, *at, *who, *what, today + CLOCK[seconds[i] + wait])
            for i, at, who, what, wait in zip(chosen, places, people, said, waits, strict=True)
        ]
