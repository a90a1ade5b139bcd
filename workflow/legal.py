"""What somebody may do now: the rows of the table open to him, and how a refusal says so; pure."""

from __future__ import annotations

from functools import cache
from typing import Any

from schemas.envelope import Fact, Role
from workflow import conditions, routes
from workflow.complaint import Complaint, Event
from workflow.errors import IllegalStep, NotPermitted, Refused, UnknownComplaint
from workflow.loop import STEPS, Step
from workflow.states import ROLE_NAMES, STATE_NAMES

UNSAID = Fact()
"""The fact of a step nobody has filled in yet."""


def legal_rows(
    complaint: Complaint, role: Role, actor: str, at: int, policy: Any, unit: str | None
) -> tuple[Step, ...]:
    """The rows open to this person now (microseconds UTC): for each there is something to fill in
    that `advance` takes, and for no other row there is.
    """
    return tuple(
        step
        for step in _rows_of(complaint.state, role)
        if _open_to(step, complaint, Event(step.event, UNSAID, actor, role, at, unit), policy)
    )


def legal_steps(
    complaint: Complaint, role: Role, actor: str, at: int, policy: Any, unit: str | None = None
) -> tuple[str, ...]:
    """The events of `legal_rows`: what a refusal names as possible, and what has a button."""
    rows = legal_rows(complaint, role, actor, at, policy, unit)
    return tuple(dict.fromkeys(step.event for step in rows))


@cache
def _rows_of(state: str, role: Role) -> tuple[Step, ...]:
    return tuple(step for step in STEPS if state in step.sources and role in step.roles)


def _open_to(step: Step, complaint: Complaint, event: Event, policy: Any) -> bool:
    try:
        in_scope(complaint, event)
    except Refused:
        return False
    return _applies(step, complaint, event, policy) and all(
        conditions.beforehand(need)(complaint, event, policy) is None for need in step.needs
    )


def _applies(step: Step, complaint: Complaint, event: Event, policy: Any) -> bool:
    return step.when is None or routes.beforehand(step.when)(complaint, event, policy)


def in_scope(complaint: Complaint, event: Event) -> None:
    """Another unit's complaint does not exist for a unit; assisting units do their own part
    only.
    """
    if event.role is Role.DEPARTMENT:
        if event.type == "AssistanceSubmitted":
            if event.unit in complaint.assisting:
                return
            if event.unit != complaint.unit:
                raise UnknownComplaint(complaint.id)
            raise NotPermitted("主办单位请提交整改反馈，协办反馈由协办单位提交")
        if event.unit is None or (
            event.unit != complaint.unit and event.unit not in complaint.assisting
        ):
            raise UnknownComplaint(complaint.id)
        if event.unit != complaint.unit:
            raise NotPermitted("协办单位只能提交协办反馈，由主办单位总负责")
    elif event.role is Role.CLERK and event.unit != complaint.handled_by:
        raise UnknownComplaint(complaint.id)


def role_refusal(roles: frozenset[Role]) -> str:
    return f"这一步只能由{_who(roles)}记录"


def _who(roles: frozenset[Role]) -> str:
    return "、".join(ROLE_NAMES[role] for role in Role if role in roles)


def state_refusal(complaint: Complaint, event: Event, policy: Any) -> str:
    """Where the step is possible under this policy, and whose it is."""
    rows = [s for s in STEPS if s.event == event.type and _applies(s, complaint, event, policy)]
    sources = dict.fromkeys(STATE_NAMES[state] for step in rows for state in step.sources)
    if not sources:
        return "这一步不能由人单独记录"
    roles = frozenset[Role]().union(*(step.roles for step in rows))
    return f"这一步只在“{'、'.join(sources)}”时由{_who(roles)}办理"


def illegal(complaint: Complaint, event: Event, policy: Any, reason: str) -> IllegalStep:
    return IllegalStep(
        event=event.type,
        state=complaint.state,
        reason=reason,
        allowed=legal_steps(complaint, event.role, event.actor, event.at, policy, event.unit),
    )
