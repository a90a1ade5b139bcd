"""待办事项: what of a complaint waits for a role, and by which limit it is to be done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, or_

from console import wording
from schemas.envelope import Role
from workflow.complaint import Complaint
from workflow.limits import OWNERS
from workflow.loop import BEFORE_FEEDBACK
from workflow.states import FROM_ASSIGNING, FROM_DISPATCH, State
from workflow.storage.models import complaints

TASKS = {
    State.VERIFYING: "核实",
    State.MALICE_REVIEW: "恶意复核",
    State.ASSIGNING: "派单",
    State.DISPATCHED: "签收",
    State.RECTIFYING: "整改",
    State.RETURNED: "裁定退回",
    State.APPEALED: "申诉复核",
    State.REVIEWING: "审核反馈",
    State.REEVALUATING: "回访",
    State.RULING: "终裁",
}
HOTLINES = tuple(state for state, (owner, _) in OWNERS.items() if owner is Role.OPERATOR)
BESIDE = {
    "verify": (State.VERIFYING, FROM_DISPATCH),
    "malice_review": (State.MALICE_REVIEW, FROM_ASSIGNING),
}
"""What the hotline does beside the unit's work where dispatch comes first: by the limit that
presses it, the state it otherwise is, and the states beside which it is done.
"""


class Task(NamedTuple):
    """One thing to do in a complaint. `due_at` in microseconds UTC, infinite where its limit does
    not run.
    """

    due_at: float
    complaint: Complaint
    name: str
    limit: str


def concerns(role: Role) -> ColumnElement[bool]:
    """The open complaints that may hold something for the role, by their columns; asked with `now`,
    microseconds UTC.
    """
    c = complaints.c
    open_ = c.ended_at.is_(None)
    if role is Role.REVIEWER:
        return and_(open_, or_(c.state == State.APPEALED, c.marks.contains(" malice ")))
    if role is Role.SUPERVISOR:
        marked = [c.marks.contains(f" {mark} ") for mark in ("extension", "capped")]
        return and_(open_, or_(c.state == State.RULING, c.due_at < bindparam("now"), *marked))
    if role is Role.DEPARTMENT:
        return and_(open_, c.state.in_(BEFORE_FEEDBACK))
    beside = [c.marks.contains(f" {mark} ") for mark in ("question", "verify", "malice")]
    return and_(open_, or_(c.state.in_(HOTLINES), *beside))


def tasks_of(c: Complaint, role: Role, unit: str | None, now: int) -> Iterator[Task]:
    """What in an open complaint waits for the role, for a department's only what is the unit's."""
    limit = OWNERS[State(c.state)][1]
    if role is Role.DEPARTMENT:
        found: Iterable[tuple[str, str]] = _units(c, limit, unit)
    elif role is Role.SUPERVISOR:
        found = _supervisors(c, limit, now)
    else:
        found = _hotlines(c, limit, role)
    for name, by in found:
        running = by in c.limits and by not in c.paused
        yield Task(c.limits[by].due_at if running else inf, c, name, by)


def _hotlines(c: Complaint, limit: str, role: Role) -> Iterator[tuple[str, str]]:
    if OWNERS[State(c.state)][0] is role and not _returned_too_often(c):
        yield TASKS[State(c.state)], limit
    if role is Role.OPERATOR and c.question_open:
        yield "代问群众", limit
    for beside, (alone, states) in BESIDE.items():
        if beside in c.limits and c.state in states and OWNERS[alone][0] is role:
            yield TASKS[alone], beside


def _units(c: Complaint, limit: str, unit: str | None) -> Iterator[tuple[str, str]]:
    if c.state not in BEFORE_FEEDBACK:
        return
    if c.unit == unit:
        yield TASKS[State(c.state)], limit
    elif unit in c.assisting:
        yield "协办", "rectify"


def _supervisors(c: Complaint, limit: str, now: int) -> Iterator[tuple[str, str]]:
    decides = c.state == State.RULING or _returned_too_often(c)
    if decides:
        yield TASKS[State(c.state)], limit
    if c.extension_asked:
        yield "裁定延期", "extension_ruling"
    opened = c.limits.get(limit)
    overdue = opened is not None and limit not in c.paused and opened.due_at < now
    if overdue and not decides and not c.extension_asked:
        yield f"督办（{wording.LIMIT_NAMES[limit]}超期）", limit


def _returned_too_often(c: Complaint) -> bool:
    return c.state == State.RETURNED and c.returns_used_up
