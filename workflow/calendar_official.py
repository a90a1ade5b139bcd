"""法定节假日: the State Council's days off and make-up working days, with the notices."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from chinese_calendar import constants

from workflow.errors import InvalidInput

__all__ = ["Declared", "Official", "official"]

_TABLE: Final = Path(__file__).parent / "holidays.toml"
_NAMES: Final = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
    "Anti-Fascist 70th Day": "抗战胜利70周年纪念日",
}
# 全国年节及纪念日放假办法（国务院令第795号）fixes these by the solar date, whether or not a notice
# repeats them; the lunar ones wait for the year's notice.
_LAW_SINCE: Final = 2025
_FIXED: Final = {
    (1, 1): "元旦",
    (5, 1): "劳动节",
    (5, 2): "劳动节",
    (10, 1): "国庆节",
    (10, 2): "国庆节",
    (10, 3): "国庆节",
}


@dataclass(frozen=True, slots=True)
class Declared:
    """One date working or off: the words a person reads, the notice ("": a plain weekday)."""

    working: bool
    reason: str
    notice: str = ""
    named: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Official:
    """A state's declared dates and the years its notices cover."""

    version: str
    years: frozenset[int]
    declared: Mapping[date, Declared]

    def is_provisional(self, day: date) -> bool:
        """Whether no notice covers this day yet, so that its status is a guess."""
        return day.year not in self.years and day not in self.declared

    def on(self, day: date) -> Declared:
        """Working or off, with the reason; a guess from fixed dates where no notice covers it."""
        known = self.declared.get(day)
        if known is not None:
            return known
        note = "" if day.year in self.years else "（年度通知未公布，暂按常规推定）"
        by_law = note or day.year >= _LAW_SINCE
        fixed = _FIXED.get((day.month, day.day)) if by_law else None
        if fixed:
            return Declared(False, f"法定节假日（{fixed}）{note}")
        weekend = day.weekday() >= 5
        return Declared(not weekend, f"{'周末' if weekend else '工作日'}{note}", named=False)

    def revised(
        self, rows: Mapping[date, bool], version: str, notice: str, published_year: int | None
    ) -> "Official":
        """With dates declared working (True) or off by a notice, and perhaps a year published."""
        new = {day: _declared(working, notice, notice) for day, working in rows.items()}
        years = self.years | ({published_year} if published_year is not None else set())
        return Official(f"{self.version}+{version}", years, {**self.declared, **new})


def _declared(working: bool, name: str, notice: str) -> Declared:
    return Declared(working, f"{'调休上班' if working else '法定节假日'}（{name}）", notice)


def _published() -> dict[date, Declared]:
    source = "chinesecalendar"
    rows = {
        day: Declared(False, f"法定节假日（{_NAMES.get(name, name)}）", source)
        for day, name in constants.holidays.items()
    }
    for day, name in constants.in_lieu_days.items():
        rows[day] = Declared(False, f"调休放假（{_NAMES.get(name, name)}）", source)
    for day, name in constants.workdays.items():
        rows[day] = _declared(True, _NAMES.get(name, name), source)
    return rows


def _overrides(table: Mapping[str, Any], rows: dict[date, Declared]) -> None:
    for notice in table["notice"]:
        for working, key in ((False, "off"), (True, "working")):
            for text in notice[key]:
                day = date.fromisoformat(text)
                before = rows.get(day)
                new = _declared(working, notice["holiday"], notice["title"])
                # The library tells days off in lieu from the holiday itself; keep its words.
                agrees = before is not None and before.working == working
                rows[day] = (
                    Declared(working, before.reason, notice["title"]) if before and agrees else new
                )


@cache
def official(name: str) -> Official:
    """The shipped table of a state (only "china"); InvalidInput for any other name."""
    if name != "china":
        raise InvalidInput("official", name, '只认得 official = "china"')
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    rows = _published()
    _overrides(table, rows)
    years = range(table["published_from"], table["published_through"] + 1)
    return Official(table["version"], frozenset(years), rows)
