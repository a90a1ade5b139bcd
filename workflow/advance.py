"""`advance`: the only way from one state to the next; the table run by `transitions`, the row
folded, limits stamped; pure.
"""

from __future__ import annotations

from typing import Any

from transitions import EventData, Machine, Transition

from schemas.envelope import Role
from workflow.complaint import Complaint, Event
from workflow.errors import UnknownComplaint
from workflow.folds import FOLDS
from workflow.legal import illegal, in_scope, role_refusal, state_refusal
from workflow.loop import STEPS, Step
from workflow.stamping import Changes, Rules, changed_limits
from workflow.states import BESIDE_WORK, ENDS, HOTLINE_STATES, State


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
            cursor.refusal = cursor.refusal or role_refusal(step.roles)
            return False
        for need in step.needs:
            refusal = need(c, e, policy)
            if refusal is not None:
                cursor.refusal = refusal
                return False
        return True

    return condition


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
        after = Complaint.of({"id": subject, "state": State.COLLECTED.value})
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


def _next_state(complaint: Complaint, event: Event, policy: Any) -> str:
    machine_event = MACHINE.events.get(event.type)
    if machine_event is None or complaint.state not in machine_event.transitions:
        raise illegal(complaint, event, policy, state_refusal(complaint, event, policy))
    cursor = _Cursor(complaint, event, policy)
    if not machine_event.trigger(cursor, cursor):
        refusal = cursor.refusal or state_refusal(complaint, event, policy)
        raise illegal(complaint, event, policy, refusal)
    return str(cursor.state)


def _settle(before: str, after: Complaint, event: Event, policy: Any) -> None:
    """Claims, rounds and ends that follow from where the complaint has come to."""
    if after.state in ENDS and before not in ENDS:
        after.ended_at = event.at
        after.alleger, after.contact_requested = None, False
        if after.state == State.CLOSED and after.verdict is None:
            after.verdict = "valid"  # where dispatch comes first: nobody has refuted it
    if after.state not in HOTLINE_STATES and (
        policy.verify_first or after.state not in BESIDE_WORK
    ):
        after.claimer = None
    if before and after.state == State.ASSIGNING != before and event.type in NEXT_ROUND:
        after.round += 1
        after.next_call_at = None
    if after.state in (*ENDS, State.RULING):
        after.next_call_at = None
    if after.state != before or (event.role in _PEOPLE and event.type not in UNTOLD):
        after.touched = after.version


NEXT_ROUND = frozenset({"ComplaintReevaluated", "FactChecked", "RulingGiven", "CitizenObjected"})
"""What begins another round where it leads back to assigning."""

UNTOLD = frozenset({"TicketLinked", "ContactRevealed", "RetaliationReported"})
"""What people do beside the loop: no step rests on it, so it makes nobody's page stale, and a unit
has no sign of it.
"""

_PEOPLE = frozenset(
    {Role.OPERATOR, Role.REVIEWER, Role.DEPARTMENT, Role.CLERK, Role.SUPERVISOR, Role.CITIZEN}
)
