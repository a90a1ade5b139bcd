"""待我裁决: what waits for this person's decision, and what each decision would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, false, func, or_, select

from console import wording
from console.people import names_of
from console.remaining import left_text, remaining, tone
from console.scope import visible
from console.web.supervisors.board import unit_name
from console.web.supervisors.spans import Spans
from console.wiring import Office
from schemas.envelope import Role
from workflow.complaint import Complaint, load
from workflow.ledger import Actor
from workflow.rulebook import BoundRules
from workflow.states import State
from workflow.storage.models import complaints
from workflow.unit_list import UnitList

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of decision: whose it is, by which limit, what was asked for, and both answers."""

    key: str
    label: str
    roles: frozenset[Role]
    limit: str
    asked: tuple[str, ...]
    answers: tuple[str, ...]


_BOTH = frozenset({Role.SUPERVISOR, Role.REVIEWER})
_MINE, _REVIEWERS = frozenset({Role.SUPERVISOR}), frozenset({Role.REVIEWER})
KINDS: Mapping[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind(
            "extension",
            "延期",
            _MINE,
            "extension_ruling",
            ("ExtensionRequested",),
            ("ExtensionGranted", "ExtensionRefused"),
        ),
        Kind(
            "appeal",
            "申诉",
            _REVIEWERS,
            "appeal_ruling",
            ("AppealLodged",),
            ("AppealUpheld", "AppealRejected"),
        ),
        Kind(
            "returned",
            "退回终裁",
            _MINE,
            "return_ruling",
            ("WorkOrderReturned",),
            ("ReturnAccepted", "ReturnRefused"),
        ),
        Kind(
            "malice",
            "恶意复核",
            _BOTH,
            "malice_review",
            ("MaliceAlleged",),
            ("MaliceUpheld", "MaliceRejected"),
        ),
        Kind(
            "ruling",
            "终裁",
            _MINE,
            "final_ruling",
            ("RulingCalled", "ComplaintReevaluated", "FactChecked"),
            ("RulingGiven",),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One decision that waits; `own`: why it is another person's, "" where it is the viewer's."""

    subject: str
    order: str | None
    kind: Kind
    unit: str
    what: str
    tone: str
    left: str
    due_at: int | None
    own: str


def waiting(
    office: Office, conn: Connection, viewer: Actor, at: Spans, only: str = "", page: int = 1
) -> tuple[Waiting, ...]:
    """A page of what this role has to decide, the most pressing first; of one kind where asked."""
    kinds = _kinds(viewer, only)
    place = {"first": (page - 1) * PER_PAGE, "most": PER_PAGE}
    folds = conn.execute(_paging(viewer, only), place).scalars()
    found, units = list(map(load, folds)), office.units
    names = names_of(conn, (c.alleger for c in found))
    rows = [
        _row(office, c, k, viewer, at, units, names) for c in found for k in kinds if pending(c, k)
    ]
    return tuple(sorted(rows, key=lambda row: (row.due_at is None, row.due_at or 0, row.subject)))


def counts(conn: Connection, viewer: Actor) -> dict[str, int]:
    """How many decisions of each of the role's kinds wait, by the kind's key."""
    row = conn.execute(_counting(viewer)).one()
    return {kind.key: count or 0 for kind, count in zip(_kinds(viewer), row, strict=True)}


@lru_cache(maxsize=256)
def _paging(viewer: Actor, only: str) -> Select[str]:
    """Kept, as the other: to build it takes longer than to ask it."""
    query = select(complaints.c.fold).where(*_mine(viewer, _kinds(viewer, only)))
    query = query.order_by(complaints.c.due_at.asc().nulls_last(), complaints.c.id)
    return query.offset(bindparam("first")).limit(bindparam("most"))


@lru_cache(maxsize=256)
def _counting(viewer: Actor) -> Select[Any]:
    kinds = _kinds(viewer)
    sums = (func.sum(case((_where(kind), 1), else_=0)) for kind in kinds)
    return select(*sums).where(*_mine(viewer, kinds))


def _kinds(viewer: Actor, only: str = "") -> list[Kind]:
    known = (kind for kind in KINDS.values() if viewer.role in kind.roles)
    return [kind for kind in known if only in ("", kind.key)]


def awaiting(conn: Connection, viewer: Actor) -> int:
    """How many decisions wait for this role."""
    return sum(counts(conn, viewer).values())


def _mine(viewer: Actor, kinds: Sequence[Kind]) -> Sequence[ColumnElement[bool]]:
    open_, these = complaints.c.ended_at.is_(None), or_(false(), *(_where(k) for k in kinds))
    return open_, visible(viewer), these


def pending(c: Complaint, kind: Kind) -> bool:
    """Whether this decision waits for this complaint."""
    if kind.key == "extension":
        return c.extension_asked > 0
    if kind.key == "malice":
        return c.alleger is not None
    if kind.key == "returned":
        return c.state == State.RETURNED and c.returns_used_up
    return c.state == _STATES[kind.key]


def kind_for(c: Complaint, role: Role, answer: str | None = None) -> Kind | None:
    """The decision of this role that waits for this complaint: of two the one with this answer,
    else the first.
    """
    mine = [kind for kind in KINDS.values() if role in kind.roles and pending(c, kind)]
    return next((kind for kind in mine if answer in kind.answers), next(iter(mine), None))


def own(c: Complaint, kind: Kind, viewer: Actor) -> str:
    """Why another person has to decide, "" where this one may."""
    if kind.key == "appeal" and c.verifier == viewer.name:
        return "这件是您核实的，申诉须由另一位复核人复核"
    if kind.key == "malice" and c.alleger == viewer.name:
        return "这件是您报的，恶意须由另一人决定"
    return ""


def _rules(office: Office, c: Complaint) -> BoundRules:
    return office.rulebook.of(c)


def _where(kind: Kind) -> ColumnElement[bool]:
    if kind.key in _MARKS:
        return complaints.c.marks.contains(f" {_MARKS[kind.key]} ")
    return complaints.c.state == _STATES[kind.key]


_MARKS = {"extension": "extension", "malice": "malice", "returned": "capped"}
_STATES = {"appeal": State.APPEALED, "ruling": State.RULING}


def _row(
    office: Office,
    c: Complaint,
    kind: Kind,
    viewer: Actor,
    at: Spans,
    units: UnitList,
    names: Mapping[str, str],
) -> Waiting:
    rules, opened = _rules(office, c), c.limits.get(kind.limit)
    left = "" if opened is None else _left(rules, at, opened.due_at)
    return Waiting(
        c.id,
        c.order,
        kind,
        unit_name(units, c.unit) if c.unit else "",
        _what(c, kind, names),
        "paused" if opened is None else tone(opened.due_at, at.now, at.soon),
        left,
        None if opened is None else opened.due_at,
        own(c, kind, viewer),
    )


def _left(rules: BoundRules, at: Spans, due: int) -> str:
    return left_text(rules.calendar, remaining(rules.calendar, at.now, due), due)


def _what(c: Complaint, kind: Kind, names: Mapping[str, str]) -> str:
    """What is asked, in a line."""
    if kind.key == "extension":
        given = f"，已延 {c.extension_days} 个" if c.extension_days else ""
        return f"申请延 {c.extension_asked} 个工作日{given}"
    if kind.key == "returned":
        return f"第 {c.returns} 次退回，达到上限"
    if kind.key == "appeal":
        return "单位认为不应算有效差评"
    if kind.key == "malice":
        return f"{names.get(c.alleger or '', c.alleger)} 报恶意"
    return f"第 {c.round} 轮后{wording.state_name(c.state)}"
