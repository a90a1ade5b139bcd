"""已提醒: what was said to press an open complaint, and what has come of what was sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, select

from schemas.codes import Alarm
from schemas.envelope import Role
from workflow.complaint import Complaint, Open
from workflow.outbox import CITIZEN
from workflow.policy import Policy
from workflow.states import State
from workflow.storage.models import events, outbox

Said = tuple[str, str, str | None, int]
"""A word for it, whose role said it, about which limit, and when."""

_TOLD = ("DeadlineWarned", "DeadlineMissed", "Reminded", "SupervisionOrdered")
_SENT = {"sent": "短信✓", "failed": "短信✗", "waiting": "短信待发"}


def told(conn: Connection, found: Sequence[Complaint]) -> dict[str, list[Said]]:
    """Of each complaint its pressing so far: event, who, which limit or card, when."""
    found_of: dict[str, list[Said]] = {}
    for subject, kind, role, data, at in conn.execute(_SAID, {"of": [c.id for c in found]}):
        said = json.loads(data)
        word = Alarm(said["card"]).label if "card" in said else _WORDS.get(kind, "")
        if word and not (kind == "Reminded" and role == Role.CLOCK):
            found_of.setdefault(subject, []).append((word, role, said.get("limit"), at))
    return found_of


_SAID = (
    select(events.c.subject, events.c.type, events.c.role, events.c.data, events.c.recorded_at)
    .where(events.c.subject.in_(bindparam("of", expanding=True)), events.c.type.in_(_TOLD))
    .order_by(events.c.subject, events.c.version)
)
_WORDS = {"Reminded": "催办", "SupervisionOrdered": "督办"}


def reminders(told: Iterable[Said], found: tuple[str, Open] | None) -> tuple[str, ...]:
    """What was said since the limit that presses was opened, about it or about the whole."""
    counts: dict[str, int] = {}
    for word, _, limit, at in told:
        if found is None or (limit in (None, found[0]) and at >= found[1].opened_at):
            counts[word] = counts.get(word, 0) + 1
    order = (Alarm.YELLOW.label, Alarm.RED.label, *_WORDS.values())
    said = sorted(counts.items(), key=lambda one: order.index(one[0]))
    return tuple(word if n == 1 else f"{word}{n}次" for word, n in said)


def sent(conn: Connection, found: Sequence[Complaint]) -> dict[str, str]:
    """What became of the last invitation of those who wait for the citizen's answer, in this round
    of theirs.
    """
    asked = [c for c in found if c.state == State.REEVALUATING]
    since = {c.id: c.limits["reevaluate"].opened_at for c in asked if "reevaluate" in c.limits}
    ids = [f"{c.id}-{version}" for c in asked for version in range(1, c.version + 1)]
    rows = conn.execute(_INVITED, {"events": ids}).all() if ids else []
    return {
        row.subject: row.status
        for row in rows
        if row.status in _SENT and row.created_at >= since.get(row.subject, 0)
    }


_INVITED = (
    select(outbox.c.subject, outbox.c.status, outbox.c.created_at)
    .where(
        outbox.c.event_id.in_(bindparam("events", expanding=True)), outbox.c.recipient == CITIZEN
    )
    .order_by(outbox.c.id)
)


def receipts(c: Complaint, sent: Mapping[str, str], policy: Policy) -> list[str]:
    """What has come of what was sent: the unit's acknowledgement, the message to the citizen; where
    that failed, also how the round goes on.
    """
    if c.state == State.RECTIFYING:
        return ["签收✓"]
    if c.id not in sent:
        return []
    status = sent[c.id]
    return [_SENT[status] + (_instead(c, policy) if status == "failed" else "")]


def _instead(c: Complaint, policy: Policy) -> str:
    """What takes the place of a message that failed, as the outbox has it."""
    if c.wrong_number or not c.reachable:
        return "，号码不能用"
    return "，转电话回访" if "call" in policy.reevaluation_channels else "，须另行联系"
