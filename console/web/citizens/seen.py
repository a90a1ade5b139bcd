"""群众页: what a citizen sees of his own complaint: how far it is, what the unit answered, what he
can do now; nobody's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, and_, bindparam, select

from console import wording
from console.traces import looked
from console.web.citizens.holder import Holder
from console.web.citizens.words import RULED, STAGES, ended, now_of
from console.wiring import Office
from producers.citizens import CITIZEN
from schemas import ReviewCollected
from workflow.complaint import Complaint, load
from workflow.errors import InvalidInput
from workflow.states import ENDS, State
from workflow.storage.models import commands, complaints, events, units

_STAGE = {
    State.COLLECTED: 0,
    State.ANALYSED: 0,
    State.VERIFYING: 1,
    State.MALICE_REVIEW: 1,
    State.REEVALUATING: 3,
    State.DISMISSED: 4,
    State.CLOSED: 4,
}
_DONE_BY = (
    {"ReviewCollected"},
    {"ComplaintConfirmed", "ComplaintDismissed", "MaliceUpheld"},
    {"RectificationAccepted", "RectificationSubmitted"},
    {"ComplaintReevaluated", "FactChecked"},
)
_SENT = {
    "ComplaintReevaluated": "finish",
    "CitizenObjected": "objection",
    "RetaliationReported": "retaliation",
}
_RECORDED = (
    select(events.c.type)
    .join(
        commands,
        and_(commands.c.subject == events.c.subject, commands.c.version == events.c.version),
    )
    .where(commands.c.key == bindparam("of"))
)
Tone = Literal["done", "now", "next", "skipped"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the five; `day`: when it was passed."""

    name: str
    tone: Tone
    day: str


@dataclass(frozen=True, slots=True)
class Case:
    """One complaint as its citizen sees it. `asks`: he is asked now, on this scale; `late`: he
    was, and this link's time is over; `objection`: the last day on which he may object.
    """

    about: str
    unit: str
    stages: tuple[Stage, ...]
    now: str
    reply: str
    asks: Literal["five", "three"] | None
    late: bool
    objection: str
    dismissed: bool
    kept_days: int


def case_of(office: Office, holder: Holder) -> Case:
    """Records that the citizen looked. Raises InvalidInput where there is nothing to be seen."""
    with office.database.read() as conn:
        query = select(complaints.c.fold).where(complaints.c.id == holder.subject)
        fold = conn.execute(query).scalar()
        if fold is None:
            raise InvalidInput("link", "（不显示）", "链接不完整或不是本单位发出的")
        found = _case(office, conn, load(fold), holder)
    looked(office, CITIZEN, "page", holder.subject)
    return found


def received(office: Office, holder: Holder, key: str) -> str:
    """Which of his pages was recorded as sent with this key; empty: none. Whoever has not sent it
    learns of no report of retaliation.
    """
    with office.database.read() as conn:
        kind = conn.execute(_RECORDED, {"of": holder.command(key)}).scalar()
    return _SENT.get(str(kind), "")


def _case(office: Office, conn: Connection, c: Complaint, holder: Holder) -> Case:
    policy = office.rulebook.of(c).policy
    zone, at = policy.zone, office.clock()
    rows = _rows(conn, c.id)
    unit = _unit_name(conn, c.unit or c.handled_by)
    asked = c.state == State.REEVALUATING
    mine = holder.round == c.round and holder.expires_at > at
    due = c.limits.get("rectify") if "rectify" not in c.paused else None
    day = "" if due is None else wording.day_of(due.due_at, zone)
    overdue = due is not None and due.due_at < at
    window = c.limits.get("objection_window")
    open_until = window if window is not None and not c.objected and window.due_at >= at else None
    first = ReviewCollected.model_validate_json(rows[0].data)
    rated = wording.day_of(first.assessed_at, zone)
    return Case(
        f"您{rated}对“{first.item or '政务服务'}”的评价",
        unit,
        tuple(_stages(c, rows, lambda instant: wording.day_of(instant, zone))),
        ended(c) if c.state in ENDS else now_of(c, unit, day, overdue=overdue, asks=mine),
        _reply(office, conn, c, rows),
        policy.scale if asked and mine else None,
        asked and not mine,
        "" if open_until is None else wording.day_of(open_until.due_at, zone),
        c.state == State.DISMISSED,
        policy.retention_days,
    )


def _rows(conn: Connection, subject: str) -> Sequence[Any]:
    query = select(events.c.type, events.c.version, events.c.recorded_at, events.c.data)
    return conn.execute(query.where(events.c.subject == subject).order_by(events.c.version)).all()


def _unit_name(conn: Connection, code: str | None) -> str:
    query = select(units.c.name).where(units.c.code == code)
    return str(conn.execute(query).scalar() or "责任单位")


def _stages(c: Complaint, rows: Sequence[Row[Any]], day_of: Any) -> Iterator[Stage]:
    """Those passed with their day; a round begun anew takes its stages up again."""
    here = _STAGE.get(State(c.state), 2)
    for place, name in enumerate(STAGES):
        at = c.ended_at if place == 4 else _last(rows, _DONE_BY[place])
        if place < here:
            yield Stage(name, "done" if at is not None else "skipped", day_of(at) if at else "")
        elif place > here:
            yield Stage(name, "next", "")
        else:
            over = c.state in ENDS
            doing = RULED if c.state == State.RULING else ""
            yield Stage(name, "done" if over else "now", day_of(at) if over and at else doing)


def _last(rows: Sequence[Row[Any]], kinds: set[str]) -> int | None:
    return max((row.recorded_at for row in rows if row.type in kinds), default=None)


def _reply(office: Office, conn: Connection, c: Complaint, rows: Sequence[Row[Any]]) -> str:
    """What the unit answers him, once the hotline has let it pass."""
    if c.state not in (State.REEVALUATING, State.CLOSED):
        return ""
    submitted = [row.version for row in rows if row.type == "RectificationSubmitted"]
    sent_back = [row.version for row in rows if row.type == "RectificationSentBack"]
    if not submitted or max(sent_back, default=0) > submitted[-1]:
        return ""
    return office.vault.text(conn, f"{c.id}-{submitted[-1]}", "reply") or ""
