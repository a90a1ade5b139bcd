"""`advance`: the only way from one state to the next; the table run by `transitions`, the row folded, limits stamped; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from transitions import EventData, Machine

from schemas.envelope import Role
from workflow.complaint import FOLDS, Complaint, Event, Open
from workflow.errors import IllegalStep, NotPermitted, UnknownComplaint
from workflow.limits import LIMITS, LimitRow
from workflow.loop import ENDS, HOTLINE_STATES, STATE_NAMES, STEPS, State, Step


class Rules(Protocol):
    """A policy with the calendar it is read by: what `advance` may ask, and nothing else."""

    @property
    def policy(self) -> Any: ...

    def stamp(self, limit: str, at: int, complex_case: bool) -> Open | None:
        """The limit opened at this instant (microseconds UTC); None where the profile has no such limit."""

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


class _Cursor:
    """The throw-away model of the one shared machine."""

    __slots__ = ("complaint", "event", "policy", "refusal", "state", "step")

    def __init__(self, complaint: Complaint, event: Event, policy: Any) -> None:
        self.state = complaint.state
        self.complaint, self.event, self.policy = complaint, event, policy
        self.refusal: str | None = None
        self.step: Step | None = None


def _holds(step: Step) -> Any:
    """The row as one condition for the machine: its route, its roles, its needs; the first refusal is remembered."""

    def condition(data: EventData) -> bool:
        cursor: _Cursor = data.args[0]
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
        cursor.step = step
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

MACHINE = Machine(
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
    """Events the table knows in this state, for this role or for any; conditions may still refuse one."""
    found = (
        step.event
        for step in STEPS
        if complaint.state in step.sources and (role is None or role in step.roles)
    )
    return tuple(dict.fromkeys(found))


def advance(
    complaint: Complaint | None, subject: str, event: Event, rules: Rules
) -> tuple[Complaint, Changes]:
    """The complaint after this event, and what the event did to its limits; `complaint` itself is not changed.

    Raises IllegalStep (with the reason and what is allowed), NotPermitted, or UnknownComplaint for another unit's.
    """
    if complaint is None:
        if event.type != "ReviewCollected":
            raise UnknownComplaint(subject)
        after = Complaint(id=subject, state=State.COLLECTED.value)
        before = ""
    else:
        _in_scope(complaint, event)
        after = complaint.copy()
        before = complaint.state
        after.state = _next_state(complaint, event, rules.policy)
    fold = FOLDS.get(event.type)
    if fold is not None:
        fold(after, event.fact, event, rules.policy)
    after.version += 1
    changes = _limits(before, after, event, rules)
    _settle(before, after, event)
    return after, changes


def _in_scope(complaint: Complaint, event: Event) -> None:
    """Another unit's complaint does not exist for a unit; assisting units do their own part only."""
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


def _limits(before: str, after: Complaint, event: Event, rules: Rules) -> Changes:
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
        _open("rectify", rules.extended(limits["rectify"], after.extension_days), after, limits, changes)
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


def _settle(before: str, after: Complaint, event: Event) -> None:
    """Claims, rounds and ends that follow from where the complaint has come to."""
    if after.state in ENDS and before not in ENDS:
        after.ended_at = event.at
    if after.state not in HOTLINE_STATES:
        after.claimer = None
    if before and after.state == State.ASSIGNING != before and event.type in _NEXT_ROUND:
        after.round += 1
    if after.state != before or event.role in _PEOPLE:
        after.touched = after.version


_NEXT_ROUND = frozenset({"ComplaintReevaluated", "FactChecked", "RulingGiven", "CitizenObjected"})
_PEOPLE = frozenset(
    {Role.OPERATOR, Role.REVIEWER, Role.DEPARTMENT, Role.CLERK, Role.SUPERVISOR, Role.CITIZEN}
)
