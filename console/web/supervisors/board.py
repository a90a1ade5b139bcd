"""超期监督: the open complaints by remaining time, counted and paged by the database; every counter
is a condition on rows, and shows those rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query
from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, case, func, select, true

from console.scope import visible
from console.web.supervisors.spans import UNDUE, Spans
from workflow.complaint import Complaint, load
from workflow.ledger import Actor
from workflow.states import State
from workflow.storage.models import complaints
from workflow.unit_list import UnitList

PER_PAGE = 30
MATRIX_FROM = 51
"""Open complaints from which the board begins with the matrix."""

NOBODY = "-"
"""Stands for a unit's code where no order has been sent."""

STATES: Mapping[str, tuple[str, tuple[State, ...]]] = {
    "verifying": ("核实", (State.COLLECTED, State.ANALYSED, State.VERIFYING)),
    "malice": ("恶意复核", (State.MALICE_REVIEW,)),
    "assigning": ("未派出", (State.ASSIGNING,)),
    "dispatched": ("未签收", (State.DISPATCHED,)),
    "rectifying": ("整改", (State.RECTIFYING,)),
    "returned": ("退回", (State.RETURNED,)),
    "appealed": ("申诉", (State.APPEALED,)),
    "reviewing": ("待审", (State.REVIEWING,)),
    "reevaluating": ("再评价", (State.REEVALUATING,)),
    "ruling": ("终裁", (State.RULING,)),
}
"""Filters by where a complaint stands, with the words on them."""

_RED, _YELLOW, _RETALIATION = "red", "yellow", "retaliation"
FILTERS = ("all", _RED, _YELLOW, _RETALIATION, *STATES)


@dataclass(frozen=True, slots=True)
class Ask:
    """Which rows: a filter, a unit's code (`NOBODY`: without one), a span's key, a page from 1."""

    show: str = "all"
    unit: str = ""
    day: str = ""
    page: int = 1

    def address(self, **other: object) -> str:
        """Where the board shows these rows, with some of the question asked otherwise."""
        return _address(self, tuple(other.items()))


@lru_cache(maxsize=2048)
def _address(ask: Ask, other: tuple[tuple[str, object], ...]) -> str:
    """Kept: the matrix has hundreds, the same for everybody."""
    asked = {"show": ask.show, "unit": ask.unit, "day": ask.day, "page": 1} | dict(other)
    told = {k: v for k, v in asked.items() if v and (k, v) not in (("show", "all"), ("page", 1))}
    return "/watch" + (f"?{urlencode(told)}" if told else "")


@dataclass(frozen=True, slots=True)
class Tab:
    """A filter with its number of rows."""

    key: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Line:
    """One holder's line of the matrix: how many are due in each span."""

    code: str
    name: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)


