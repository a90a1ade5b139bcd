"""预计: what a unit's step would do to its due time, and until when it can be taken: the step
itself, taken on the complaint's row and thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import schemas as s
from schemas.envelope import Fact, Role
from workflow.advance import advance
from workflow.complaint import Complaint, Event
from workflow.errors import Refused
from workflow.ledger import Actor
from workflow.rulebook import BoundRules

UNSAID = "0" * 32
"""The digest of a text nobody has written yet."""

UNTIL = {
    "WorkOrderReturned": "return_window",
    "AppealLodged": "appeal_window",
    "ExtensionRequested": "rectify",
}
"""The limit or window within which a step can be taken; the others while the state lasts."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One step. Instants in microseconds UTC; `before` and `due_at` are when rectification is due
    without and with it, None: it is not, or no longer. `refusal`: why it cannot be taken now.
    """

    event: str
    refusal: str | None
    until: int | None
    before: int | None
    due_at: int | None
    paused: bool = False

    @property
    def limit(self) -> str | None:
        """The limit or window that ends at `until`."""
        return UNTIL.get(self.event)

    @property
    def moves(self) -> bool:
        return self.due_at != self.before


def foreseen(
    complaint: Complaint, fact: Fact, by: Actor, at: int, rules: BoundRules, *then: Fact
) -> Foreseen:
    """What this step, and what is decided after it, would do now (microseconds UTC)."""
    event = type(fact).__name__
    window = complaint.limits.get(UNTIL.get(event, ""))
    until, before = window and window.due_at, _due(complaint)
    found = Foreseen(event, None, until, before, before)
    try:
        reached = after(complaint, fact, by, at, rules)
        for decision in then:
            reached = after(reached, decision, _DECIDES, at, rules)
    except Refused as refusal:
        return replace(found, refusal=str(getattr(refusal, "reason", refusal)))
    return replace(found, due_at=_due(reached), paused="rectify" in reached.paused)


def extension(complaint: Complaint, days: int, by: Actor, at: int, rules: BoundRules) -> Foreseen:
    """What an extension by so many working days would do once it is granted in full."""
    asked = s.ExtensionRequested(working_days=days, reason=UNSAID)
    return foreseen(complaint, asked, by, at, rules, s.ExtensionGranted(working_days=days))


def days_left(complaint: Complaint, rules: BoundRules) -> int:
    """Working days that can still be asked for, all extensions together."""
    return int(rules.policy.extension_max.amount) - complaint.extension_days


_DECIDES = Actor("decides", Role.SUPERVISOR)
_STEPS: tuple[Fact, ...] = (
    s.WorkOrderAcknowledged(),
    s.WorkOrderReturned(reason=UNSAID, legal_basis=UNSAID),
    s.AppealLodged(reason=UNSAID),
    s.ClarificationAsked(question=UNSAID),
    s.AssistanceSubmitted(note=UNSAID),
    s.RectificationSubmitted(
        kind="rectified",
        **dict.fromkeys(("facts", "cause", "measures", "reply", "signed_by"), UNSAID),
    ),
)


def units_steps(complaint: Complaint, by: Actor, at: int, rules: BoundRules) -> dict[str, Foreseen]:
    """Every step of a unit, by its event; an extension by as many days as are left."""
    found = [foreseen(complaint, fact, by, at, rules) for fact in _STEPS]
    found.append(extension(complaint, max(1, days_left(complaint, rules)), by, at, rules))
    return {one.event: one for one in found}


def after(c: Complaint, fact: Fact, by: Actor, at: int, rules: BoundRules) -> Complaint:
    """The complaint after this step now (microseconds UTC), recorded nowhere. Raises Refused."""
    event = Event(type(fact).__name__, fact, by.name, by.role, at, by.unit)
    return advance(c, c.id, event, rules)[0]


def _due(complaint: Complaint) -> int | None:
    opened = complaint.limits.get("rectify")
    return None if opened is None else opened.due_at


def extended(rules: BoundRules, c: Complaint) -> tuple[tuple[int, int], ...]:
    """The due time (microseconds UTC) for each number of days that may be granted."""
    opened = c.limits.get("rectify")
    if opened is None or not c.extension_asked:
        return ()
    return tuple(
        (days, rules.extended(opened, c.extension_days + days).due_at)
        for days in range(1, c.extension_asked + 1)
    )
