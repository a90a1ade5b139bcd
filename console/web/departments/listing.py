"""我的工单: what a unit's orders are, the open ones by what remains, the done ones a page at a
time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Connection, Select, bindparam, func, select, union_all

from console import wording
from console.rated import TICKED, Rated, rated, unverified
from console.remaining import Left, left_of
from console.scope import parts, visible
from console.sight import version_for
from console.web.navigation import page_there
from console.wiring import Office
from workflow.complaint import Complaint, load
from workflow.ledger import Actor
from workflow.limits import OWNERS
from workflow.loop import BEFORE_FEEDBACK
from workflow.states import State
from workflow.storage.models import complaints

PAGE = 20
"""Done orders on a page."""

TASKS = {
    State.DISPATCHED: "签收",
    State.RECTIFYING: "整改反馈",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One order as its unit sees it. `left` None: nothing of the unit's runs now."""

    number: str
    subject: str
    version: int
    state: str
    part: str
    task: str
    holder: str
    item: str
    reason: str
    left: Left | None
    due_at: int
    acknowledges: bool
    ended: str
    outcome: str


class Done(NamedTuple):
    """A page of done orders."""

    rows: tuple[Row, ...]
    page: int
    pages: int
    total: int


def open_orders(conn: Connection, office: Office, viewer: Actor) -> tuple[Row, ...]:
    """What waits for the unit first, the most pressing at the top; then what others decide."""
    folds = [load(fold) for fold in conn.execute(_opening(viewer)).scalars()]
    rows = _rows(conn, office, viewer, folds)
    return tuple(sorted(rows, key=lambda row: (not row.task, row.due_at, row.number)))


def done_orders(conn: Connection, office: Office, viewer: Actor, page: int) -> Done:
    """The latest first."""
    count = sum(conn.execute(query).scalar_one() for query in _counting(viewer))
    page, pages = page_there(page, count, PAGE)
    found = conn.execute(_latest(viewer), {"first": (page - 1) * PAGE, "most": PAGE}).scalars()
    rows = _rows(conn, office, viewer, [load(fold) for fold in found])
    return Done(tuple(rows), page, pages, count)


_DONE = complaints.c.ended_at.is_not(None), complaints.c.unit.is_not(None)


@lru_cache(maxsize=256)
def _opening(viewer: Actor) -> Select[str]:
    """Kept, as the others: to build it takes longer than to ask it."""
    still = complaints.c.ended_at.is_(None), complaints.c.unit.is_not(None)
    return select(complaints.c.fold).where(visible(viewer), *still)


@lru_cache(maxsize=256)
def _counting(viewer: Actor) -> tuple[Select[int], ...]:
    counted = select(func.count()).select_from(complaints)
    return tuple(counted.where(part, *_DONE) for part in parts(viewer))


@lru_cache(maxsize=256)
def _latest(viewer: Actor) -> Select[str]:
    """Part by part, each along its own index: a unit that has none goes through nobody else's."""
    c = complaints.c
    these = union_all(*(select(c.id, c.ended_at).where(part, *_DONE) for part in parts(viewer)))
    found = these.selected_columns
    these = these.order_by(found.ended_at.desc(), found.id.desc())
    shown = these.limit(bindparam("most")).offset(bindparam("first")).subquery()
    joined = select(c.fold).join(shown, shown.c.id == c.id)
    return joined.order_by(shown.c.ended_at.desc(), shown.c.id.desc())


def _rows(conn: Connection, office: Office, viewer: Actor, found: Sequence[Complaint]) -> list[Row]:
    first, now = rated(conn, [c.id for c in found], to_unit=True), office.clock()
    return [_row(office, viewer, c, first[c.id], now) for c in found]


def _row(office: Office, viewer: Actor, c: Complaint, first: Rated, now: int) -> Row:
    rules = office.rulebook.of(c)
    main = c.unit == viewer.unit
    state = State(c.state)
    limit = "acknowledge" if main and state is State.DISPATCHED else "rectify"
    opened = c.limits.get(limit)
    task = (TASKS[state] if main else "协办反馈") if state in BEFORE_FEEDBACK else ""
    ticked = unverified(c, first.reasons, rules.policy.zone)
    reason = f"{TICKED}：{ticked}" if ticked else ""
    if c.reason_code:
        reason = wording.value_text("reason_code", c.reason_code, rules.policy.zone)
    return Row(
        number=str(c.order),
        subject=c.id,
        version=version_for(c, unit=True),
        state=wording.state_name(c.state),
        part="主办" if main else "协办",
        task=task,
        holder=who_has_it(c),
        item=first.item,
        reason=reason,
        left=left_of(rules, c, limit, now),
        due_at=opened.due_at if opened else 1 << 62,
        acknowledges=main and state is State.DISPATCHED,
        ended=wording.near(c.ended_at, rules.policy.zone, now) if c.ended_at else "",
        outcome=outcome_of(c),
    )


def who_has_it(c: Complaint) -> str:
    """Whose turn it is, if anybody's, by role alone: a unit is not told who in the hotline."""
    if c.ended_at:
        return ""
    state = State(c.state)
    if state in BEFORE_FEEDBACK:
        return "本单位"
    return wording.role_name(OWNERS[state][0]).replace("话务员", "热线")


def outcome_of(c: Complaint) -> str:
    """How it ended, in words; nothing while it is open."""
    if not c.ended_at:
        return ""
    if c.state == State.DISMISSED:
        return {"invalid": "认定无效", "malicious": "认定恶意"}.get(str(c.verdict), "无法核实")
    return str(wording.VALUES["outcome"].get(str(c.outcome), ""))
