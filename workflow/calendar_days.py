"""日历: which hours an office is open on a date, as instants, and why; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from workflow.calendar_official import Official
from workflow.clock import DAY, EPOCH, HOUR, MINUTE, SECOND, instant
from workflow.errors import InvalidInput

__all__ = ["Calendar", "Hours", "Spans", "clock_text", "instant", "joined", "micros"]

Hours = tuple[tuple[int, int], ...]
"""Opening intervals of a date, in minutes of its wall clock from 0 to 1440, sorted, disjoint."""
Spans = tuple[tuple[int, int], ...]
"""The same as instants: microseconds since 1970-01-01T00:00:00Z."""

_MICRO: Final = timedelta(microseconds=1)
_FIRST_YEAR, _LAST_YEAR = 1970, 2800
_LONGEST_VERSION: Final = 80


def micros(when: datetime, field_name: str = "time") -> int:
    """Microseconds UTC of an aware instant of the years 1970 to 2800; InvalidInput otherwise."""
    if when.tzinfo is None or when.utcoffset() is None:
        raise InvalidInput(
            field_name, when.isoformat(), "时间须带时区，如 2021-09-17T16:00:00+08:00"
        )
    if not _FIRST_YEAR <= when.year <= _LAST_YEAR:
        raise InvalidInput(
            field_name, when.isoformat(), f"年份须在 {_FIRST_YEAR} 至 {_LAST_YEAR} 之间"
        )
    return (when - EPOCH) // _MICRO


def clock_text(hours: Hours) -> str:
    """Opening hours as people write them: 08:30-12:00、13:30-17:30."""
    return "、".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in hours)


@dataclass(frozen=True, eq=False)
class Calendar:
    """An office's calendar: zone, weekly hours, a state's holidays, hours of single dates.

    Compared by identity, so that it can key a cache.
    """

    name: str
    version: str
    zone: ZoneInfo
    workday: Hours | None = None
    weekdays: Mapping[int, Hours] = field(default_factory=dict)
    dates: Mapping[date, Hours] = field(default_factory=dict)
    official: Official | None = None

    @property
    def id(self) -> str:
        """Name and version, as stamped on due times."""
        return f"{self.name}@{self.version}"

    def hours_on(self, day: date) -> Hours:
        """Opening intervals of a date in minutes of the wall clock; () when closed."""
        own = self.dates.get(day)
        if own is not None:
            return own
        weekday = day.weekday()
        usual = self.weekdays.get(weekday)
        if self.official is None:
            return usual if usual is not None else (self.workday or () if weekday < 5 else ())
        declared = self.official.on(day)
        if declared.working:
            return (usual or ()) if self.workday is None else self.workday
        # An office may open on its weekends, but not on a day the state has declared off.
        return () if declared.named else usual or ()

    def is_working_day(self, day: date) -> bool:
        """Whether the office opens at all on this date."""
        return bool(self.hours_on(day))

    def is_provisional(self, day: date) -> bool:
        """Whether this day's status is a guess because the year's notice is not out."""
        return (
            self.official is not None
            and day not in self.dates
            and self.official.is_provisional(day)
        )

    def reason_on(self, day: date) -> str:
        """Why the date is open or closed, in Chinese."""
        own = self.dates.get(day)
        if own is not None:
            return f"本单位另定（{clock_text(own)}）" if own else "本单位另定（不办公）"
        is_open, weekend = self.is_working_day(day), day.weekday() >= 5
        declared = self.official.on(day) if self.official else None
        if declared is not None and declared.working == is_open:
            return declared.reason
        if weekend:
            return "周末办公" if is_open else "周末"
        return "工作日" if is_open else "本单位不办公"

    def spans(self, day: date) -> Spans:
        """Opening intervals of a date as instants, exact across changes of the clock."""
        return _spans(self, day)

    def whole_day(self, day: date) -> Spans:
        """The date itself from 00:00 to 24:00 local as instants; () if the zone skipped it."""
        return _bounds(self.zone, day)

    def local_date(self, at: int) -> date:
        """The office's date at an instant in microseconds UTC."""
        return instant(at).astimezone(self.zone).date()

    def revised(
        self,
        rows: Mapping[date, bool],
        version: str,
        notice: str,
        published_year: int | None = None,
    ) -> "Calendar":
        """With dates declared working (True) or off by a notice; needs `official`."""
        if self.official is None:
            raise InvalidInput("official", self.name, "此日历不随国家放假通知，不能按通知修订")
        official = self.official.revised(rows, version, notice, published_year)
        return replace(self, official=official, version=_after(self.version, version))


def _after(before: str, revision: str) -> str:
    """Every revision in turn, or, where that grows too long to be stamped on a due time, a digest
    of them all: no two states of a calendar are called alike.
    """
    said = f"{before}+{revision}"
    if len(said) <= _LONGEST_VERSION:
        return said
    return f"{before.partition('+')[0][:40]}+{sha256(said.encode()).hexdigest()[:16]}"


@lru_cache(maxsize=16384)
def _spans(calendar: Calendar, day: date) -> Spans:
    hours = calendar.hours_on(day)
    return _instants(calendar.zone, day, hours) if hours else ()


@lru_cache(maxsize=16384)
def _bounds(zone: ZoneInfo, day: date) -> Spans:
    return _instants(zone, day, ((0, 1440),))


def _instants(zone: ZoneInfo, day: date, hours: Hours) -> Spans:
    """The instants at which the zone's wall clock shows this date and these hours."""
    midnight = (day.toordinal() - EPOCH.toordinal()) * DAY
    found: list[tuple[int, int]] = []
    for begin, end, offset in _offsets(zone, midnight):
        for opens, closes in hours:
            a = max(begin, midnight + opens * MINUTE - offset)
            b = min(end, midnight + closes * MINUTE - offset)
            if a < b:
                found.append((a, b))
    return joined(found)


def joined(spans: list[tuple[int, int]]) -> Spans:
    joined: list[tuple[int, int]] = []
    for a, b in sorted(spans):
        if joined and a <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(b, joined[-1][1]))
        else:
            joined.append((a, b))
    return tuple(joined)


def _offset(zone: ZoneInfo, at: int) -> int:
    shift = instant(at).astimezone(zone).utcoffset()
    return shift // _MICRO if shift is not None else 0


def _offsets(zone: ZoneInfo, midnight: int) -> list[tuple[int, int, int]]:
    """Stretches of one UTC offset around a date; offsets lie within ±16 h: nothing is missed."""
    low, high = midnight - 16 * HOUR, midnight + 40 * HOUR
    marks = [low + k * 8 * HOUR for k in range(8)]
    stretches: list[tuple[int, int, int]] = []
    begin, offset = low, _offset(zone, low)
    for left, right in pairwise(marks):
        if (after := _offset(zone, right)) != offset:
            change = _change(zone, left, right, offset)
            stretches.append((begin, change, offset))
            begin, offset = change, after
    stretches.append((begin, high, offset))
    return stretches


def _change(zone: ZoneInfo, left: int, right: int, offset: int) -> int:
    """The second at which the offset leaves `offset` between two instants."""
    while right - left > SECOND:
        middle = left + (right - left) // (2 * SECOND) * SECOND
        left, right = (middle, right) if _offset(zone, middle) == offset else (left, middle)
    return right
