"""办理时长: the working time each stage of the loop took: the middle one, the slowest tenth."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from typing import NamedTuple

from sqlalchemy import Connection, select

from console.reports.periods import Period
from workflow.calendar import Calendar
from workflow.clock import DAY, MINUTE
from workflow.complaint import order_number
from workflow.storage.models import complaint_facts, order_facts

STAGES: Mapping[str, str] = {
    "verify": "核实",
    "acknowledge": "签收",
    "rectify": "整改",
    "review": "审核",
    "answer": "再评价",
}
"""Collected to verified; then of each order: sent to acknowledged, acknowledged to submitted,
submitted to accepted, accepted to the citizen's answer. Orders that were withdrawn do not count.
"""


@dataclass(frozen=True, slots=True)
class Duration:
    """Of the stages that came to their end: how many, and their working minutes."""

    month: str
    stage: str
    count: int
    middle: int
    slow: int

    @property
    def hours(self) -> str:
        """The middle one in working hours."""
        return f"{self.middle / 60:.1f}"

    @property
    def slow_hours(self) -> str:
        """What nine of ten stayed under."""
        return f"{self.slow / 60:.1f}"


class Took(NamedTuple):
    """One stage of one complaint, or of its so-manieth order, and its working minutes."""

    subject: str
    number: int | None
    month: str
    stage: str
    minutes: int

    @property
    def order(self) -> str:
        """The order's number; empty for the complaint itself."""
        return order_number(self.subject, self.number) if self.number else ""

    @property
    def hours(self) -> str:
        """In working hours."""
        return f"{self.minutes / 60:.1f}"


def durations(
    conn: Connection, calendar: Calendar, period: Period, subjects: Collection[str]
) -> tuple[Duration, ...]:
    """By month of the rating and stage, of these complaints; stages still open do not count."""
    found: dict[tuple[str, str], list[int]] = {}
    for one in took(conn, calendar, period, subjects):
        found.setdefault((one.month, one.stage), []).append(one.minutes)
    cells = ((month, stage) for month in period.months for stage in STAGES)
    return tuple(_duration(*cell, found[cell]) for cell in cells if cell in found)


def took(
    conn: Connection, calendar: Calendar, period: Period, subjects: Collection[str]
) -> Iterator[Took]:
    """Every stage that counts in `durations`."""
    worked = _Worked(calendar)
    for subject, order, month, stage, begin, end in _stages(conn, period):
        if subject in subjects and begin is not None and end is not None and end >= begin:
            yield Took(subject, order, month, stage, worked.minutes(begin, end))


def _duration(month: str, stage: str, minutes: list[int]) -> Duration:
    minutes.sort()
    last = len(minutes) - 1
    slow = minutes[min(last, -(-9 * len(minutes) // 10) - 1)]
    return Duration(month, stage, len(minutes), minutes[last // 2], slow)


def _stages(
    conn: Connection, period: Period
) -> Iterator[tuple[str, int | None, str, str, int | None, int | None]]:
    c, o = complaint_facts.c, order_facts.c
    query = select(c.subject, c.day, c.collected_at, c.verified_at)
    for row in conn.execute(query.where(c.day.between(period.first, period.last))):
        yield row.subject, None, row.day[:7], "verify", row.collected_at, row.verified_at
    times = (o.assigned_at, o.acknowledged_at, o.submitted_at, o.accepted_at, o.answered_at)
    inside = o.day.between(period.first, period.last)
    orders = select(o.subject, o.number, o.day, *times).where(inside, o.withdrawn_at.is_(None))
    for subject, order, day, *at in conn.execute(orders):
        for number, stage in enumerate(list(STAGES)[1:]):
            yield subject, order, day[:7], stage, at[number], at[number + 1]


class _Worked:
    """Working time between two instants, from sums kept for each opening."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._from, self._upto = 0, -1
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._sums: list[int] = []

    def minutes(self, begin: int, end: int) -> int:
        if not self._from <= begin <= end <= self._upto:
            self._reach(begin, end)
        return (self._until(end) - self._until(begin)) // MINUTE

    def _until(self, at: int) -> int:
        """Working time since the first instant that is summed."""
        last = bisect_right(self._begins, at) - 1
        return self._sums[last] + min(at, self._ends[last]) - self._begins[last]

    def _reach(self, begin: int, end: int) -> None:
        """Sums anew, from well before these instants to well after; what was summed stays."""
        if self._upto >= 0:
            begin, end = min(begin, self._from + _MARGIN), max(end, self._upto - _MARGIN)
        self._from, self._upto = begin - _MARGIN, end + _MARGIN
        spans = [(self._from, self._from), *self._spans()]
        self._begins, self._ends = [a for a, _ in spans], [b for _, b in spans]
        self._sums = list(accumulate((b - a for a, b in spans[:-1]), initial=0))

    def _spans(self) -> Iterator[tuple[int, int]]:
        day, last = map(self._calendar.local_date, (self._from, self._upto))
        while day <= last:
            spans = self._calendar.spans(day)
            yield from ((max(a, self._from), b) for a, b in spans if b > self._from)
            day += _DAY


_DAY = timedelta(days=1)
_MARGIN = 31 * DAY