async def asked(
    show: str | None = None,
    unit: str | None = None,
    day: str | None = None,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Ask:
    """The question of a web address; what it misspells is left out. It waits for nothing, and so
    costs no thread.
    """
    return Ask(show if show in FILTERS else "all", (unit or "")[:120], (day or "")[:8], page)


def tabs(conn: Connection, viewer: Actor, ask: Ask, at: Spans) -> tuple[Tab, ...]:
    """Every filter that has rows, and the one asked for; counted in one go."""
    query = _counting(viewer, ask.unit, _named(at, ask.day))
    rows = conn.execute(query, _instants(at)).all()
    by_state = {state: count for state, count, *_ in rows}
    counts = {
        "all": sum(by_state.values()),
        _RED: sum(row[2] for row in rows),
        _YELLOW: sum(row[3] for row in rows),
        _RETALIATION: sum(row[4] for row in rows),
    }
    counts |= {k: sum(by_state.get(s, 0) for s in states) for k, (_, states) in STATES.items()}
    labels = {"all": "全部", _RED: "红", _YELLOW: "黄", _RETALIATION: "打击报复"}
    labels |= {k: v[0] for k, v in STATES.items()}
    always = ("all", _RED, _YELLOW, ask.show)
    return tuple(Tab(k, labels[k], counts[k]) for k in FILTERS if counts[k] or k in always)


def page_of(conn: Connection, viewer: Actor, ask: Ask, at: Spans) -> list[Complaint]:
    """One page of the complaints asked for, the most pressing first."""
    query = _paging(viewer, ask.unit, _named(at, ask.day), ask.show)
    place = {"first": (ask.page - 1) * PER_PAGE, "most": PER_PAGE}
    return [load(fold) for fold in conn.execute(query, _instants(at) | place).scalars()]


def matrix(conn: Connection, viewer: Actor, at: Spans, units: UnitList) -> tuple[Line, ...]:
    """Responsible unit × span of due times over all that is open, the most overdue first; what has
    not been sent out has a line of its own.
    """
    query = _placing(viewer, tuple(span.key for span in at.days))
    found: dict[str, list[int]] = {}
    for code, span, count in conn.execute(query, _instants(at)):
        found.setdefault(code, [0] * len(at.days))[span] += count
    lines = [Line(code, unit_name(units, code), tuple(n)) for code, n in found.items()]
    return tuple(sorted(lines, key=lambda line: (*(-n for n in line.counts), line.code)))


def unit_name(units: UnitList, code: str) -> str:
    if code == NOBODY:
        return "尚未派出"
    unit = units.by_code.get(code)
    return code if unit is None else unit.name


_DUE = complaints.c.due_at
_BESIDE: Mapping[str, ColumnElement[bool]] = {
    _RED: bindparam("now") > _DUE,
    _YELLOW: and_(bindparam("now") <= _DUE, bindparam("soon") > _DUE),
    _RETALIATION: complaints.c.marks.contains(" retaliation "),
}


@lru_cache(maxsize=256)
def _counting(viewer: Actor, unit: str, day: str) -> Select[str, int, int, int, int]:
    """Kept, as the others: to build it takes longer than to ask it."""
    red, yellow, told = (func.sum(case((these, 1), else_=0)) for these in _BESIDE.values())
    query = select(complaints.c.state, func.count(), red, yellow, told)
    return query.where(*_narrowed(viewer, unit, day)).group_by(complaints.c.state)


@lru_cache(maxsize=256)
def _paging(viewer: Actor, unit: str, day: str, show: str) -> Select[str]:
    query = select(complaints.c.fold).where(*_narrowed(viewer, unit, day), _shown(show))
    query = query.order_by(_DUE.asc().nulls_last(), complaints.c.id)
    return query.offset(bindparam("first")).limit(bindparam("most"))


@lru_cache(maxsize=64)
def _placing(viewer: Actor, keys: tuple[str, ...]) -> Select[str, int, int]:
    place = case(*((_in(key), n) for n, key in enumerate(keys)), else_=len(keys) - 1)
    # Not the bare column: grouped by it, every complaint there is would be read in its order.
    unit = func.coalesce(complaints.c.unit, NOBODY)
    return select(unit, place, func.count()).where(_open(viewer)).group_by(unit, place)


def _narrowed(viewer: Actor, unit: str, day: str) -> Sequence[ColumnElement[bool]]:
    held = complaints.c.unit.is_(None) if unit == NOBODY else complaints.c.unit == unit
    return [_open(viewer), *([held] if unit else []), *([_in(day)] if day else [])]


def _open(viewer: Actor) -> ColumnElement[bool]:
    return and_(complaints.c.ended_at.is_(None), visible(viewer))


def _shown(show: str) -> ColumnElement[bool]:
    if show in STATES:
        return complaints.c.state.in_(STATES[show][1])
    return _BESIDE.get(show, true())


def _named(at: Spans, day: str) -> str:
    """The span that is asked for, if there is one of this name."""
    return "" if at.named(day) is None else day


def _in(key: str) -> ColumnElement[bool]:
    if key == UNDUE:
        return _DUE.is_(None)
    return and_(bindparam(f"{key}_begin") <= _DUE, bindparam(f"{key}_end") > _DUE)


def _instants(at: Spans) -> dict[str, int]:
    """What the conditions compare with; a span that is open on a side begins or ends beyond all."""
    found = {"now": at.now, "soon": at.soon}
    for span in at.days:
        found[f"{span.key}_begin"] = -NEVER if span.begin is None else span.begin
        found[f"{span.key}_end"] = NEVER if span.end is None else span.end
    return found


NEVER = 1 << 62
