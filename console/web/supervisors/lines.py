"""督办行: one open complaint on the board: what presses, whose hands it is in, who was reminded,
and what the supervisor may do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection

from console import wording
from console.accounts.finding import contacts
from console.people import names_of
from console.queues import holder
from console.remaining import left_text, remaining
from console.remaining import tone as tone_of
from console.web.supervisors.acting import ACTS
from console.web.supervisors.history import legal
from console.web.supervisors.reminding import Said, receipts, reminders, sent, told
from console.web.supervisors.spans import Spans
from console.wiring import Office
from schemas.envelope import Role
from workflow.complaint import Complaint, Open
from workflow.ledger import Actor
from workflow.limits import LIMITS, OWNERS
from workflow.rulebook import BoundRules
from workflow.states import State
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
    pressed, messages = told(conn, found), sent(conn, found)
    names = names_of(conn, (c.claimer for c in found))
    people = People(names, at_units(conn, {c.unit for c in found if c.unit}))
    return tuple(
        _line(office, viewer, c, at, units, people, pressed.get(c.id, ()), messages) for c in found
    )


class People(NamedTuple):
    """What people are called: by their accounts, and by the unit whose work orders they take."""

    names: Mapping[str, str]
    at_units: Mapping[str, str]


def at_units(conn: Connection, codes: Collection[str]) -> dict[str, str]:
    """Of each of these units its contact person, the first of several; none where nobody is."""
    people = contacts(conn, codes)
    return {
        code: theirs[0].name + (f"等{len(theirs)}人" if theirs[1:] else "")
        for code, theirs in people.items()
    }


def pressing(c: Complaint) -> tuple[str, Open] | None:
    """The running limit that falls due first; the column `due_at` is its due time."""
    running = [
        (name, opened)
        for name, opened in c.limits.items()
        if not ROWS[name].window and name not in c.paused
    ]
    return min(running, key=lambda one: one[1].due_at, default=None)


def awaited(c: Complaint, presses: tuple[str, Open] | None) -> str | None:
    """The limit of what everybody waits for: a decision's, where one runs, else what presses."""
    found = [name for name in AWAITED if name in c.limits] or presses
    return found[0] if found else None


def _line(
    office: Office,
    viewer: Actor,
    c: Complaint,
    at: Spans,
    units: UnitList,
    people: People,
    said: Iterable[Said],
    messages: Mapping[str, str],
) -> Line:
    found, rules = pressing(c), office.rulebook.of(c)
    limit = found[0] if found else None
    left, due, tone = _pressed(rules, found[1], at) if found else ("停表", "", "paused")
    waits_for = awaited(c, found)
    whose = _whose(c, waits_for, units, people)
    mine = whose == ME or waits_for == "malice_review"
    reminded = reminders(said, found)
    open_to_him = legal(c, viewer, at.now, rules.policy)
    offered = _offered([e for e in OFFERED if e in open_to_him], mine, tone, reminded)
    return Line(
        c.id,
        tone,
        left,
        limit,
        due,
        _task(c, waits_for),
        whose,
        (*reminded, *receipts(c, messages, rules.policy)),
        tuple((event, ACTS[event].label) for event in offered),
        mine or tone == "red",
    )


def _pressed(rules: BoundRules, opened: Open, at: Spans) -> tuple[str, str, str]:
    """What is left, when it is due, and how much that presses."""
    due = opened.due_at
    left = left_text(rules.calendar, remaining(rules.calendar, at.now, due), due)
    return left, wording.when(due, rules.policy.zone), tone_of(due, at.now, at.soon)


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


def _whose(c: Complaint, limit: str | None, units: UnitList, people: People) -> str:
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
    if mine:
        return ME
    held = holder(c, owner, units, people.names) + in_vain
    contact = people.at_units.get(c.unit or "") if owner is Role.DEPARTMENT else None
    return f"{held} {contact}" if contact else held
