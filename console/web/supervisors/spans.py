"""督办时段: what is red, yellow and due on which day, as instants that the database can compare."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from console.remaining import soon
from workflow.calendar import Calendar

UNDUE = "none"
"""The key of the span of what has no due time that runs."""

AHEAD = 5
"""Working days from today on that have a column of their own in the matrix."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Due times from `begin` on and before `end`, microseconds UTC; None: open, or no due time at
    all where both are.
    """

    key: str
    label: str
    begin: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class Spans:
    """Now, and when yellow ends: whoever is yellow is due by the end of the next working day, as
    a yellow card is shown from the working day before.
    """

    now: int
    soon: int
    days: tuple[Span, ...]

    def named(self, key: str) -> Span | None:
        return next((span for span in self.days if span.key == key), None)


def spans(calendar: Calendar, now: int) -> Spans:
    """As of this instant: overdue, today, the next working days, later, and nothing running."""
    today = calendar.local_date(now)
    days = _working(calendar, today)
    found, begin = [Span("over", "已超期", None, now)], now
    for number, day in enumerate((today, *days)):
        end = _end(calendar, day)
        label = (
            "今天"
            if day == today
            else f"{day.month}-{day.day}（{'一二三四五六日'[day.weekday()]}）"
        )
        found.append(Span(f"d{number}", label, begin, end))
        begin = end
    found += [Span("later", "更晚", begin, None), Span(UNDUE, "暂停", None, None)]
    return Spans(now, soon(calendar, now), tuple(found))


def _working(calendar: Calendar, today: date) -> list[date]:
    """The next working days; any days where there are none in sight."""
    ahead = (today + n * _DAY for n in range(1, 60))
    return [day for day in ahead if calendar.is_working_day(day)][:AHEAD] or [today + _DAY]


def _end(calendar: Calendar, day: date) -> int:
    whole = calendar.whole_day(day)
    return whole[-1][1] if whole else _end(calendar, day + _DAY)
