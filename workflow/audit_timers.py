"""核对: which timers the log leaves armed, and what each of them may ring next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from workflow.audit_finding import Finding
from workflow.audit_names import differing, shown

SHIFT, CONTACT = "shift", "contact"
Next = tuple[int | None, str | None]


@dataclass
class Armed:
    """A timer since the event that armed it: the alarms it gave, and the last call after which it
    was to be looked at.
    """

    at: int
    alarms: set[str] = field(default_factory=set)
    looked: int | None = None
    claim: int = 0


def take_timers(
    timers: dict[str, Armed], row: dict[str, Any], event: Row[Any], data: Any, changed: Any
) -> None:
    """One more event; `row` is the complaint's fold after it."""
    for name in changed.get("opened", ()):
        timers[name] = Armed(event.occurred_at)
    if event.type in ("DeadlineWarned", "DeadlineMissed"):
        limit = row["limits"].get(data["limit"])
        if limit is not None and limit[4] == data["generation"]:
            timers[data["limit"]].alarms.add(data.get("card") or "missed")
    elif event.type == "CallAttempted" and event.state == "REEVALUATING":
        limit = row["limits"].get("reevaluate")
        if limit is not None and limit[0] < event.occurred_at:
            timers["reevaluate"].looked = event.occurred_at
    elif event.type == "ComplaintClaimed":
        timers[SHIFT] = Armed(event.occurred_at, claim=event.version)
    elif event.type == "ContactRequested":
        timers[CONTACT] = Armed(event.occurred_at, claim=event.version)
    elif event.type == "ContactSupplied":
        timers.pop(CONTACT, None)


def timers_differ(
    row: dict[str, Any], timers: dict[str, Armed], stored: Mapping[str, Row[Any]]
) -> Iterator[Finding]:
    """An open complaint's limits are armed unless paused; beside them only an operator's shift, and
    the wait for a phone.
    """
    running = {
        name: limit
        for name, limit in row["limits"].items()
        if not name.endswith("_window") and name not in row["paused"]
    }
    for name in sorted((stored.keys() | running.keys()) - {SHIFT, CONTACT}):
        where = f"{row['id']} {name}"
        if name not in stored:
            yield Finding("deadline", where, "时限未结，却没有定时")
        elif name not in running:
            yield Finding("deadline", where, "时限已结，却还有定时")
        else:
            yield from _limit(where, stored[name], running[name], timers[name])
    if SHIFT not in stored and row["claimer"] is not None:
        yield Finding("deadline", f"{row['id']} {SHIFT}", "还有人领着这件，却没有下班定时")
    if CONTACT not in stored and row["contact_requested"]:
        yield Finding("deadline", f"{row['id']} {CONTACT}", "还在等单位补电话，却没有定时")
    for name, step in ((SHIFT, "release"), (CONTACT, "unanswered")):
        if name in stored:
            where = f"{row['id']} {name}"
            yield from _beside(where, stored[name], timers.get(name), step)


def _limit(where: str, row: Row[Any], limit: list[Any], armed: Armed) -> Iterator[Finding]:
    due, warn, red, _, generation, *_ = limit
    expected = {"generation": generation, "due_at": due, "warn_at": warn, "red_at": red}
    yield from differing("deadline", where, row, expected)
    at, step = _ahead(armed, due, warn, red)
    # After a call past the due time the clock looks once more, whether the complaint lapses.
    waits_for_a_look = armed.looked, step or "lapse"
    if armed.looked is None or (row.next_at, row.next_step) != waits_for_a_look:
        yield from differing("deadline", where, row, {"next_at": at, "next_step": step})


def _ahead(armed: Armed, due: int, warn: int | None, red: int | None) -> Next:
    """What rings next, by the alarms in the log; a yellow card past at the arming is left out."""
    if "red" in armed.alarms:
        return None, None
    if "missed" in armed.alarms:
        return (None, None) if red is None else (red, "red")
    if "yellow" not in armed.alarms and warn is not None and armed.at <= warn < due:
        return warn, "yellow"
    return due + 1, "missed"


def _beside(where: str, stored: Row[Any], begun: Armed | None, step: str) -> Iterator[Finding]:
    """A claim ends with its day, a wait with the next one. The day's end itself is not reckoned
    anew: only that it lies after the beginning.
    """
    if begun is None:
        yield Finding("deadline", where, "没有开始过，却有定时")
        return
    expected: dict[str, Any] = {"generation": begun.claim, "warn_at": None, "red_at": None}
    expected |= {"next_at": stored.due_at, "next_step": step}
    yield from differing("deadline", where, stored, expected)
    if stored.due_at <= begun.at:
        yield Finding("deadline", where, f"{shown('due_at')}早于开始的时间")
