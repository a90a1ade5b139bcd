"""归集: times as sources write them; one without a zone takes the zone its source declares."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_HOUR = r"(?:[01][0-9]|2[0-3])"  # Python from 3.14 on would read 24:00 as well
_CLOCK = rf"{_HOUR}:[0-9]{{2}}"
_SHAPES = {
    "national": re.compile(rf"{_DAY} {_CLOCK}:[0-9]{{2}}"),
    "offset": re.compile(rf"{_DAY}[T ]{_CLOCK}(:[0-9]{{2}}([.][0-9]{{1,6}})?)?(Z|[+-]{_CLOCK})"),
    "basic": re.compile(rf"[0-9]{{8}}T{_HOUR}[0-9]{{4}}"),
    "spreadsheet": re.compile(
        r"([0-9]{4})[/-]([0-9]{1,2})[/-]([0-9]{1,2}) ([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?"
    ),
}
_SECONDS = {f":{second:02d}": timedelta(seconds=second) for second in range(60)}

EXAMPLES = {
    "national": "2021-09-16 09:30:00",
    "offset": "2021-09-16T09:30:00+08:00",
    "basic": "20210916T093000",
    "spreadsheet": "2021/9/16 9:30",
}


def pattern(shapes: Sequence[str]) -> str:
    """The regular expression of a time in one of these shapes."""
    return "|".join(_SHAPES[shape].pattern for shape in shapes)


def instant(text: str, shapes: Sequence[str], zone: ZoneInfo) -> datetime:
    """The instant in UTC; ValueError if the text has none of the shapes or names no real time."""
    if len(text) == 19 and text[16:] in _SECONDS and text[10] == " " and "national" in shapes:
        start = _midnight(text[:10], zone)
        if start is not None:
            return start + _since_midnight(text[11:16]) + _SECONDS[text[16:]]
    for shape in shapes:
        if match := _SHAPES[shape].fullmatch(text):
            return _moment(shape, match, zone).astimezone(UTC)
    raise ValueError(text)


def _moment(shape: str, match: re.Match[str], zone: ZoneInfo) -> datetime:
    if shape == "spreadsheet":
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    moment = datetime.fromisoformat(match[0])
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


@lru_cache(maxsize=4096)
def _midnight(day: str, zone: ZoneInfo) -> datetime | None:
    """A day's start in UTC, if its clock is not moved on it; asking for every row costs more."""
    if not re.fullmatch(_DAY, day):
        raise ValueError(day)
    start = datetime.fromisoformat(day)
    offsets = {zone.utcoffset(start + timedelta(hours=hours)) for hours in (0, 6, 12, 18, 24)}
    return start.replace(tzinfo=zone).astimezone(UTC) if len(offsets) == 1 else None


@lru_cache(maxsize=1440)
def _since_midnight(clock: str) -> timedelta:
    if not re.fullmatch(_CLOCK, clock):
        raise ValueError(clock)
    moment = time.fromisoformat(clock)
    return timedelta(hours=moment.hour, minutes=moment.minute)
