"""时限: which limits an event opens, meets, cancels, pauses or moves; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from workflow.complaint import Complaint, Event, Open
from workflow.limits import LIMITS, LimitRow
from workflow.states import ENDS

_Value = TypeVar("_Value")


class Rules(Protocol):
    """A policy with the calendar it is read by: what `advance` may ask, and nothing else."""

    @property
    def policy(self) -> Any: ...

    def stamp(
        self, limit: str, at: int, complex_case: bool, pauses: Sequence[Sequence[int]] = ()
    ) -> Open | None:
        """The limit opened at this instant (microseconds UTC), these pauses left out of its count;
        None where the profile has no such limit.
        """

    def extended(self, opened: Open, days: int) -> Open:
        """The limit with working days added to its original due time."""


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
    unjudged = event.type == "RectificationSubmitted" and after.verdict is None
    if unjudged or event.type == "ComplaintConfirmed":
        after.class_late = found_too_late(after, event.at)
    for row in _rows_of(event.type, ended):
        if row.name not in limits:
            continue
        if event.type == row.paused_by:
            if getattr(rules.policy, str(row.pauses_if)):
                after.paused = {**after.paused, row.name: event.at}
                changes.paused.append(row.name)
        else:
            _close(row, after, event, limits, changes, ended)
    for row in OPENED_BY.get(event.type, ()):
        if any(kind == event.type and to in (None, after.state) for kind, to in row.opened_by):
            stamp = rules.stamp(row.name, event.at, after.complex_in(row.name))
            if stamp is not None:
                after.pauses = _without(after.pauses, row.name)
                _open(row.name, stamp, after, limits, changes)
    _moved(after, event, rules, limits, changes)
    after.limits = limits
    return changes


OPENED_BY: dict[str, list[LimitRow]] = {}
CLOSED_BY: dict[str, list[LimitRow]] = {}
RESUMED_BY: dict[str, list[LimitRow]] = {}
for _row in LIMITS:
    for _kind in dict.fromkeys(kind for kind, _ in _row.opened_by):
        OPENED_BY.setdefault(_kind, []).append(_row)
    for _kind in dict.fromkeys((*_row.met_by, *_row.cancelled_by)):
        CLOSED_BY.setdefault(_kind, []).append(_row)
    if _row.paused_by is not None:
        CLOSED_BY.setdefault(_row.paused_by, []).append(_row)
    if _row.resumed_by is not None:
        RESUMED_BY.setdefault(_row.resumed_by, []).append(_row)


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
    if event.type in row.met_by or (ended and row.name == "total"):
        opened = limits.pop(row.name)
        changes.met.append(row.name)
        if row.name == "rectify":
            after.met_rectify = opened
    elif ended or event.type in row.cancelled_by:
        del limits[row.name]
        changes.cancelled.append(row.name)
    else:
        return
    after.paused = _without(after.paused, row.name)


def _open(
    name: str, stamp: Open, after: Complaint, limits: dict[str, Open], changes: Changes
) -> None:
    generation = after.generations.get(name, 0) + 1
    after.generations = {**after.generations, name: generation}
    limits[name] = changes.opened[name] = stamp._replace(generation=generation)


def _moved(
    after: Complaint, event: Event, rules: Rules, limits: dict[str, Open], changes: Changes
) -> None:
    """Limits that an event moves rather than opens: sent back, extended, resumed, recomputed, or of
    an order that is out before its case is known to be complex.
    """
    kind, fact = event.type, event.fact
    if kind == "RectificationSentBack" and after.met_rectify is not None:
        again = restamped(after, "rectify", after.met_rectify, rules)
        _open("rectify", again, after, limits, changes)
        after.met_rectify = None
    elif kind == "ExtensionGranted" and "rectify" in limits:
        _open(
            "rectify",
            rules.extended(limits["rectify"], after.extension_days),
            after,
            limits,
            changes,
        )
    elif kind == "ComplaintConfirmed" and (stamp := reclassed(after, rules)) is not None:
        _open("rectify", stamp, after, limits, changes)
    elif kind == "DeadlineRecomputed":
        name = str(getattr(fact, "limit", ""))
        if name in limits and name not in after.paused:
            _open(name, restamped(after, name, limits[name], rules), after, limits, changes)
    for row in RESUMED_BY.get(kind, ()):
        if row.name in after.paused:
            _resume(row.name, after, event, rules, limits, changes)


def _resume(
    name: str,
    after: Complaint,
    event: Event,
    rules: Rules,
    limits: dict[str, Open],
    changes: Changes,
) -> None:
    """The limit runs on: reckoned anew, by the calendar of today, without the pause."""
    over = [after.paused[name], event.at]
    after.paused = _without(after.paused, name)
    after.pauses = {**after.pauses, name: [*after.pauses.get(name, ()), over]}
    _open(name, restamped(after, name, limits[name], rules), after, limits, changes)


def restamped(complaint: Complaint, name: str, opened: Open, rules: Rules) -> Open:
    """The limit as the rules' calendar gives it today, with its extension and pauses."""
    pauses = complaint.pauses.get(name, ())
    stamp = rules.stamp(name, opened.opened_at, complaint.complex_in(name), pauses)
    if stamp is None:
        return opened
    if name == "rectify" and complaint.extension_days:
        return rules.extended(stamp, complaint.extension_days)
    return stamp


def found_too_late(complaint: Complaint, at: int) -> bool:
    """Whether its order has missed its time by an instant (microseconds UTC): the longer one of a
    class found after that does not undo it.
    """
    running = complaint.limits.get("rectify")
    ran_out = running is not None and running.due_at < complaint.paused.get("rectify", at)
    return complaint.class_late or ran_out


def reclassed(complaint: Complaint, rules: Rules) -> Open | None:
    """The time that the case's class gives an order already out; None where that moves nothing."""
    running = complaint.limits.get("rectify")
    if running is None or "rectify" in complaint.paused:
        return None
    stamp = restamped(complaint, "rectify", running, rules)
    return None if stamp.due_at == running.due_at else stamp


def _without(of: dict[str, _Value], name: str) -> dict[str, _Value]:
    return {key: value for key, value in of.items() if key != name} if name in of else of
