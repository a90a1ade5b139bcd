"""统计期: a year, a quarter, a month or a stretch of months, in the office's own days."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from workflow.errors import InvalidInput

_FORM = re.compile(r"([0-9]{4})(?:Q([1-4])|-([0-9]{2}))?", re.IGNORECASE)
_HINT = "写成“2021”“2021Q3”“2021-09”或“2021-07..2021-09”"
_YEARS = range(1970, 2801)


@dataclass(frozen=True, slots=True)
class Period:
    """First and last month as counted from year 0; days are `YYYY-MM-DD`."""

    label: str
    from_month: int
    to_month: int

    @property
    def first(self) -> str:
        """The period's first day."""
        return f"{_month_text(self.from_month)}-01"

    @property
    def last(self) -> str:
        """The period's last day."""
        year, month = divmod(self.to_month, 12)
        return f"{_month_text(self.to_month)}-{monthrange(year, month + 1)[1]:02}"

    @property
    def title(self) -> str:
        """As people name it: a quarter is 2021年第四季度, all else is called by its label."""
        year, quarter = divmod(self.from_month // 3, 4)
        whole = self.from_month % 3 == 0 and self.to_month - self.from_month == 2
        return f"{year}年第{'一二三四'[quarter]}季度" if whole else self.label

    @property
    def months(self) -> tuple[str, ...]:
        """Each month as `YYYY-MM`."""
        return tuple(_month_text(n) for n in range(self.from_month, self.to_month + 1))


def quarter_of(day: date) -> Period:
    """The quarter of a day."""
    return parse_period(f"{day.year}Q{(day.month + 2) // 3}")


def shifted(period: Period, by: int) -> str:
    """The period of the same length before or after this one, as an address names it."""
    length = period.to_month - period.from_month + 1
    first = period.from_month + by * length
    if length == 3 and first % 3 == 0:
        return f"{first // 12}Q{first % 12 // 3 + 1}"
    if length == 12 and first % 12 == 0:
        return str(first // 12)
    ends = (first, first + length - 1)
    months = [f"{month // 12}-{month % 12 + 1:02}" for month in ends]
    return months[0] if length == 1 else "..".join(months)


def parse_period(text: str) -> Period:
    """The period of such a text; InvalidInput names it otherwise."""
    first, dots, last = text.strip().partition("..")
    begin = _months(first, text)
    end = _months(last, text) if dots else begin
    if end[1] < begin[0]:
        raise InvalidInput("period", text, "止月早于起月")
    return Period(text.strip().upper(), begin[0], end[1])


def months_between(first: str, last: str) -> Period:
    """From one month to another, both included; InvalidInput names the bad one."""
    begin, end = _single(first, "from"), _single(last, "to")
    if end < begin:
        raise InvalidInput("to", last, f"早于起月 {first}")
    return Period(f"{first}..{last}", begin, end)


def _months(text: str, whole: str) -> tuple[int, int]:
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise InvalidInput("period", whole, f"看不懂这个统计期；{_HINT}")
    if int(found[1]) not in _YEARS:
        raise InvalidInput("period", whole, f"年份须在 {_YEARS[0]} 到 {_YEARS[-1]} 之间")
    january = int(found[1]) * 12
    if found[2]:
        first = january + 3 * (int(found[2]) - 1)
        return first, first + 2
    if not found[3]:
        return january, january + 11
    if not 1 <= int(found[3]) <= 12:
        raise InvalidInput("period", whole, f"没有 {int(found[3])} 月；{_HINT}")
    month = january + int(found[3]) - 1
    return month, month


def _single(text: str, field: str) -> int:
    try:
        first, last = _months(text, text)
    except InvalidInput as error:
        raise InvalidInput(field, text, "须是月份，如 2021-05") from error
    if first != last:
        raise InvalidInput(field, text, "须是月份，如 2021-05")
    return first


def _month_text(month: int) -> str:
    return f"{month // 12}-{month % 12 + 1:02}"
