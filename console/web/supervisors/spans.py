"""督办时段: what is red, yellow and due on which day, as instants that the database can compare."""

from __future__ import annotations

from dataclasses import dataclass

from console.remaining import end_of, soon, working_days_after
from console.wording import WEEKDAYS
from workflow.calendar import Calendar

UNDUE = "none"
"""The key of the span of what has no due time that runs."""

AHEAD = 5
"""Working days from today on that have a column of their own in the matrix."""


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
    days = working_days_after(calendar, today, AHEAD)
    found, begin = [Span("over", "已超期", None, now)], now
    for number, day in enumerate((today, *days)):
        end = end_of(calendar, day)
        named = f"{day.month}-{day.day}（{WEEKDAYS[day.weekday()]}）"
        label = "今天" if day == today else named
        found.append(Span(f"d{number}", label, begin, end))
        begin = end
    found += [Span("later", "更晚", begin, None), Span(UNDUE, "停表", None, None)]
    return Spans(now, soon(calendar, now), tuple(found))
