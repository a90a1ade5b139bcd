"""督办行: one open complaint on the board: what presses, whose hands it is in, who was reminded,
and what the supervisor may do.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from console import wording
from console.people import names_of
from console.queues import holder
from console.remaining import left_text, remaining
from console.remaining import tone as tone_of
from console.web.supervisors.acting import ACTS
from console.web.supervisors.history import legal
from console.web.supervisors.spans import Spans
from console.wiring import Office
from schemas.envelope import Role
from workflow.complaint import Complaint, Open
from workflow.ledger import Actor
from workflow.limits import LIMITS, OWNERS
from workflow.outbox import CITIZEN
from workflow.states import State
from workflow.storage.models import events, outbox
from workflow.unit_list import UnitList

ROWS = {row.name: row for row in LIMITS}
OFFERED = (
    "MaliceUpheld",
    "MaliceRejected",
    "ExtensionGranted",
    "ExtensionRefused",
    "ReturnAccepted",
    "ReturnRefused",
    "RulingGiven",
    "SupervisionOrdered",
    "Reminded",
    "ComplaintReleased",
    "DepartmentAssigned",
    "RulingCalled",
)
"""What can be done from a row, in the order in which it is offered."""

DECISIONS = {
    "MaliceUpheld": ("MaliceUpheld", "MaliceRejected"),
    "ExtensionGranted": ("ExtensionGranted", "ExtensionRefused"),
    "ReturnAccepted": ("ReturnAccepted", "ReturnRefused"),
    "RulingGiven": ("RulingGiven",),
}
AWAITED = ("malice_review", "extension_ruling")
"""Decisions that run beside the limit which waits for them."""

MOST_ACTS = 3
ME = "我"
"""Who holds what waits for the supervisor."""

_TOLD = ("DeadlineWarned", "DeadlineMissed", "Reminded", "SupervisionOrdered")
_SENT = {"sent": "短信✓", "failed": "短信✗", "waiting": "短信待发"}


@dataclass(frozen=True, slots=True)
class Line:
    """One row. `limit`: the name of the limit that presses, None where none runs; `acts`: events
    with the words on their buttons.
    """

    subject: str
    tone: str
    left: str
    limit: str | None
    due: str
    task: str
    holder: str
    reminded: tuple[str, ...]
    acts: tuple[tuple[str, str], ...]
    urgent: bool


def lines(
    office: Office,
    conn: Connection,
    viewer: Actor,
    found: Sequence[Complaint],
    at: Spans,
    units: UnitList,
) -> tuple[Line, ...]:
    """The rows of these complaints, in their order."""
    told, sent = _told(conn, found), _sent(conn, found)
    names = names_of(conn, (c.claimer for c in found))
    return tuple(
        _line(office, viewer, c, at, units, names, told.get(c.id, ()), sent) for c in found
    )


def pressing(c: Complaint) -> tuple[str, Open] | None:
    """The running limit that falls due first; the column `due_at` is its due time."""
    running = [
        (name, opened)
        for name, opened in c.limits.items()
        if not ROWS[name].window and name not in c.paused
    ]
    return min(running, key=lambda one: one[1].due_at, default=None)


def awaited(c: Complaint) -> str | None:
    """The limit of what everybody waits for: a decision's, where one runs, else what presses."""
    found = [name for name in AWAITED if name in c.limits] or pressing(c)
    return found[0] if found else None


def _line(
    office: Office,
    viewer: Actor,
    c: Complaint,
    at: Spans,
    units: UnitList,
    names: Mapping[str, str],
    told: Iterable[tuple[str, str, str | None, int]],
    sent: Mapping[str, str],
) -> Line:
    found = pressing(c)
    limit = found[0] if found else None
    left, due, tone = _pressed(office, c, found[1], at) if found else ("暂停", "", "paused")
    waits_for = awaited(c)
    whose = _whose(c, waits_for, units, names)
    mine = whose == ME or waits_for == "malice_review"
    reminded = _reminders(told, found)
    offered = _offered(_legal(office, c, viewer), mine, tone, reminded)
    return Line(
        c.id,
        tone,
        left,
        limit,
        due,
        _task(c, waits_for),
        whose,
        (*reminded, *_receipts(c, sent)),
        tuple((event, ACTS[event].label) for event in offered),
        mine or tone == "red",
    )


def _receipts(c: Complaint, sent: Mapping[str, str]) -> list[str]:
    """What has come of what was sent: the unit's acknowledgement, the message to the citizen."""
    if c.state == State.RECTIFYING:
        return ["签收✓"]
    return [sent[c.id]] if c.id in sent else []


