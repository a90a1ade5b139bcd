"""放假通知: the State Council's words understood: which dates are off, which are worked; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from workflow.errors import InvalidInput

LONGEST = timedelta(days=20)
"""A stretch of days off that is longer is a misreading."""

_DATE = r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日"
_ASIDE = re.compile(r"[（(][^（）()]*[）)]|\s+")
_DAY = re.compile(_DATE)
_STRETCH = re.compile(rf"{_DATE}(?:[至到—–-]+(?:次年)?{_DATE})?")
_SENTENCE = re.compile(r"[^。；;\n]+")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notice says of single dates, sorted, as `YYYY-MM-DD`."""

    off: tuple[str, ...]
    working: tuple[str, ...]


def understood(text: str, year: int) -> Notice:
    """The dates of a notice about a year: “10月1日至7日放假调休。9月26日（星期日）上班。”

    Raises InvalidInput where no date is to be found, or a date is none.
    """
    off: set[date] = set()
    working: set[date] = set()
    plain = _ASIDE.sub("", re.sub(r"\n+", "。", text))
    for part in _clauses(plain):
        if "上班" in part:
            working |= set(_days(part, year))
        elif "放假" in part or "休息" in part:
            off |= set(_days(part, year))
    if not off and not working:
        raise InvalidInput("notice", "", "没有看懂：要有“某月某日至某日放假”“某月某日上班”这样的话")
    off -= working
    return Notice(_texts(off), _texts(working))


def listed(field: str, text: str) -> list[str]:
    """Dates typed one by one, parted by blanks, commas or lines. Raises InvalidInput."""
    found = [part for part in re.split(r"[\s,，、;；]+", text) if part]
    for part in found:
        if _ISO.fullmatch(part) is None:
            raise InvalidInput(field, part, "须是日期，如 2021-10-08")
    return found


def _clauses(text: str) -> Iterator[str]:
    """Pieces that end where somebody is off or at work, so that each has one meaning."""
    for sentence in _SENTENCE.findall(text):
        yield from re.findall(r".*?(?:放假|上班|休息)", sentence)


def _days(clause: str, year: int) -> Iterator[date]:
    """Every date of the clause; a month that is not said is that of the date before."""
    month = None
    for found in _STRETCH.finditer(clause):
        y1, m1, d1, y2, m2, d2 = found.groups()
        month = int(m1) if m1 else month
        if month is None:
            raise InvalidInput("notice", found[0], "看不出是几月")
        first = _date(int(y1) if y1 else year, month, int(d1), found[0])
        if d2 is None:
            yield first
            continue
        month = int(m2) if m2 else month
        last_year = int(y2) if y2 else first.year + ("次年" in found[0])
        yield from _between(first, _date(last_year, month, int(d2), found[0]), found[0])


def _between(first: date, last: date, said: str) -> Iterator[date]:
    if not first <= last <= first + LONGEST:
        raise InvalidInput("notice", said, "起止日期不对")
    for n in range((last - first).days + 1):
        yield first + timedelta(days=n)


def _date(year: int, month: int, day: int, said: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise InvalidInput("notice", said, "没有这一天") from None


def _texts(days: set[date]) -> tuple[str, ...]:
    return tuple(day.isoformat() for day in sorted(days))
