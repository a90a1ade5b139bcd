"""待办: what a role has to do, by the working time that remains, and whose hands each complaint
is in.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from math import inf
from operator import attrgetter
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Select, or_, select

from console import wording
from console.people import names_of
from console.remaining import left_text, remaining, soon, tone
from console.scope import visible
from console.tasks import BESIDE, Task, concerns, tasks_of
from schemas.envelope import Role
from workflow.calendar import Calendar
from workflow.complaint import Complaint, Open, load
from workflow.errors import InvalidInput
from workflow.ledger import Actor
from workflow.limits import OWNERS
from workflow.said import ONLY
from workflow.states import State
from workflow.storage.models import complaints
from workflow.unit_list import UnitList

if TYPE_CHECKING:
    from console.wiring import Office

ROLES = (Role.OPERATOR, Role.REVIEWER, Role.DEPARTMENT, Role.SUPERVISOR)
PAUSED = {"verify": "停表，等单位补联系方式，最迟到下一个工作日下班"}
_BY_DUE = attrgetter("due_at", "complaint.id")


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
    """Open items of a role, the most pressing first, what is paused last; a department's are its
    own alone.

    Raises InvalidInput for a role without a queue, a department without its unit, or a unit with
    a role that has none.
    """
    if role not in ROLES:
        raise InvalidInput("role", role, ONLY + "、".join((*ROLES, Role.CLERK)))
    if role == Role.DEPARTMENT and unit is None:
        raise InvalidInput("unit", "", "责任单位的待办须写单位")
    if role != Role.DEPARTMENT and unit is not None:
        raise InvalidInput("unit", unit, "只有责任单位和数据员的待办分单位")
    desk = _Desk(office, Role(role), unit)
    return desk.items(select(complaints.c.fold).where(concerns(desk.role)))


def pressing(office: Office, viewer: Actor, most: int) -> tuple[Item, ...]:
    """The most pressing of a signed-in person's own items, at most so many: what he has claimed,
    and what nobody has; for a role without a queue, none.
    """
    if viewer.role not in ROLES:
        return ()
    desk = _Desk(office, viewer.role, viewer.unit)
    return desk.first(_by_due(viewer), most)


@lru_cache(maxsize=256)
def _by_due(viewer: Actor) -> Select[int | None, str, str]:
    """Kept: to build it takes longer than to ask it."""
    free = or_(complaints.c.claimer.is_(None), complaints.c.claimer == viewer.name)
    mine = [concerns(viewer.role), visible(viewer)]
    columns = complaints.c.due_at, complaints.c.id, complaints.c.fold
    query = select(*columns).where(*mine, *([free] if viewer.role is Role.OPERATOR else []))
    return query.order_by(complaints.c.due_at.asc().nulls_last(), complaints.c.id)


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

    def items(self, query: Select[str]) -> tuple[Item, ...]:
        """What the role has to do in these complaints, the most pressing first."""
        with self.office.database.read() as conn:
            folds = conn.execute(query, {"now": self.now}).scalars()
            found = [task for fold in folds for task in self._tasks(fold)]
            return self._items(conn, sorted(found, key=_BY_DUE))

    def first(self, query: Select[int | None, str, str], most: int) -> tuple[Item, ...]:
        """The same, at most so many, of complaints in the order of what falls due first in each,
        and of their numbers: read on until nothing that follows can come before these.
        """
        found: list[Task] = []
        with self.office.database.read() as conn:
            apart = {"yield_per": most}
            with conn.execute(query, {"now": self.now}, execution_options=apart) as rows:
                for due_at, subject, fold in rows:
                    soonest = inf if due_at is None else due_at, subject
                    if len(found) == most and _BY_DUE(found[-1]) < soonest:
                        break
                    for task in self._tasks(fold):
                        insort(found, task, key=_BY_DUE)
                    del found[most:]
            return self._items(conn, found)

    def _items(self, conn: Connection, tasks: Sequence[Task]) -> tuple[Item, ...]:
        names = names_of(conn, (task.complaint.claimer for task in tasks))
        return tuple(self._item(task, names) for task in tasks)

    def _tasks(self, fold: str) -> Iterator[Task]:
        return tasks_of(load(fold), self.role, self.unit, self.now)

    def _item(self, task: Task, names: Mapping[str, str]) -> Item:
        c, limit = task.complaint, task.limit
        rules = self.office.rulebook.of(c)
        opened, zone = c.limits.get(limit), rules.policy.zone
        due = None if opened is None else opened.due_at
        left = None if due is None else remaining(rules.calendar, self.now, due)
        return Item(
            c.id,
            c.order,
            task.name,
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
        return PAUSED.get(limit, "停表")
    return left_text(calendar, left, due)
