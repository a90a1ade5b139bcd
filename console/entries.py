"""时间线's parts: the limits that are open, the steps, and the whole, as one viewer has them."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Due:
    """A limit opened or moved: instants in microseconds UTC; a paused one does not run now."""

    name: str
    label: str
    due_at: int
    provisional: bool
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One step: instants in microseconds UTC; `details` as people read them. A unit's has no
    `version`: the numbers left out would tell it how much it is not shown.
    """

    version: int | None
    type: str
    label: str
    state: str
    recorded_at: int
    occurred_at: int
    who: str
    role: str
    details: tuple[tuple[str, str], ...] = ()
    limits: tuple[Due, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """One complaint for one viewer: what it is about, what is open, his steps, what happened.

    `version`: what his steps expect; `heard`: the last one that his open pages are told of.
    """

    subject: str
    state: str
    version: int
    heard: int
    zone: ZoneInfo
    head: tuple[tuple[str, str], ...]
    open: tuple[Due, ...]
    entries: tuple[Entry, ...]
    allowed: tuple[str, ...]
