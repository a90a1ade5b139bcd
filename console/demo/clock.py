"""演示：the virtual clock, and the hours at which people of the demo do things."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from workflow.calendar import Calendar
from workflow.clock import HOUR, MINUTE, micros

_FIRST_CALL = 9 * HOUR
"""People are called from nine o'clock on, never before."""
_LEAVING = 10 * MINUTE
"""Nobody begins anything in the last ten minutes before a break or the close."""


class DemoClock:
    """The demo's time, in microseconds UTC; it moves when told to, and never back."""

    def __init__(self, at: datetime) -> None:
        self.now = micros(at)

    def __call__(self) -> int:
        return self.now

    def move(self, to: int) -> None:
        """On to an instant; one that is past already changes nothing."""
        self.now = max(self.now, to)

    def spend(self, minutes: int) -> None:
        """Lets so many minutes pass."""
        self.now += minutes * MINUTE


def slot(calendar: Calendar, at: int) -> int:
    """The first instant from `at` on at which somebody is at work and citizens may be called."""
    for day in _days(calendar.local_date(at)):
        midnight = calendar.whole_day(day)[0][0]
        for opens, closes in calendar.spans(day):
            begin = max(opens, midnight + _FIRST_CALL, at)
            if begin < closes - _LEAVING:
                return begin
    raise AssertionError("a calendar has working days")


def working_day_after(calendar: Calendar, at: int, days: int) -> date:
    """The so manieth working day after the date of `at`."""
    for day in _days(calendar.local_date(at) + timedelta(days=1)):
        days -= calendar.is_working_day(day)
        if days <= 0:
            return day
    raise AssertionError("a calendar has working days")


def at_office(calendar: Calendar, day: date, minutes: int) -> int:
    """The instant at which so many minutes of working time of a day are over; its close at most."""
    left = minutes * MINUTE
    for opens, closes in calendar.spans(day):
        if left < closes - opens:
            return opens + left
        left -= closes - opens
    return calendar.spans(day)[-1][1] - _LEAVING


def closing(calendar: Calendar, at: int) -> int:
    """A minute before the office closes on the day of `at`, or on the next day it is open."""
    for day in _days(calendar.local_date(at)):
        spans = calendar.spans(day)
        if spans and spans[-1][1] - MINUTE > at:
            return spans[-1][1] - MINUTE
    raise AssertionError("a calendar has working days")


def _days(first: date) -> Iterator[date]:
    for n in range(400):
        yield first + timedelta(days=n)
