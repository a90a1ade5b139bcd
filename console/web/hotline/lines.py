"""核实回访: one row of a tab: what presses, what it is about, whose hands it is in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from console import wording
from console.people import names_of
from console.rated import Rated, rated
from console.remaining import Left, left_of
from console.web.hotline.agreed import Agreed, agreed
from console.web.hotline.tabs import Tab
from console.wiring import Office
from schemas.codes import LEVELS, REASONS
from schemas.envelope import Role
from workflow.complaint import Complaint
from workflow.limits import OWNERS
from workflow.states import State


@dataclass(frozen=True, slots=True)
class Line:
    """One row. `limit`: the name of the one that presses; `reason`: the confirmed one, else the
    first ticked; `holder`: who has claimed it, empty where nobody has; `mine`: that is the viewer.
    """

    subject: str
    limit: str
    left: Left | None
    level: str
    reason: str
    item: str
    unit: str
    holder: str
    mine: bool
    calls: int
    last_call: str
    next_call: Agreed | None
    tags: tuple[str, ...]


def lines(
    office: Office, conn: Connection, viewer: str, tab: Tab, found: Sequence[Complaint]
) -> tuple[Line, ...]:
    """The rows of these complaints, in their order."""
    first, names = rated(conn, [c.id for c in found]), _names(conn, found)
    units = office.units.names
    return tuple(_line(office, viewer, tab, c, first[c.id], names, units) for c in found)


def _line(
    office: Office,
    viewer: str,
    tab: Tab,
    c: Complaint,
    first: Rated,
    names: Mapping[str, str],
    units: Mapping[str, str],
) -> Line:
    rules, now = office.rulebook.of(c), office.clock()
    unit, held, zone = c.unit or c.handled_by, c.claimer, rules.policy.zone
    reviewed = tab.key == "malice"
    reason = c.reason_code or next(iter(first.reasons), "")
    limit = tab.limit or ("verify" if "verify" in c.limits else OWNERS[State(c.state)][1])
    return Line(
        c.id,
        limit,
        left_of(rules, c, limit, now),
        LEVELS[c.level],
        REASONS[reason].text if reason in REASONS else reason,
        first.item,
        units.get(unit, unit) if unit else "未配上",
        wording.role_name(Role.REVIEWER) if reviewed else names.get(held, held) if held else "",
        held == viewer and not reviewed,
        c.calls,
        wording.when(c.last_call_at, zone)[5:] if c.last_call_at else "",
        agreed(c.next_call_at, zone, now),
        tuple(_tags(c)),
    )


def _tags(c: Complaint) -> Iterable[str]:
    if c.round > 1:
        yield f"第{c.round}轮"
    if c.contact_requested:
        yield "等单位补电话"
    elif c.contact_sought and (c.wrong_number or not c.reachable):
        yield "单位没有补来电话"
    elif not c.reachable:
        yield "无人可拨"
    if c.supervised:
        yield "督办"
    if c.sent_back:
        yield f"打回{c.sent_back}次"
    if c.invited and c.state == State.REEVALUATING:
        yield "已邀请"


def _names(conn: Connection, found: Sequence[Complaint]) -> dict[str, str]:
    return names_of(conn, (c.claimer for c in found))
