"""The calendar against counting minute by minute, by a reference that shares no code with it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.calendar import Limit, due, worktime
from workflow.calendar_files import calendar_of

MINUTE = timedelta(minutes=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Weeks in which the clock of the zone changes, and weeks in which nothing happens.
WEEKS = [
    ("Asia/Shanghai", "2021-09-15"),
    ("Europe/Berlin", "2021-03-26"),
    ("Europe/Berlin", "2021-10-29"),
    ("America/New_York", "2021-11-05"),
    ("America/Sao_Paulo", "2018-11-02"),
    ("Australia/Lord_Howe", "2021-10-01"),
    ("Asia/Kathmandu", "2021-01-01"),
    ("UTC", "2020-02-27"),
]

Pause = tuple[datetime, datetime]


def hour(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


class Reference:
    """Asks of each minute what the office's clock shows."""

    def __init__(self, table: dict[str, Any], pauses: list[Pause] = []) -> None:  # noqa: B006
        self.table, self.pauses, self.zone = table, pauses, ZoneInfo(table["zone"])

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def hours(self, day: date) -> list[tuple[int, int]]:
        hours = self.table["hours"]
        name = DAYS[day.weekday()]
        default = hours.get("workday", []) if day.weekday() < 5 else []
        texts = self.table["dates"].get(str(day), hours.get(name, default))
        return [(hour(text[:5]), hour(text[6:])) for text in texts]

    def opens(self, at: datetime) -> bool:
        local = self.local(at)
        minute = local.hour * 60 + local.minute
        return any(a <= minute < b for a, b in self.hours(local.date()))

    def paused(self, at: datetime) -> bool:
        return any(a <= at < b for a, b in self.pauses)

    def worked(self, start: datetime, end: datetime) -> int:
        at, total = start, 0
        while at < end:
            total += self.opens(at) and not self.paused(at)
            at += MINUTE
        return total

    def after(self, start: datetime, minutes: int) -> datetime:
        at = start
        while minutes:
            minutes -= self.opens(at) and not self.paused(at)
            at += MINUTE
        return at

    def after_days(self, start: datetime, days: int, natural: bool) -> datetime:
        """Whole dates not wholly paused; then what was paused within them, in open minutes."""
        at, lost, started = start, 0, self.local(start).date()
        close = start
        while days:
            day = self.local(at).date()
            closed = natural and not self.hours(day)
            minutes = []
            while self.local(at).date() == day:
                if closed or self.opens(at):
                    minutes.append(at)
                at += MINUTE
            free = [m for m in minutes if not self.paused(m)]
            if day > started and free:
                days, lost, close = days - 1, lost + len(minutes) - len(free), minutes[-1] + MINUTE
        at = close
        while lost:
            closed = natural and not self.hours(self.local(at).date())
            lost -= (closed or self.opens(at)) and not self.paused(at)
            at += MINUTE
        return at


@st.composite
def openings(draw: st.DrawFn) -> list[str]:
    marks = draw(st.lists(st.integers(0, 96), unique=True, max_size=4).map(sorted))
    pairs = zip(marks[::2], marks[1::2], strict=False)
    return [f"{a // 4:02}:{a % 4 * 15:02}-{b // 4:02}:{b % 4 * 15:02}" for a, b in pairs]


@st.composite
def offices(draw: st.DrawFn) -> tuple[dict[str, Any], datetime]:
    zone, first = draw(st.sampled_from(WEEKS))
    hours = draw(st.dictionaries(st.sampled_from(DAYS[1:]), openings(), max_size=5))
    nights = {"fri": ["18:00-24:00"], "sat": ["00:00-06:00"], "wed": ["02:10-03:20"]}
    hours = {
        "workday": ["08:30-12:00", "13:30-17:30"],
        **hours,
        **draw(st.sampled_from([{}, nights])),
    }
    week = [str(date.fromisoformat(first) + timedelta(days=n)) for n in range(5)]
    dates = draw(st.dictionaries(st.sampled_from(week), openings(), max_size=2))
    start = datetime.fromisoformat(first).replace(tzinfo=UTC)
    start += timedelta(minutes=draw(st.integers(0, 3 * 1440)))
    return {"zone": zone, "hours": hours, "dates": dates}, start


def pauses_near(start: datetime) -> st.SearchStrategy[list[Pause]]:
    minutes = st.tuples(st.integers(-1440, 5 * 1440), st.integers(1, 3000))
    pause = minutes.map(lambda m: (start + m[0] * MINUTE, start + (m[0] + m[1]) * MINUTE))
    return st.lists(pause, max_size=3)


@settings(max_examples=60, deadline=None)
@given(offices(), st.integers(0, 5 * 1440), st.data())
def test_working_time_between_is_the_open_minutes_not_paused(
    office: tuple[dict[str, Any], datetime], length: int, data: st.DataObject
) -> None:
    table, start = office
    pauses = data.draw(pauses_near(start))
    end = start + length * MINUTE
    counted = Reference(table, pauses).worked(start, end)
    assert worktime(calendar_of(table, "t"), start, end, pauses) == counted * MINUTE


@settings(max_examples=60, deadline=None)
@given(offices(), st.integers(1, 900), st.data())
def test_working_time_is_used_up_at_the_earliest_such_minute(
    office: tuple[dict[str, Any], datetime], minutes: int, data: st.DataObject
) -> None:
    table, start = office
    pauses = data.draw(pauses_near(start))
    limit = Limit(minutes, "working minutes")
    calendar = calendar_of(table, "t")
    found = due(calendar, start, limit, pauses=pauses).due_at
    assert found == Reference(table, pauses).after(start, minutes)
    assert worktime(calendar, start, found, pauses) == minutes * MINUTE


@settings(max_examples=50, deadline=None)
@given(offices(), st.integers(1, 4), st.booleans(), st.data())
def test_days_end_at_a_close_and_give_back_what_was_paused(
    office: tuple[dict[str, Any], datetime], days: int, natural: bool, data: st.DataObject
) -> None:
    table, start = office
    pauses = [p for p in data.draw(pauses_near(start)) if p[0] >= start]
    limit = Limit(days, "natural days" if natural else "working days")
    found = due(calendar_of(table, "t"), start, limit, pauses=pauses)
    assert found.due_at == Reference(table, pauses).after_days(start, days, natural)
    assert sum(note.counted for note in found.days) == days
    assert not any(a <= found.due_at - MINUTE < b for a, b in pauses)


@pytest.mark.parametrize(("zone", "first"), WEEKS)
def test_an_office_that_never_closes_works_every_minute_of_a_week(zone: str, first: str) -> None:
    calendar = calendar_of({"zone": zone, "hours": {d: ["00:00-24:00"] for d in DAYS}}, "always")
    start = datetime.fromisoformat(first).replace(tzinfo=UTC)
    assert worktime(calendar, start, start + timedelta(days=7)) == timedelta(days=7)
