"""`advance`: the only way from one state to the next; the table run by `transitions`, the row
folded, limits stamped; pure.
"""

from __future__ import annotations

from typing import Any

from transitions import EventData, Machine, Transition

from schemas.envelope import Role
from workflow.complaint import Complaint, Event
from workflow.errors import IllegalStep, NotPermitted, UnknownComplaint
from workflow.folds import FOLDS
from workflow.loop import STEPS, Step
from workflow.stamping import Changes, Rules, changed_limits
from workflow.states import BESIDE_WORK, ENDS, HOTLINE_STATES, STATE_NAMES, State


class _Cursor:
    """The throw-away model of the one shared machine."""

    __slots__ = ("complaint", "event", "policy", "refusal", "state")

    def __init__(self, complaint: Complaint, event: Event, policy: Any) -> None:
        self.state = complaint.state
        self.complaint, self.event, self.policy = complaint, event, policy
        self.refusal: str | None = None


def _holds(step: Step) -> Any:
    """The row as one condition for the machine: its route, its roles, its needs; the first
    refusal is remembered.
    """

    def condition(data: EventData) -> bool:
        (cursor,) = data.args
        c, e, policy = cursor.complaint, cursor.event, cursor.policy
        if step.when is not None and not step.when(c, e, policy):
            return False
        if e.role not in step.roles:
            cursor.refusal = cursor.refusal or _role_refusal(step)
            return False
        for need in step.needs:
            refusal = need(c, e, policy)
            if refusal is not None:
                cursor.refusal = refusal
                return False
        return True

    return condition


def _role_refusal(step: Step) -> str:
    return "这一步只能由" + "、".join(ROLE_NAMES[role] for role in sorted(step.roles)) + "记录"


ROLE_NAMES = {
    Role.PLATFORM: "评价平台",
    Role.OPERATOR: "话务员",
    Role.REVIEWER: "复核人",
    Role.DEPARTMENT: "责任单位",
    Role.CLERK: "单位数据员",
    Role.SUPERVISOR: "监督员",
    Role.CITIZEN: "群众",
    Role.HOTLINE: "热线系统",
    Role.CONSUMER: "系统",
    Role.CLOCK: "时钟",
    Role.ADMINISTRATOR: "管理员",
    Role.AUDITOR: "审计员",
    Role.IT: "信息科",
}


class _Row(Transition):
    """A row of the table has conditions and no callbacks, and is not searched for any."""

    def execute(self, event_data: EventData) -> bool:
        if not all(condition.check(event_data) for condition in self.conditions):
            return False
        if self.dest is not None:
            setattr(event_data.model, "state", self.dest)  # noqa: B010  # the model is untyped
        return True


class _Table(Machine):
    transition_cls = _Row


MACHINE = _Table(
    model=None,
    states=[state.value for state in State],
    initial=State.COLLECTED.value,
    transitions=[
        {
            "trigger": step.event,
            "source": [state.value for state in step.sources],
            "dest": None if step.to is None else step.to.value,
            "conditions": _holds(step),
        }
        for step in STEPS
        if step.sources
    ],
    auto_transitions=False,
    send_event=True,
)


def legal_steps(complaint: Complaint, role: Role | None = None) -> tuple[str, ...]:
    """Events the table knows in this state, for this role or for any; conditions may still
    refuse one.
    """
    found = (
        step.event
        for step in STEPS
        if complaint.state in step.sources and (role is None or role in step.roles)
    )
    return tuple(dict.fromkeys(found))


def advance(
    complaint: Complaint | None, subject: str, event: Event, rules: Rules
) -> tuple[Complaint, Changes]:
    """The complaint after this event, and what the event did to its limits; `complaint` itself
    is not changed.

    Raises IllegalStep (with the reason and what is allowed), NotPermitted, or UnknownComplaint
    for another unit's.
    """
    if complaint is None:
        if event.type != "ReviewCollected":
            raise UnknownComplaint(subject)
        after = Complaint(id=subject, state=State.COLLECTED.value)
        before = ""
    else:
        in_scope(complaint, event)
        after = complaint.copy()
        before = complaint.state
        after.state = _next_state(complaint, event, rules.policy)
    fold = FOLDS.get(event.type)
    if fold is not None:
        fold(after, event.fact, event, rules.policy)
    after.version += 1
    changes = changed_limits(before, after, event, rules)
    _settle(before, after, event, rules.policy)
    return after, changes


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


def _next_state(complaint: Complaint, event: Event, policy: Any) -> str:
    machine_event = MACHINE.events.get(event.type)
    if machine_event is None or complaint.state not in machine_event.transitions:
        raise _illegal(complaint, event, _state_refusal(event.type))
    cursor = _Cursor(complaint, event, policy)
    if not machine_event.trigger(cursor, cursor):
        raise _illegal(complaint, event, cursor.refusal or "不符合本地规则")
    return str(cursor.state)


def _state_refusal(event: str) -> str:
    sources = dict.fromkeys(
        STATE_NAMES[state] for step in STEPS if step.event == event for state in step.sources
    )
    return f"这一步只在“{'、'.join(sources)}”时可办" if sources else "这一步不能由人单独记录"


def _illegal(complaint: Complaint, event: Event, reason: str) -> IllegalStep:
    return IllegalStep(
        event=event.type,
        state=complaint.state,
        reason=reason,
        allowed=legal_steps(complaint, event.role),
    )


def _settle(before: str, after: Complaint, event: Event, policy: Any) -> None:
    """Claims, rounds and ends that follow from where the complaint has come to."""
    if after.state in ENDS and before not in ENDS:
        after.ended_at = event.at
        after.alleger, after.contact_requested, after.contact_requested_at = None, False, None
        if after.state == State.CLOSED and after.verdict is None:
            after.verdict = "valid"  # where dispatch comes first: nobody has refuted it
    if after.state not in HOTLINE_STATES and (
        policy.verify_first or after.state not in BESIDE_WORK
    ):
        after.claimer = None
    if before and after.state == State.ASSIGNING != before and event.type in _NEXT_ROUND:
        after.round += 1
    if after.state != before or event.role in _PEOPLE:
        after.touched = after.version


_NEXT_ROUND = frozenset({"ComplaintReevaluated", "FactChecked", "RulingGiven", "CitizenObjected"})
_PEOPLE = frozenset(
    {Role.OPERATOR, Role.REVIEWER, Role.DEPARTMENT, Role.CLERK, Role.SUPERVISOR, Role.CITIZEN}
)
