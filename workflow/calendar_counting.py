"""时限计数: walking an office's dates and hours, pauses taken out; microseconds UTC; pure."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from workflow.calendar_days import Calendar, Spans, joined, micros
from workflow.calendar_limits import End, Limit, StartRule
from workflow.errors import InvalidInput

__all__ = ["FURTHEST_DAYS", "ONE_DAY", "DayNote", "Pauses", "Rules", "counted", "dates_between",
           "length", "merged", "used_up", "walk", "without"]  # fmt: skip

Pauses = Iterable[tuple[datetime, datetime]]
ONE_DAY: Final = timedelta(days=1)
_DaySpans = Callable[[date], Spans]
_IDLE_DAYS: Final = 20 * 366
FURTHEST_DAYS: Final = 100 * 366


@dataclass(frozen=True, slots=True)
class DayNote:
    """A date that was looked at: counted or skipped, and why (Chinese)."""

    date: date
    counted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Rules:
    """How a day limit starts and ends; `roll`: not on a closed day (民法典 §203)."""

    start: StartRule = "next_day"
    end: End = "close"
    roll: bool = False


def merged(pauses: Pauses) -> Spans:
    """Pauses in any order and overlap as disjoint sorted spans; InvalidInput if one is empty."""
    if pauses == ():
        return ()
    spans = [(micros(a, "pause"), micros(b, "pause")) for a, b in pauses]
    for a, b in spans:
        if a >= b:
            raise InvalidInput("pause", f"{a}/{b}", "停表的开始须早于结束")
    return joined(spans)


def without(spans: Spans, stopped: Spans) -> Spans:
    """The spans less the stopped ones; both sorted and disjoint."""
    left: list[tuple[int, int]] = []
    for begin, end in spans:
        at = begin
        for a, b in stopped[bisect_right(stopped, at, key=lambda s: s[1]) :]:
            if a >= end:
                break
            if a > at:
                left.append((at, a))
            at = max(at, b)
        if at < end:
            left.append((at, end))
    return tuple(left)


def length(spans: Spans) -> int:
    """Total of the spans in microseconds."""
    return sum(b - a for a, b in spans)


def walk(day_spans: _DaySpans, day: date, stopped: Spans) -> Iterator[tuple[date, Spans, Spans]]:
    """Each date from `day`, its spans, what pauses leave; InvalidInput if that leads nowhere."""
    idle = 0
    for far in range(FURTHEST_DAYS):
        here = day + far * ONE_DAY
        spans = day_spans(here)
        rest = without(spans, stopped) if stopped and spans else spans
        idle = 0 if rest else idle + 1
        if idle > _IDLE_DAYS:
            raise InvalidInput("hours", here.isoformat(), "连续二十年没有可计的开放时间")
        yield here, spans, rest
    raise InvalidInput("limit", day.isoformat(), "按此日历一百年内用不完这个时限")


def used_up(day_spans: _DaySpans, day: date, begin: int, amount: int, stopped: Spans) -> int:
    """The earliest instant by which `amount` (> 0) from `begin`, an instant of `day`, is used."""
    for _, _, rest in walk(day_spans, day, stopped):
        for opens, closes in rest:
            free = closes - max(opens, begin)
            if free >= amount:
                return closes - free + amount
            amount -= max(free, 0)
    raise AssertionError("walk never ends without raising")  # pragma: no cover


def counted(
    calendar: Calendar, started: date, begin: int, limit: Limit, rules: Rules, stopped: Spans
) -> tuple[int, tuple[DayNote, ...]]:
    """Due instant of a day limit that starts at `begin`, on the date `started`; dates looked at."""
    if not stopped:
        return _by_date(calendar, started, limit, rules)
    return _count(calendar, started, limit, rules, without(stopped, ((0, begin),)))


@lru_cache(maxsize=8192)
def _by_date(
    calendar: Calendar, started: date, limit: Limit, rules: Rules
) -> tuple[int, tuple[DayNote, ...]]:
    return _count(calendar, started, limit, rules, ())


def _count(
    calendar: Calendar, started: date, limit: Limit, rules: Rules, stopped: Spans
) -> tuple[int, tuple[DayNote, ...]]:
    natural = limit.unit == "natural days"
    notes = _lead(calendar, started, rules, natural)
    first = notes[-1].date + ONE_DAY if notes else started
    walked = _Walked(calendar, natural, stopped, notes)
    at = walked.nth_close(first, limit.amount)
    last = calendar.local_date(at - 1)
    if rules.roll and natural and not calendar.spans(last):
        walked.natural = False
        at = walked.nth_close(last + ONE_DAY, 1, rolled=True)
    if rules.end == "day_end":
        at = calendar.whole_day(calendar.local_date(at - 1))[-1][1]
    return at, tuple(notes)


def _lead(calendar: Calendar, started: date, rules: Rules, natural: bool) -> list[DayNote]:
    """The dates before counting starts."""
    if rules.start == "same_day":
        return []
    notes = [DayNote(started, False, "当日不计，次日起算")]
    if rules.start == "next_working_day" and natural:
        for day, spans, _ in walk(calendar.spans, started + ONE_DAY, ()):
            if spans:
                break
            notes.append(DayNote(day, False, f"{calendar.reason_on(day)}，从下一个工作日起算"))
    return notes


@dataclass(slots=True)
class _Walked:
    """One reckoning in whole dates, with a note for each date it passes."""

    calendar: Calendar
    natural: bool
    stopped: Spans
    notes: list[DayNote]

    def day_spans(self, day: date) -> Spans:
        """A natural day on which the office is closed counts from 00:00 to 24:00."""
        spans = self.calendar.spans(day)
        return self.calendar.whole_day(day) if self.natural and not spans else spans

    def nth_close(self, first: date, amount: int, rolled: bool = False) -> int:
        """Close of the n-th date not wholly paused, moved on by what was paused in those."""
        lost = 0
        for day, spans, rest in walk(self.day_spans, first, self.stopped):
            paused = length(spans) - length(rest)
            pause = "" if not paused else "，部分时间停表" if rest else "，全天停表"
            why = f"{self.calendar.reason_on(day)}{'，顺延至工作日' if rolled else ''}{pause}"
            self.notes.append(DayNote(day, bool(rest) and not rolled, why))
            if rest:
                lost, amount = lost + paused, amount - 1
            if amount == 0:
                return self._given_back(day, spans[-1][1], lost) if lost else spans[-1][1]
        raise AssertionError("walk never ends without raising")  # pragma: no cover

    def _given_back(self, last: date, close: int, lost: int) -> int:
        at = used_up(self.day_spans, last, close, lost, self.stopped)
        for day in dates_between(last + ONE_DAY, self.calendar.local_date(at - 1)):
            given = "，补足停表的时间" if without(self.day_spans(day), self.stopped) else ""
            self.notes.append(DayNote(day, False, f"{self.calendar.reason_on(day)}{given}"))
        return at


def dates_between(first: date, last: date) -> Iterator[date]:
    """Each date from first to last, both included."""
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)
