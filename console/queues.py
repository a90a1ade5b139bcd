"""待办: what a role has to do, by the working time that remains, and whose hands each complaint
is in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Select, and_, or_, select

from console import wording
from console.people import names_of
from console.remaining import left_text, remaining, soon, tone
from console.scope import visible
from schemas.envelope import Role
from workflow.calendar import Calendar
from workflow.complaint import Complaint, Open, load
from workflow.errors import InvalidInput
from workflow.ledger import Actor
from workflow.limits import OWNERS
from workflow.states import FROM_ASSIGNING, FROM_DISPATCH, State
from workflow.storage.models import complaints
from workflow.unit_list import UnitList

if TYPE_CHECKING:
    from console.wiring import Office

ROLES = (Role.OPERATOR, Role.REVIEWER, Role.DEPARTMENT, Role.SUPERVISOR)
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
PAUSED = {"verify": "暂停，等单位补联系方式"}
HOTLINES = tuple(state for state, (owner, _) in OWNERS.items() if owner is Role.OPERATOR)
WORKING = (State.DISPATCHED, State.RECTIFYING)
BESIDE = {
    "verify": (State.VERIFYING, FROM_DISPATCH),
    "malice_review": (State.MALICE_REVIEW, FROM_ASSIGNING),
}
"""What the hotline does beside the unit's work where dispatch comes first: by the limit that
presses it, the state it otherwise is, and the states beside which it is done.
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do. `due_at` in microseconds UTC; `left` in working time, below zero once
    overdue; `tone` as of `remaining.tone`, or paused.
    """

    subject: str
    order: str | None
    task: str
    state: str
    limit: str
    due_at: int | None
    left: timedelta | None
    left_text: str
    holder: str
    due_text: str
    due_iso: str | None
    tone: str


def queue(office: Office, role: str, unit: str | None = None) -> tuple[Item, ...]:
    """Open items of a role, the most pressing first; a department's are its own alone.

    Raises InvalidInput for a role without a queue, or a department without its unit.
    """
    if role not in ROLES:
        raise InvalidInput("role", role, "只能是 " + "、".join((*ROLES, Role.CLERK)))
    if role == Role.DEPARTMENT and unit is None:
        raise InvalidInput("unit", "", "责任单位的待办须写单位")
    desk = _Desk(office, Role(role), unit)
    query = select(complaints.c.fold).where(desk.concerns)
    return desk.items(query)


def pressing(office: Office, viewer: Actor, most: int) -> tuple[Item, ...]:
    """The most pressing of a signed-in person's own items, at most so many: what he has claimed,
    and what nobody has; for a role without a queue, none.
    """
    if viewer.role not in ROLES:
        return ()
    desk = _Desk(office, viewer.role, viewer.unit)
    free = or_(complaints.c.claimer.is_(None), complaints.c.claimer == viewer.name)
    mine = and_(desk.concerns, visible(viewer), *([free] if viewer.role is Role.OPERATOR else []))
    by_due = (complaints.c.due_at.asc().nulls_last(), complaints.c.id)
    return desk.items(select(complaints.c.fold).where(mine).order_by(*by_due).limit(most))[:most]


def holder(c: Complaint, owner: Role, units: UnitList, names: Mapping[str, str]) -> str:
    """In whose hands a complaint is where this role answers for it, as people read it; `names` are
    people's by their accounts.
    """
    if owner is Role.DEPARTMENT:
        unit = units.by_code.get(c.unit or "")
        return unit.name if unit else c.unit or ""
    if owner is Role.OPERATOR:
        return names.get(c.claimer, c.claimer) if c.claimer else "热线，未认领"
    return wording.role_name(owner)


class _Desk:
    """One reading of the open complaints for one role."""

    def __init__(self, office: Office, role: Role, unit: str | None) -> None:
        self.office, self.role, self.now = office, role, office.clock()
        self.units = office.units
        found = self.units.resolve(unit) if unit else None
        if unit and found is None and self.units.units:
            raise InvalidInput("unit", unit, "单位名册里没有这个单位")
        self.unit = unit if found is None else found.code

    @property
    def concerns(self) -> ColumnElement[bool]:
        """The open complaints that may hold something for the role, by their columns."""
        c = complaints.c
        open_ = c.ended_at.is_(None)
        if self.role is Role.REVIEWER:
            return and_(open_, or_(c.state == State.APPEALED, c.marks.contains(" malice ")))
        if self.role is Role.SUPERVISOR:
            marked = [c.marks.contains(f" {mark} ") for mark in ("extension", "capped")]
            return and_(open_, or_(c.state == State.RULING, c.due_at < self.now, *marked))
        if self.role is Role.DEPARTMENT:
            return and_(open_, c.state.in_(WORKING))
        beside = [c.marks.contains(f" {mark} ") for mark in ("question", "verify", "malice")]
        return and_(open_, or_(c.state.in_(HOTLINES), *beside))

    def items(self, query: Select[str]) -> tuple[Item, ...]:
        """What the role has to do in these complaints, the most pressing first."""
        with self.office.database.read() as conn:
            found = [load(fold) for fold in conn.execute(query).scalars()]
            names = names_of(conn, (c.claimer for c in found))
        items = [self._item(c, task, limit, names) for c in found for task, limit in self._tasks(c)]
        return tuple(sorted(items, key=lambda item: (item.due_at is None, item.due_at or 0)))

    def _tasks(self, c: Complaint) -> Iterable[tuple[str, str]]:
        owner, limit = OWNERS[State(c.state)]
        if self.role is Role.DEPARTMENT:
            return self._units_tasks(c, limit)
        if self.role is Role.SUPERVISOR:
            return self._supervisors_tasks(c, limit)
        found = []
        if owner is self.role and not self._returned_too_often(c):
            found.append((TASKS[State(c.state)], limit))
        if self.role is Role.OPERATOR and c.question_open:
            found.append(("代问群众", limit))
        return found + [
            (TASKS[alone], beside)
            for beside, (alone, states) in BESIDE.items()
            if beside in c.limits and c.state in states and OWNERS[alone][0] is self.role
        ]

    def _units_tasks(self, c: Complaint, limit: str) -> list[tuple[str, str]]:
        if c.state not in WORKING:
            return []
        if c.unit == self.unit:
            return [(TASKS[State(c.state)], limit)]
        return [("协办", "rectify")] if self.unit in c.assisting else []

    def _supervisors_tasks(self, c: Complaint, limit: str) -> list[tuple[str, str]]:
        found = []
        if c.state == State.RULING or self._returned_too_often(c):
            found.append((TASKS[State(c.state)], limit))
        if c.extension_asked:
            found.append(("裁定延期", "extension_ruling"))
        opened = c.limits.get(limit)
        overdue = opened is not None and limit not in c.paused and opened.due_at < self.now
        if not found and overdue:
            found.append((f"督办（{wording.LIMIT_NAMES[limit]}超期）", limit))
        return found

    def _returned_too_often(self, c: Complaint) -> bool:
        if c.state != State.RETURNED:
            return False
        rules = self.office.rulebook.bound(c.profile, c.profile_version)
        return bool(c.returns >= rules.policy.max_returns)

    def _item(self, c: Complaint, task: str, limit: str, names: Mapping[str, str]) -> Item:
        rules = self.office.rulebook.bound(c.profile, c.profile_version)
        opened, zone = c.limits.get(limit), rules.policy.zone
        due = None if opened is None else opened.due_at
        left = None if due is None else remaining(rules.calendar, self.now, due)
        return Item(
            c.id,
            c.order,
            task,
            c.state,
            limit,
            due,
            left,
            _left(c, limit, rules.calendar, left, due),
            self._holder(c, limit, names),
            "" if due is None else wording.when(due, zone),
            None if due is None else wording.iso(due, zone),
            self._tone(c, limit, opened, rules.calendar),
        )

    def _tone(self, c: Complaint, limit: str, opened: Open | None, calendar: Calendar) -> str:
        if opened is None or limit in c.paused:
            return "paused" if limit in c.paused else "calm"
        return tone(opened.due_at, self.now, soon(calendar, self.now))

    def _holder(self, c: Complaint, limit: str, names: Mapping[str, str]) -> str:
        owner = OWNERS[BESIDE[limit][0] if limit in BESIDE else State(c.state)][0]
        return holder(c, owner, self.units, names)


def _left(
    c: Complaint, limit: str, calendar: Calendar, left: timedelta | None, due: int | None
) -> str:
    if left is None or due is None:
        return ""
    if limit in c.paused:
        return PAUSED.get(limit, "暂停")
    return left_text(calendar, left, due)
