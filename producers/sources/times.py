"""归集: times as sources write them; one without a zone takes the zone its source declares."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[0-9]{2}:[0-9]{2}"
_SHAPES = {
    "national": re.compile(rf"{_DAY} {_CLOCK}:[0-9]{{2}}"),
    "offset": re.compile(rf"{_DAY}[T ]{_CLOCK}(:[0-9]{{2}}([.][0-9]{{1,6}})?)?(Z|[+-]{_CLOCK})"),
    "basic": re.compile(r"[0-9]{8}T[0-9]{6}"),
}
_SPREADSHEET = re.compile(
    r"([0-9]{4})[/-]([0-9]{1,2})[/-]([0-9]{1,2}) ([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?"
)

EXAMPLES = {
    "national": "2021-09-16 09:30:00",
    "offset": "2021-09-16T09:30:00+08:00",
    "basic": "20210916T093000",
    "spreadsheet": "2021/9/16 9:30",
}


def instant(text: str, shapes: Sequence[str], zone: ZoneInfo) -> datetime:
    """The instant in UTC; ValueError if the text has none of the shapes or names no real time."""
    for shape in shapes:
        if shape == "spreadsheet":
            if match := _SPREADSHEET.fullmatch(text):
                year, month, day, hour, minute, second = (int(p or 0) for p in match.groups())
                return _in_utc(datetime(year, month, day, hour, minute, second), zone)  # noqa: DTZ001
        elif _SHAPES[shape].fullmatch(text):
            moment = datetime.fromisoformat(text)
            return moment.astimezone(UTC) if moment.tzinfo else _in_utc(moment, zone)
    raise ValueError(text)


def _in_utc(local: datetime, zone: ZoneInfo) -> datetime:
    offset = _offset_all_day(local.toordinal(), zone)
    if offset is None:
        return local.replace(tzinfo=zone).astimezone(UTC)
    return local.replace(tzinfo=UTC) - offset


@lru_cache(maxsize=4096)
def _offset_all_day(day: int, zone: ZoneInfo) -> timedelta | None:
    """The zone's offset on a day that has only one; asking the zone for each row is slow."""
    start = datetime.fromordinal(day)
    offsets = {zone.utcoffset(start + timedelta(hours=hours)) for hours in (0, 6, 12, 18, 24)}
    return offsets.pop() if len(offsets) == 1 else None