def _pressed(office: Office, c: Complaint, opened: Open, at: Spans) -> tuple[str, str, str]:
    """What is left, when it is due, and how much that presses."""
    rules, due = office.rulebook.bound(c.profile, c.profile_version), opened.due_at
    left = left_text(rules.calendar, remaining(rules.calendar, at.now, due), due)
    return left, wording.when(due, rules.policy.zone), tone_of(due, at.now, at.soon)


def _legal(office: Office, c: Complaint, viewer: Actor) -> list[str]:
    open_to_him = legal(office, c, viewer)
    return [event for event in OFFERED if event in open_to_him]


def _offered(legal: Sequence[str], mine: bool, tone: str, reminded: Sequence[str]) -> Sequence[str]:
    """A decision that is the supervisor's own goes first, both ways of it; else pressing: harder
    once it is overdue, and not again where that was done.
    """
    decided = [pair for first, pair in DECISIONS.items() if mine and first in legal]
    if decided:
        return [*decided[0], "SupervisionOrdered"]
    ordered = {"SupervisionOrdered"} if any(one.startswith("督办") for one in reminded) else set()
    rest = [event for event in legal if event not in _DECIDING | ordered]
    if tone != "red":
        rest.sort(key=lambda event: event == "SupervisionOrdered")
        rest.sort(key=lambda event: event not in ("Reminded", "SupervisionOrdered"))
    return rest[:MOST_ACTS]


_DECIDING = frozenset(event for pair in DECISIONS.values() for event in pair)


def _task(c: Complaint, limit: str | None) -> str:
    """The limit that presses, else the state."""
    if limit is None or limit == "total":
        return wording.state_name(c.state)
    return wording.LIMIT_NAMES[limit]


def _whose(c: Complaint, limit: str | None, units: UnitList, names: Mapping[str, str]) -> str:
    owner, own = OWNERS[State(c.state)]
    if own in c.paused and c.contact_requested:
        unit = units.by_code.get(c.handled_by or "")
        return f"{unit.name if unit else '经办单位'}（补联系方式）"
    if limit is not None and limit != "total":
        owner = ROWS[limit].owner
    too_often = limit == "return_ruling" and c.returns_used_up
    mine = owner is Role.SUPERVISOR or too_often
    in_vain = (
        f"，{c.calls}次未接通" if owner is Role.OPERATOR and c.calls and not c.answered else ""
    )
    return ME if mine else holder(c, owner, units, names) + in_vain


def _told(
    conn: Connection, found: Sequence[Complaint]
) -> dict[str, list[tuple[str, str, str | None, int]]]:
    """Of each complaint its pressing so far: event, who, which limit or card, when."""
    query = (
        select(events.c.subject, events.c.type, events.c.role, events.c.data, events.c.recorded_at)
        .where(events.c.subject.in_([c.id for c in found]), events.c.type.in_(_TOLD))
        .order_by(events.c.subject, events.c.version)
    )
    told: dict[str, list[tuple[str, str, str | None, int]]] = {}
    for subject, kind, role, data, at in conn.execute(query):
        said = json.loads(data)
        word = {"yellow": "黄牌", "red": "红牌"}.get(said.get("card"), _WORDS.get(kind, ""))
        if word and not (kind == "Reminded" and role == Role.CLOCK):
            told.setdefault(subject, []).append((word, role, said.get("limit"), at))
    return told


_WORDS = {"Reminded": "催办", "SupervisionOrdered": "督办"}


def _reminders(
    told: Iterable[tuple[str, str, str | None, int]], found: tuple[str, Open] | None
) -> tuple[str, ...]:
    """What was said since the limit that presses was opened, about it or about the whole."""
    counts: dict[str, int] = {}
    for word, _, limit, at in told:
        if found is None or (limit in (None, found[0]) and at >= found[1].opened_at):
            counts[word] = counts.get(word, 0) + 1
    order = ("黄牌", "红牌", "催办", "督办")
    said = sorted(counts.items(), key=lambda one: order.index(one[0]))
    return tuple(word if n == 1 else f"{word}{n}次" for word, n in said)


def _sent(conn: Connection, found: Sequence[Complaint]) -> dict[str, str]:
    """What became of the last invitation of those who wait for the citizen's answer."""
    asked = [c for c in found if c.state == State.REEVALUATING]
    ids = [f"{c.id}-{version}" for c in asked for version in range(1, c.version + 1)]
    query = (
        select(outbox.c.subject, outbox.c.status)
        .where(outbox.c.event_id.in_(ids), outbox.c.recipient == CITIZEN)
        .order_by(outbox.c.id)
    )
    rows = conn.execute(query).all() if ids else []
    return {row.subject: _SENT[row.status] for row in rows if row.status in _SENT}
