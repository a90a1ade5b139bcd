"""督办: ordered by itself after overdue, after a dissatisfied call-back, after a second round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from schemas import SupervisionOrdered
from schemas.codes import BAD_LEVELS
from workflow.bus.consumer import Record, Work
from workflow.complaint import Complaint
from workflow.policy import Policy
from workflow.states import State

Ground = Literal["dissatisfied", "second_round"]


class Supervision:
    """Each alarm or answer is one ground, and each gives one order: its record is handled once."""

    name = "supervision"
    handles = frozenset({"DeadlineMissed", "DeadlineWarned", "ComplaintReevaluated", "FactChecked"})
    start: Literal["beginning", "now"] = "beginning"
    replayable = False
    recording = True

    def __init__(self, policy_of: Callable[[Complaint], Policy]) -> None:
        self._policy_of = policy_of

    def handle(self, record: Record, work: Work) -> None:
        if record.type in ("DeadlineMissed", "DeadlineWarned"):
            self._overdue(record, work)
        elif (ground := _ground(record, work.complaint(record.subject))) is not None:
            work.record(record, SupervisionOrdered(ground=ground))

    def _overdue(self, record: Record, work: Work) -> None:
        """Where the profile's ladder says so for this limit at this stage."""
        limit, stage = record.fact.limit, getattr(record.fact, "card", "missed")
        rule = self._policy_of(work.complaint(record.subject)).limits.get(limit)
        rungs = () if rule is None else rule.escalates_to
        if any(rung.stage == stage and rung.act == "supervise" for rung in rungs):
            work.record(record, SupervisionOrdered(ground="overdue", limit=limit))


def _ground(record: Record, complaint: Complaint) -> Ground | None:
    """A first round that left the citizen dissatisfied, or a second one that did no better."""
    if record.type == "FactChecked":
        dissatisfied = not record.fact.rectified
    else:
        dissatisfied = record.fact.level in BAD_LEVELS
    if not dissatisfied:
        return None
    done = complaint.round - (record.state == State.ASSIGNING)
    if done > 1:
        return "second_round"
    return "dissatisfied" if record.type == "ComplaintReevaluated" else None
