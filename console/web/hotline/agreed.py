"""约再拨: the call agreed with the citizen: when it is to be, and whether its time has come."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

from console import wording
from workflow.clock import DAY, HOUR, MINUTE

JUST_COME = 10 * MINUTE
"""So long it is the time agreed on; after that the citizen waits in vain."""


class Agreed(NamedTuple):
    """The time in words; `tone` as of `remaining.tone`; `late`: how it stands once it has come."""

    at: str
    tone: str
    late: str


def agreed(at: int | None, zone: ZoneInfo, now: int) -> Agreed | None:
    """Of a time agreed on, as of now (microseconds UTC); None where none was."""
    if at is None:
        return None
    said = wording.near(at, zone, now)
    if wording.local(at, zone).date() == wording.local(now, zone).date():
        said = f"今天 {wording.local(at, zone):%H:%M}"
    if now < at:
        return Agreed(said, "calm", "")
    if now - at < JUST_COME:
        return Agreed(said, "yellow", f"{said} 已到")
    return Agreed(said, "red", f"已过约定 {_long(now - at)}")


def _long(passed: int) -> str:
    if passed >= DAY:
        return f"{passed // DAY} 天"
    if passed >= HOUR:
        return f"{passed // HOUR} 小时"
    return f"{passed // MINUTE} 分钟"
