"""再评价: asks for the citizen's answer once the unit has reported; a later rating is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from schemas import CitizenObjected, ComplaintReevaluated, LaterRatingJoined, ReevaluationInvited
from schemas.codes import BAD_LEVELS
from schemas.envelope import Role
from workflow import outbox
from workflow.bus.consumer import Record, Work
from workflow.complaint import Complaint
from workflow.ledger import Actor
from workflow.policy import Policy
from workflow.states import ENDS, State

CITIZEN = Actor("platform", Role.CITIZEN)
"""The citizen, who spoke through the platform."""

_THREE = {1: 1, 2: 1, 3: 3, 4: 5, 5: 5}


class Reevaluation:
    """Invites by the first of the profile's channels that the office has; a call needs none.

    `sent` are the channels with a gateway: an undelivered message is no invitation, so what goes
    through one waits in the outbox, and the delivery records the invitation.
    """

    name = "reevaluation"
    handles = frozenset({"RectificationSubmitted", "RectificationAccepted", "LaterRatingJoined"})
    start: Literal["beginning", "now"] = "beginning"
    replayable = False
    recording = True

    def __init__(
        self, policy_of: Callable[[Complaint], Policy], sent: frozenset[str] = frozenset()
    ) -> None:
        self._policy_of, self._sent = policy_of, sent

    def handle(self, record: Record, work: Work) -> None:
        if record.type == "LaterRatingJoined":
            self._joined(record, work)
        elif record.state == State.REEVALUATING:
            self._invite(record, work)

    def _invite(self, record: Record, work: Work) -> None:
        complaint = work.complaint(record.subject)
        if not complaint.reachable:
            return
        channels = self._policy_of(complaint).reevaluation_channels
        first = channels[0] if channels else None  # which is told as undelivered
        channel = next((c for c in channels if c == "call" or c in self._sent), first)
        if channel == "call":
            work.record(record, ReevaluationInvited(channel="call"))
        elif channel is not None:
            row = (record.id, record.subject, channel, outbox.CITIZEN, outbox.INVITATION, work.now)
            work.run(outbox.POST, outbox.POST_ROW, row)

    def _joined(self, record: Record, work: Work) -> None:
        """Only what the citizen says of the feedback, or of the end, is an answer to it."""
        complaint, fact = work.complaint(record.subject), record.fact
        if complaint.state == State.REEVALUATING:
            limit = complaint.limits.get("reevaluate")
            if limit is not None and fact.assessed_at >= limit.opened_at:
                level = self._on_the_scale(complaint, fact)
                answer = ComplaintReevaluated(level=level, by="site")
                work.record(record, answer, actor=CITIZEN)
        elif complaint.state in ENDS and _objects(complaint, record):
            at = record.occurred_at  # when it came; this consumer may be behind
            work.record(record, CitizenObjected(), actor=CITIZEN, occurred_at=at)

    def _on_the_scale(self, complaint: Complaint, fact: LaterRatingJoined) -> int:
        three = self._policy_of(complaint).scale == "three"
        return _THREE[fact.level] if three else fact.level


def _objects(complaint: Complaint, record: Record) -> bool:
    """Whether it was given after the end, and came while an objection was open."""
    window, fact = complaint.limits.get("objection_window"), record.fact
    return (
        window is not None
        and fact.level in BAD_LEVELS
        and not complaint.objected
        and window.opened_at <= min(fact.assessed_at, record.occurred_at)
        and record.occurred_at <= window.due_at
    )
