"""时限: when a limit is used up in an office's working time, how much lies between, why; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from workflow.calendar_counting import (
    FURTHEST_DAYS,
    ONE_DAY,
    DayNote,
    Pauses,
    Rules,
    counted,
    dates_between,
    length,
    merged,
    used_up,
    walk,
    without,
)
from workflow.calendar_days import Calendar, Hours, Spans, instant, micros
from workflow.calendar_limits import End, Limit, StartRule, Unit
from workflow.clock import DAY
from workflow.errors import InvalidInput

__all__ = [
    "Calendar",
    "DayNote",
    "Due",
    "End",
    "Hours",
    "Limit",
    "Pauses",
    "StartRule",
    "Unit",
    "due",
    "explain",
    "findings",
    "instant",
    "micros",
    "opening_of_first_working_day_after",
    "opening_of_working_day_before",
    "worktime",
]

_WEEKDAYS: Final = "一二三四五六日"
_PUBLICATION_MONTHS: Final = (11, 12)


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit falls due (aware UTC), whether that is provisional, and each date looked at."""

    due_at: datetime
    provisional: bool
    days: tuple[DayNote, ...]
    start: datetime
    limit: Limit
    zone: ZoneInfo
    calendar: str


def due(
    calendar: Calendar,
    start: datetime,
    limit: Limit,
    *,
    start_rule: StartRule = "next_day",
    end: End = "close",
    roll: bool = False,
    pauses: Pauses = (),
) -> Due:
    """When `limit` from `start` is used up: the earliest such instant, so a close, no opening.

    Day limits count whole dates by `start_rule` and end at the close of the last (`day_end`: at
    24:00); shorter ones run in working time from `start`. A wholly paused date does not count, time
    paused within a date is given back at the end. `roll` moves a natural-day limit that would end
    on a closed date to the next open one (民法典 §203). InvalidInput without a zone or an end.
    """
    begin, stopped = micros(start, "start"), merged(pauses)
    started = start.astimezone(calendar.zone).date()
    if limit.in_days:
        at, days = counted(calendar, started, begin, limit, _rules(start_rule, end, roll), stopped)
    else:
        at = used_up(calendar.spans, started, begin, limit.micros, stopped)
        days = tuple(_used_dates(calendar, begin, at, stopped))
    provisional = any(calendar.is_provisional(note.date) for note in days)
    return Due(instant(at), provisional, days, start, limit, calendar.zone, calendar.id)


@lru_cache(maxsize=16)
def _rules(start_rule: StartRule, end: End, roll: bool) -> Rules:
    return Rules(start_rule, end, roll)


def _used_dates(calendar: Calendar, begin: int, at: int, stopped: Spans) -> Iterable[DayNote]:
    for day in dates_between(calendar.local_date(begin), calendar.local_date(at - 1)):
        inside = _inside(calendar.spans(day), begin, at)
        used = without(inside, stopped)
        paused = length(inside) > length(used)
        if paused:
            why = "，部分时间停表" if used else "，停表"
        else:
            why = "，已过办公时间" if calendar.spans(day) and not used else ""
        yield DayNote(day, bool(used), f"{calendar.reason_on(day)}{why}")


def _inside(spans: Spans, begin: int, end: int) -> Spans:
    return tuple((max(a, begin), min(b, end)) for a, b in spans if a < end and b > begin)


def worktime(calendar: Calendar, start: datetime, end: datetime, pauses: Pauses = ()) -> timedelta:
    """Working time between two instants less the pauses.

    InvalidInput if the end lies before the start or more than a hundred years after it.
    """
    begin, until, stopped = micros(start, "from"), micros(end, "to"), merged(pauses)
    if until < begin:
        raise InvalidInput("to", end.isoformat(), "结束时间早于开始时间")
    if until - begin > FURTHEST_DAYS * DAY:
        raise InvalidInput("to", end.isoformat(), "两个时间相隔超过一百年")
    total = 0
    for day in dates_between(calendar.local_date(begin), calendar.local_date(until)):
        total += length(without(_inside(calendar.spans(day), begin, until), stopped))
    return timedelta(microseconds=total)


def opening_of_working_day_before(calendar: Calendar, at: datetime) -> datetime:
    """Opening (aware UTC) of the last working day before the day a due time belongs to: 黄牌."""
    day = _day_of(calendar, at)
    for back in range(1, 20 * 366):
        if spans := calendar.spans(day - back * ONE_DAY):
            return instant(spans[0][0])
    raise InvalidInput("hours", day.isoformat(), "此前二十年没有工作日")


def opening_of_first_working_day_after(calendar: Calendar, at: datetime) -> datetime:
    """Opening (aware UTC) of the first working day after the day a due time belongs to: 红牌."""
    for _, spans, _ in walk(calendar.spans, _day_of(calendar, at) + ONE_DAY, ()):
        if spans:
            return instant(spans[0][0])
    raise AssertionError("walk never ends without raising")  # pragma: no cover


def _day_of(calendar: Calendar, at: datetime) -> date:
    """A due time at 24:00 belongs to the day it closes."""
    return calendar.local_date(micros(at) - 1)


def explain(found: Due) -> list[str]:
    """The reckoning in Chinese: start, each date counted or skipped with the reason, due time."""
    n = 0
    lines = [f"起点 {_moment(found.start, found.zone)}，时限 {found.limit.chinese}"]
    for note in found.days:
        n += note.counted
        mark = (f"第{n}天" if found.limit.in_days else "计入") if note.counted else "不计"
        lines.append(f"{note.date} 周{_WEEKDAYS[note.date.weekday()]} {mark}：{note.reason}")
    lines.append(f"到期 {_moment(found.due_at, found.zone)}（日历 {found.calendar}）")
    if found.provisional:
        lines.append("注意：涉及尚未公布放假安排的年份，此到期时间是暂定的，通知公布后重算")
    return lines


def _moment(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d}（周{_WEEKDAYS[local.weekday()]}）{local:%H:%M:%S}"


def findings(calendar: Calendar, today: date) -> list[str]:
    """What is wrong with the table of holidays on a date: years in use, not yet published."""
    if calendar.official is None:
        return []
    wanted = [today.year]
    if today.month in _PUBLICATION_MONTHS:
        wanted.append(today.year + 1)
    missing = [year for year in wanted if year not in calendar.official.years]
    return [f"{year} 年放假安排尚未录入，涉及该年的时限都是暂定的" for year in missing]
