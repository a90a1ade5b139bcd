"""归集监测: what each unit sent in each month, who sends nothing, and how long ago the last rating
came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, func, select

from console.accounts.sheets import Cell
from console.reports.periods import Period, parse_period
from console.reports.reading import summed, tallied
from console.wiring import Office
from producers.supervisors import urged_on
from workflow.calendar import Calendar
from workflow.formulas import Counts, Rate
from workflow.storage.database import looked_up
from workflow.storage.models import outbox, tallies
from workflow.unit_list import Unit, UnitList

SILENT_AFTER = 3
"""Working days without a rating from which a unit that used to send counts as 断报."""

MONTHS = 3
LOOKED_BACK = timedelta(days=366)
SHOWS = {"all": "全部", "zero": "零评价", "silent": "断报"}


@dataclass(frozen=True, slots=True)
class Ask:
    """Which units and which months; no tier or area: all. `show`: all, those with none, those that
    fell silent.
    """

    period: Period
    tier: str
    area: str
    show: str = "all"


@dataclass(frozen=True, slots=True)
class Line:
    """One unit: its counts by month and together, and its last rating.

    `silent`: working days since then, None where none ever came in the last year.
    """

    unit: Unit
    months: tuple[Counts, ...]
    whole: Counts
    last: date | None
    silent: int | None

    @property
    def zero(self) -> bool:
        """Whether nothing was rated in the period."""
        return not self.whole.ratings

    @property
    def fell_silent(self) -> bool:
        return self.silent is not None and self.silent >= SILENT_AFTER

    @property
    def onsite(self) -> Rate:
        """P/M over the period."""
        return Rate(self.whole.onsite, self.whole.ratings)


def recent(day: date) -> Period:
    """The month of this day and those before it that are looked at every morning."""
    last = day.year * 12 + day.month - 1
    first = last - MONTHS + 1
    text = "..".join(f"{month // 12}-{month % 12 + 1:02}" for month in (first, last))
    return parse_period(text)


def lines(
    conn: Connection, units: UnitList, calendar: Calendar, ask: Ask, today: date
) -> tuple[Line, ...]:
    """Every unit asked for, in the list's order, whatever `show` says."""
    counts: dict[tuple[str, str], Counts] = {}
    for code, month, count in tallied(conn, ask.period):
        counts[code, month] = count
    last, working = _last(conn, today), _Working(calendar, today)
    return tuple(
        _line(
            unit, [counts.get((unit.code, m), Counts()) for m in ask.period.months], last, working
        )
        for unit in units.of(ask.tier or None, ask.area or None)
    )


def shown(found: Sequence[Line], show: str) -> tuple[Line, ...]:
    """Those a counter counts."""
    wanted = {"zero": lambda line: line.zero, "silent": lambda line: line.fell_silent}.get(show)
    return tuple(found if wanted is None else filter(wanted, found))


def urged(conn: Connection, codes: Sequence[str], today: date) -> dict[str, str]:
    """The last day within a week on which each of these units was urged."""
    days = [(today - timedelta(days=n)).isoformat() for n in range(7)]
    asked = {urged_on(code, day): (code, day) for code in codes for day in days}
    found: dict[str, str] = {}
    for row in looked_up(conn, select(outbox.c.event_id), outbox.c.event_id, asked):
        code, day = asked[row.event_id]
        found[code] = max(day, found.get(code, ""))
    return found


def as_table(found: Sequence[Line], period: Period) -> list[list[Cell]]:
    """The same as a table, the heading first."""
    names = [
        f"{month} {word}" for month in period.months for word in ("办件A", "评价M", "现场主动P")
    ]
    rows: list[list[Cell]] = [["单位代码", "单位", "区县", *names, "最近评价", "距今工作日"]]
    for line in found:
        cells = [n for c in line.months for n in (c.services, c.ratings, c.onsite)]
        last = line.last.isoformat() if line.last else ""
        silent = "" if line.silent is None else line.silent
        rows.append([line.unit.code, line.unit.name, line.unit.area, *cells, last, silent])
    return rows


def today_of(office: Office) -> tuple[Calendar, date]:
    """The office's calendar and its date now."""
    now = office.clock()
    calendar = office.rulebook.calendar_at(now)
    return calendar, calendar.local_date(now)


def _last(conn: Connection, today: date) -> dict[str, date]:
    since = (today - LOOKED_BACK).isoformat()
    query = (
        select(tallies.c.unit, func.max(tallies.c.day))
        .where(tallies.c.day >= since, tallies.c.ratings > 0)
        .group_by(tallies.c.unit)
    )
    return {unit: date.fromisoformat(day) for unit, day in conn.execute(query)}


class _Working:
    """Working days from a date to today, each date reckoned once."""

    def __init__(self, calendar: Calendar, today: date) -> None:
        self._calendar, self._today = calendar, today
        self._known: dict[date, int] = {}

    def since(self, day: date) -> int:
        """Whole working days after this one and before today."""
        if day not in self._known:
            between = (day + timedelta(days=n) for n in range(1, (self._today - day).days))
            self._known[day] = sum(map(self._calendar.is_working_day, between))
        return self._known[day]


def _line(unit: Unit, months: Sequence[Counts], last: dict[str, date], working: _Working) -> Line:
    day = last.get(unit.code)
    silent = None if day is None else working.since(day)
    return Line(unit, tuple(months), summed(months), day, silent)
