"""督办: ordered by itself after overdue, after a dissatisfied call-back, after a second round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from sqlalchemy import Connection, bindparam, select

from schemas import SupervisionOrdered
from schemas.codes import BAD_LEVELS, Alarm
from workflow.advance import NEXT_ROUND
from workflow.bus.consumer import Record, Work
from workflow.complaint import Complaint
from workflow.policy import Policy
from workflow.states import State
from workflow.storage.models import events

Ground = Literal["dissatisfied", "second_round"]
_ROUND_BEFORE = (
    select(events.c.version)
    .where(
        events.c.subject == bindparam("of_subject"),
        events.c.version < bindparam("before"),
        events.c.type.in_(sorted(NEXT_ROUND)),
        events.c.state == State.ASSIGNING,
    )
    .limit(1)
)
"""Whether another round had begun before: today's row may be a round further on."""


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
        elif (ground := _ground(record, work.conn)) is not None:
            work.record(record, SupervisionOrdered(ground=ground))

    def _overdue(self, record: Record, work: Work) -> None:
        """Where the profile's ladder says so for this limit at this stage."""
        limit, stage = record.fact.limit, getattr(record.fact, "card", Alarm.MISSED)
        rule = self._policy_of(work.complaint(record.subject)).limits.get(limit)
        rungs = () if rule is None else rule.escalates_to
        if any(rung.stage == stage and rung.act == "supervise" for rung in rungs):
            work.record(record, SupervisionOrdered(ground="overdue", limit=limit))


def _ground(record: Record, conn: Connection) -> Ground | None:
    """A first round that left the citizen dissatisfied, or a second one that did no better."""
    if record.type == "FactChecked":
        dissatisfied = not record.fact.rectified
    else:
        dissatisfied = record.fact.level in BAD_LEVELS
    if not dissatisfied:
        return None
    at = {"of_subject": record.subject, "before": record.version}
    if conn.execute(_ROUND_BEFORE, at).first() is not None:
        return "second_round"
    return "dissatisfied" if record.type == "ComplaintReevaluated" else None
