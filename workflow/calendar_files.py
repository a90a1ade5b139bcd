"""日历文件: any office's calendar from TOML, every doubtful value refused with its field."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from workflow import said
from workflow.calendar_days import Calendar, Hours
from workflow.calendar_official import official
from workflow.errors import InvalidInput

__all__ = ["calendar_of", "load_calendar", "office_calendar", "parse_calendar", "read_toml"]

_LARGEST: Final = 1 << 20
_KEYS: Final = frozenset({"name", "version", "zone", "official", "hours", "dates"})
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NO_PLACE: Final = ("localtime", "posixrules", "Factory", "posix", "right")
"""What lies beside the zones on many machines and is no zone of a place: it means what each
machine's owner has set, or counts leap seconds.
"""

_OFFICE: Final = {
    "zone": "Asia/Shanghai",
    "official": "china",
    "hours": {"workday": ["08:30-12:00", "13:30-17:30"]},
}


@cache
def office_calendar() -> Calendar:
    """The calendar used where nobody names one: china's working days, 08:30–12:00, 13:30–17:30."""
    return calendar_of(_OFFICE, "office")


def load_calendar(path: Path) -> Calendar:
    """An office's calendar from a TOML file; InvalidInput names file or field, value and reason."""
    return calendar_of(read_toml(path, "calendar"), path.stem)


def parse_calendar(text: str) -> Calendar:
    """An office's calendar from TOML text; InvalidInput names field, value and reason."""
    return calendar_of(_parsed(text, "calendar", "calendar"), "calendar")


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """The table in a small UTF-8 TOML file; InvalidInput (field `what`) for anything else."""
    try:
        if path.is_fifo():  # to open one would wait for whoever writes to it
            raise InvalidInput(what, str(path), "这是管道，不是文件")
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        raise InvalidInput(what, str(path), "文件打不开") from error
    if len(raw) > _LARGEST:
        raise InvalidInput(what, str(path), "文件超过 1 MB，不像是规则文件")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(what, str(path), "文件须是 UTF-8 编码") from error
    return _parsed(text, what, str(path))


def _parsed(text: str, what: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(what, name, said.of_toml(error)) from error


def calendar_of(table: Mapping[str, Any], name: str, prefix: str = "") -> Calendar:
    """A calendar from its table; `prefix` goes before the field names in errors."""
    for key in table:
        if key not in _KEYS:
            raise InvalidInput(f"{prefix}{key}", table[key], f"没有这一项，只认 {_listed(_KEYS)}")
    hours = _table(table, "hours", prefix)
    for key in hours:
        if key not in ("workday", *_WEEKDAYS):
            known = _listed(("workday", *_WEEKDAYS))
            raise InvalidInput(f"{prefix}hours.{key}", hours[key], f"没有这一项，只认 {known}")
    weekly = {key: _hours(value, f"{prefix}hours.{key}") for key, value in hours.items()}
    dates = _dates(_table(table, "dates", prefix), prefix)
    state = table.get("official")
    if "official" in table and not isinstance(state, str):
        raise InvalidInput(f"{prefix}official", state, '只认得 official = "china"')
    declared = official(state) if state is not None else None
    calendar = Calendar(
        name=_text(table, "name", name, prefix),
        version=_text(
            table, "version", _digest(table, declared.version if declared else ""), prefix
        ),
        zone=_zone(table.get("zone"), f"{prefix}zone"),
        workday=weekly.get("workday"),
        weekdays={_WEEKDAYS.index(k): v for k, v in weekly.items() if k != "workday"},
        dates=dates,
        official=declared,
    )
    if not any(weekly.values()) and not any(dates.values()):
        raise InvalidInput(f"{prefix}hours", dict(hours), "没有任何开放时间")
    return calendar


def _listed(names: Any) -> str:
    return "、".join(sorted(names))


def _digest(table: Mapping[str, Any], declared: str) -> str:
    return sha256(f"{sorted(table.items())!r}|{declared}".encode()).hexdigest()[:8]


def _table(table: Mapping[str, Any], key: str, prefix: str) -> Mapping[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise InvalidInput(f"{prefix}{key}", value, f"须是一个表：[{key}]")
    return value


def _text(table: Mapping[str, Any], key: str, default: str, prefix: str) -> str:
    value = table.get(key, default)
    from schemas.text import tidied  # noqa: PLC0415  # the events' models take their time

    if not isinstance(value, str) or not 0 < len(tidied(value)) <= 60:
        raise InvalidInput(f"{prefix}{key}", value, "须是 1 至 60 个字的文字")
    return value


def _zone(value: Any, field: str) -> ZoneInfo:
    if value is None:
        raise InvalidInput(field, value, '缺少时区，如 zone = "Asia/Shanghai"')
    if isinstance(value, str) and value.partition("/")[0] in _NO_PLACE:
        raise InvalidInput(field, value, "须写地区的时区，如 Asia/Shanghai；这个名称随机器而变")
    try:
        return ZoneInfo(value)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(field, value, "没有这个时区") from error


def _dates(table: Mapping[str, Any], prefix: str) -> dict[date, Hours]:
    dates: dict[date, Hours] = {}
    for key, value in table.items():
        field = f"{prefix}dates.{key}"
        try:
            day = date.fromisoformat(key)
        except ValueError:
            day = None
        if day is None or str(day) != key:  # 20211002 and 2021-W39-6 are dates to Python
            raise InvalidInput(field, key, "须是日期，如 2021-10-02")
        dates[day] = _hours(value, field)
    return dates


def _hours(value: Any, field: str) -> Hours:
    """Opening intervals as minutes, sorted; overlapping ones are refused."""
    if not isinstance(value, list):
        raise InvalidInput(field, value, '须是开放时段的列表，如 ["08:30-12:00", "13:30-17:30"]')
    spans = sorted(_interval(text, f"{field}[{n}]") for n, text in enumerate(value))
    for (_, closes), (opens, _) in pairwise(spans):
        if opens < closes:
            raise InvalidInput(field, value, "开放时段互相重叠")
    return tuple(spans)


def _interval(text: Any, field: str) -> tuple[int, int]:
    parts = text.split("-") if isinstance(text, str) else []
    if len(parts) != 2:
        raise InvalidInput(field, text, '须是开放时段，如 "08:30-12:00"')
    opens, closes = (_minute(part.strip(), text, field) for part in parts)
    if opens >= closes:
        raise InvalidInput(field, text, "开放须早于关闭；跨夜的写成两天：到 24:00，次日从 00:00")
    return opens, closes


def _minute(part: str, text: str, field: str) -> int:
    hour, colon, minute = part.partition(":")
    digits = (hour + minute).isascii() and hour.isdigit() and minute.isdigit()
    if not colon or not digits or len(hour) > 2 or len(minute) != 2:
        raise InvalidInput(field, text, '时刻须写成 "08:30"')
    at = int(hour) * 60 + int(minute)
    if int(minute) > 59 or at > 1440:
        raise InvalidInput(field, text, "时刻须在 00:00 至 24:00 之间")
    return at
