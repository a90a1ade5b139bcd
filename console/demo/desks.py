"""演示：the units' windows, items and devices, and the ways in which people there rate well."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

Row = tuple[str, ...]

_SELDOM: Final = {"onsite": 60, "device": "pad", "windows": 2, "items": ["业务咨询"]}


@dataclass(frozen=True, slots=True)
class Window:
    """One item at one window: the middle columns of its service records and of its ratings."""

    service: Row
    onsite: Row
    remote: Row


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as it sends rows; `onsite_share` is a percentage where the circular gives no P."""

    number: int
    area: str
    name: str
    onsite_share: int
    windows: tuple[Window, ...]
    voices: tuple[Row, ...]


@cache
def _file() -> Mapping[str, Any]:
    return tomllib.loads(files("console.demo").joinpath("desks.toml").read_text(encoding="utf-8"))


def township(number: int, area: str) -> Unit:
    """The synthetic unit that stands for all townships of a district."""
    return _unit(number, area, f"{area}镇（街道）", _file()["townships"])


def department(number: int, area: str, name: str) -> Unit:
    """A department of the district, with its own items where we know any."""
    return _unit(number, area, name, _file()["departments"].get(name, {}))


def _unit(number: int, area: str, name: str, known: Mapping[str, Any]) -> Unit:
    sketch = {**_SELDOM, **known}
    items, count = sketch["items"], sketch["windows"]
    windows = tuple(
        _window(number, item, name_of_item, 1 + (item * 7 + turn) % count, sketch["device"])
        for item, name_of_item in enumerate(items, 1)
        for turn in range(min(count, 4))
    )
    return Unit(number, area, name, sketch["onsite"], windows, _onsite_voices(sketch["device"]))


def _window(number: int, item: int, item_name: str, window: int, device: str) -> Window:
    code, place, clerk = (
        f"3703{number:03}{item:03}",
        f"{window:02}号窗口",
        f"测试窗口人员{window:02}",
    )
    kind = "immediate" if item % 3 else "promised"
    head = (code, item_name, place, clerk)
    service = (*head, "", "", "", "", kind)  # what was promised is told of those rated badly
    return Window(service, (*head, f"{device.upper()}-{number:03}-{window:02}"), (*head, ""))


def _onsite_voices(device: str) -> tuple[Row, ...]:
    channels = ("qr",) * 8 + ("pad",) * 2 if device == "qr" else ("pad",) * 9 + ("terminal",)
    return tuple((channel, "onsite_active", *words) for channel in channels for words in _PRAISE)


# satisfaction, evalDetail, writingEvaluation; the plain click is by far the most frequent.
_CLICK: Final = ("5", "", "")
_PRAISE: Final[tuple[Row, ...]] = (
    *(_CLICK,) * 62,
    *(
        ("5", reasons, "")
        for reasons in ("510", "511", "512", "517", "515", "510,517")
        for _ in "123"
    ),
    *(("4", "", ""),) * 8,
    ("4", "411", ""),
    ("4", "413", ""),
    ("4", "406,413", ""),
    ("3", "", ""),
    ("3", "309", ""),
    ("5", "517", "办得很快，谢谢"),
    ("5", "", "很满意"),
)
REMOTE_VOICES: Final[tuple[Row, ...]] = tuple(
    (channel, origin, *words)
    for channel, origin in (
        *(("mobile", "remote_active"),) * 4,
        *(("pc", "remote_active"),) * 2,
        ("sms", "remote_active"),
        *(("entered", "imported"),) * 5,
    )
    for words in (_PRAISE if origin != "imported" else (_CLICK,) * 90)
)
"""Given from afar within hours, or entered in bulk by the unit."""

LATER_VOICES: Final[tuple[Row, ...]] = (
    *(("mobile", "added_later", *words) for words in _PRAISE),
    *(("system", "default", *_CLICK),) * len(_PRAISE),
)
"""Given, or set by default, days after the service."""
