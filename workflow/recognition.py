"""可识别度: how much of a service's time and window a unit may be shown, so that at least k of its
services match what it sees; pure.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date
from typing import Final, Literal, NamedTuple

Span = Literal["week", "month", "quarter"]
Count = Callable[[date, date, str | None], int]
"""How many of the unit's services between two days, at this window (None: at any), match."""

_STEPS: Final[tuple[tuple[Span, bool], ...]] = (
    ("week", True),
    ("week", False),
    ("month", False),
    ("quarter", False),
)


class Shown(NamedTuple):
    """What the unit is shown of time and window, and how many services match it. `span` None:
    nothing, for not even the quarter has enough; `matches` are then the quarter's.
    """

    span: Span | None
    window: str | None
    matches: int


def shown(day: date, window: str | None, count: Count, k: int) -> Shown:
    """The finest of week and window, week, month, quarter that at least k services match."""
    matches = 0
    for span, with_window in _STEPS:
        if with_window and window is None:
            continue
        matches = count(*bounds(span, day), window if with_window else None)
        if matches >= k:
            return Shown(span, window if with_window else None, matches)
    return Shown(None, None, matches)


def bounds(span: Span, day: date) -> tuple[date, date]:
    """First and last day of the span a day lies in; weeks are those of the month: 1–7, 8–14 …"""
    first_month = last_month = day.month
    if span == "quarter":
        first_month = (day.month - 1) // 3 * 3 + 1
        last_month = first_month + 2
    last_day = calendar.monthrange(day.year, last_month)[1]
    if span == "week":
        first = (day.day - 1) // 7 * 7 + 1
        return day.replace(day=first), day.replace(day=min(first + 6, last_day))
    return date(day.year, first_month, 1), date(day.year, last_month, last_day)
