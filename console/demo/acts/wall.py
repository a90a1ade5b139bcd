"""演示：a wall calendar: red where a day's bad ratings are still open, green once all are done."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Final

from rich.table import Table
from rich.text import Text

from console.wording import WEEKDAYS
from workflow.calendar import Calendar

MONTHS: Final = (7, 8, 9)
LEGEND: Final = "红：当天的差评还有没办完的；绿：都办完了；暗：不上班"


class Wall:
    """Three months side by side; `collected` and `ended` count complaints by their day."""

    def __init__(self, calendar: Calendar, year: int) -> None:
        self._calendar, self._year = calendar, year
        self.collected: Counter[date] = Counter()
        self.ended: Counter[date] = Counter()
        self.today: date | None = None

    def __rich__(self) -> Table:
        wall = Table.grid(padding=(0, 4))
        for _ in MONTHS:
            wall.add_column()
        wall.add_row(*(Text(f"{self._year} 年 {month} 月", style="bold") for month in MONTHS))
        wall.add_row(*(self._month(month) for month in MONTHS))
        return wall

    def _month(self, month: int) -> Table:
        sheet = Table.grid(padding=(0, 1))
        for _ in WEEKDAYS:
            sheet.add_column(justify="right", min_width=2)
        sheet.add_row(*(Text(name, style="dim") for name in WEEKDAYS))
        first = date(self._year, month, 1)
        day = first - timedelta(days=first.weekday())
        for _ in range(6):
            week = [day + timedelta(days=n) for n in range(7)]
            sheet.add_row(*(self._cell(d) if d.month == month else Text("") for d in week))
            day += timedelta(days=7)
        return sheet

    def _cell(self, day: date) -> Text:
        style = self._style(day)
        if day == self.today:
            style += " reverse"
        return Text(str(day.day), style=style)

    def _style(self, day: date) -> str:
        if self.collected[day]:
            return "bold red" if self.ended[day] < self.collected[day] else "bold green"
        if not self._calendar.is_working_day(day) or self.today is None or day > self.today:
            return "dim"
        return ""
