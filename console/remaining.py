"""剩余时间: the working time a limit leaves, in words and in a tone; the same on every desk."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from console import wording
from workflow.calendar import Calendar, instant, worktime
from workflow.complaint import Complaint
from workflow.rulebook import BoundRules

HALF_HOUR = timedelta(minutes=30)
_DAY = timedelta(days=1)
_FURTHEST = 60
"""Days among which the next working day is looked for; a calendar may have none at all."""


class Left(NamedTuple):
    """What a limit leaves, in words; `tone` as of `tone`, or paused."""

    tone: str
    text: str
    due: str


def left_of(rules: BoundRules, c: Complaint, limit: str | None, now: int) -> Left | None:
    """Of the complaint's limit of this name, as of now (microseconds UTC); None where it does not
    run.
    """
    opened = c.limits.get(limit or "")
    if opened is None:
        return None
    left = _left(rules.calendar, opened.due_at, now)
    if opened.provisional:
        left = left._replace(due=f"{left.due}（暂定）")
    return left._replace(tone="paused", text="停表") if limit in c.paused else left


@lru_cache(maxsize=256)
def _left(calendar: Calendar, due: int, now: int) -> Left:
    """Days end at the close of business: many rows of a list share their due time."""
    text = left_text(calendar, remaining(calendar, now, due), due)
    return Left(tone(due, now, soon(calendar, now)), text, wording.near(due, calendar.zone, now))


def remaining(calendar: Calendar, now: int, due: int) -> timedelta:
    """Working time from now to the due time; below zero by what has passed since."""
    if due >= now:
        return worktime(calendar, instant(now), instant(due))
    return -worktime(calendar, instant(due), instant(now))


def left_text(calendar: Calendar, left: timedelta, due: int) -> str:
    """The same in words: 剩余2工作日, 剩余3.5工作小时, 已超期25分钟."""
    day = timedelta(
        microseconds=sum(b - a for a, b in calendar.spans(calendar.local_date(due - 1)))
    )
    sign, amount = ("剩余", left) if left >= timedelta() else ("已超期", -left)
    if day and amount >= day:
        return f"{sign}{amount // day}工作日"
    hours = (amount // HALF_HOUR) / 2
    return f"{sign}{hours:g}工作小时" if hours else f"{sign}{amount // timedelta(minutes=1)}分钟"


def tone(due: int, now: int, until: int) -> str:
    """red once overdue, yellow before `until` (see `soon`), else calm; microseconds UTC."""
    return "red" if due < now else "yellow" if due < until else "calm"


def soon(calendar: Calendar, now: int) -> int:
    """The end of the next working day, microseconds UTC: what is due by then is yellow, as a
    yellow card is shown from the working day before.
    """
    return _end_of_next(calendar, calendar.local_date(now))


@lru_cache(maxsize=64)
def _end_of_next(calendar: Calendar, today: date) -> int:
    return end_of(calendar, working_days_after(calendar, today, 1)[0])


def working_days_after(calendar: Calendar, today: date, most: int) -> list[date]:
    """The next working days, at most so many; tomorrow where none is in sight."""
    ahead = (today + n * _DAY for n in range(1, _FURTHEST))
    found = (day for day in ahead if calendar.is_working_day(day))
    return list(islice(found, most)) or [today + _DAY]


def end_of(calendar: Calendar, day: date) -> int:
    """When this date is over, microseconds UTC."""
    while not (whole := calendar.whole_day(day)):  # a date that a change of zone left out
        day += _DAY
    return whole[-1][1]
