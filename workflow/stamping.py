"""时限: which limits an event opens, meets, cancels, pauses or moves; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from workflow.complaint import Complaint, Event, Open
from workflow.limits import LIMITS, LimitRow
from workflow.states import ENDS


class Rules(Protocol):
    """A policy with the calendar it is read by: what `advance` may ask, and nothing else."""

    @property
    def policy(self) -> Any: ...

    def stamp(self, limit: str, at: int, complex_case: bool) -> Open | None:
        """The limit opened at this instant (microseconds UTC); None where the profile has no
        such limit.
        """

    def extended(self, opened: Open, days: int) -> Open:
        """The limit with working days added to its original due time."""

    def resumed(self, limit: str, opened: Open, pauses: list[list[int]]) -> Open:
        """The limit with these pauses left out of its count."""


@dataclass(slots=True)
class Changes:
    """What one event did to the limits; goes into the event's record."""

    opened: dict[str, Open] = field(default_factory=dict)
    met: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    paused: list[str] = field(default_factory=list)


def changed_limits(before: str, after: Complaint, event: Event, rules: Rules) -> Changes:
    changes = Changes()
    ended = after.state in ENDS and before not in ENDS
    limits = dict(after.limits)
    for row in _rows_of(event.type, ended):
        _close(row, after, event, limits, changes, ended)
    for row in OPENED_BY.get(event.type, ()):
        if any(kind == event.type and to in (None, after.state) for kind, to in row.opened_by):
            stamp = rules.stamp(row.name, event.at, after.case_class == "complex")
            if stamp is not None:
                _open(row.name, stamp, after, limits, changes)
    _moved(after, event, rules, limits, changes)
    after.limits = limits
    return changes


OPENED_BY: dict[str, list[LimitRow]] = {}
CLOSED_BY: dict[str, list[LimitRow]] = {}
for _row in LIMITS:
    for _kind in dict.fromkeys(kind for kind, _ in _row.opened_by):
        OPENED_BY.setdefault(_kind, []).append(_row)
    for _kind in dict.fromkeys((*_row.met_by, *_row.cancelled_by, _row.paused_by or "")):
        CLOSED_BY.setdefault(_kind, []).append(_row)


def _rows_of(event: str, ended: bool) -> Iterable[LimitRow]:
    return LIMITS if ended else CLOSED_BY.get(event, ())


def _close(
    row: LimitRow,
    after: Complaint,
    event: Event,
    limits: dict[str, Open],
    changes: Changes,
    ended: bool,
) -> None:
    if row.name not in limits:
        return
    if event.type == row.paused_by:
        changes.paused.append(row.name)
    elif event.type in row.met_by or (ended and row.name == "total"):
        opened = limits.pop(row.name)
        changes.met.append(row.name)
        if row.name == "rectify":
            after.met_rectify = opened
    elif ended or event.type in row.cancelled_by:
        del limits[row.name]
        changes.cancelled.append(row.name)


def _open(
    name: str, stamp: Open, after: Complaint, limits: dict[str, Open], changes: Changes
) -> None:
    generation = after.generations.get(name, 0) + 1
    after.generations = {**after.generations, name: generation}
    limits[name] = changes.opened[name] = stamp._replace(generation=generation)


def _moved(
    after: Complaint, event: Event, rules: Rules, limits: dict[str, Open], changes: Changes
) -> None:
    """Limits that an event moves rather than opens: sent back, extended, resumed, recomputed."""
    kind, fact = event.type, event.fact
    if kind == "RectificationSentBack" and after.met_rectify is not None:
        _open("rectify", after.met_rectify, after, limits, changes)
        after.met_rectify = None
    elif kind == "ExtensionGranted" and "rectify" in limits:
        _open(
            "rectify",
            rules.extended(limits["rectify"], after.extension_days),
            after,
            limits,
            changes,
        )
    elif kind == "ContactSupplied" and "verify" in limits:
        stamp = rules.resumed("verify", limits["verify"], after.verify_pauses)
        _open("verify", stamp, after, limits, changes)
    elif kind == "DeadlineRecomputed":
        name = str(getattr(fact, "limit", ""))
        if name in limits:
            _open(name, restamped(after, name, limits[name], rules), after, limits, changes)


def restamped(complaint: Complaint, name: str, opened: Open, rules: Rules) -> Open:
    """The limit as the rules' calendar gives it today, with its extension and pauses."""
    stamp = rules.stamp(name, opened.opened_at, complaint.case_class == "complex")
    if stamp is None:
        return opened
    if name == "verify" and complaint.verify_pauses:
        return rules.resumed(name, stamp, complaint.verify_pauses)
    if name == "rectify" and complaint.extension_days:
        return rules.extended(stamp, complaint.extension_days)
    return stamp
