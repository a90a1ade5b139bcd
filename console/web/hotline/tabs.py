"""核实回访: what waits for the hotline, in tabs, counted and paged by the database. A tab is a
condition on rows: its counter counts the very rows it shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import urlencode

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    UnaryExpression,
    and_,
    bindparam,
    func,
    not_,
    or_,
    select,
)

from console.scope import visible
from workflow.complaint import Complaint, load
from workflow.ledger import Actor
from workflow.rulebook import Rulebook
from workflow.states import FROM_ASSIGNING, FROM_DISPATCH, State
from workflow.storage.models import complaints, deadlines

PER_PAGE = 50
WHO = {"all": "全部", "free": "未认领", "mine": "我认领的"}
_ROW = complaints.c


def _marked(mark: str) -> ColumnElement[bool]:
    return _ROW.marks.contains(f" {mark} ")


_AGREED = _ROW.next_call_at.is_not(None)
_STILL = and_(_marked("verify"), not_(_marked("malice")), _ROW.state.in_(FROM_DISPATCH))
_ALLEGED = and_(_marked("malice"), _ROW.state.in_(FROM_ASSIGNING))
_CALLED = _ROW.state.in_((State.VERIFYING, State.REEVALUATING))


@dataclass(frozen=True, slots=True)
class Tab:
    """`limit` is the one that presses its rows; `beside`: its rows where dispatch comes first, and
    verifying goes on beside the unit's work; `rare`: shown only with rows in it.
    """

    key: str
    title: str
    limit: str
    rows: ColumnElement[bool]
    beside: ColumnElement[bool] | None = None
    rare: bool = False
    claims: bool = True


_TABS = (
    Tab(
        "verify",
        "待核实",
        "verify",
        and_(_ROW.state == State.VERIFYING, not_(_AGREED)),
        and_(_STILL, not_(_AGREED)),
    ),
    Tab("later", "约再拨", "", and_(_AGREED, _CALLED), and_(_AGREED, _STILL)),
    Tab("assign", "待派单", "assign", _ROW.state == State.ASSIGNING),
    Tab(
        "returned",
        "退回待裁",
        "return_ruling",
        and_(_ROW.state == State.RETURNED, not_(_marked("capped"))),
    ),
    Tab("review", "反馈待审", "review", _ROW.state == State.REVIEWING),
    Tab(
        "callback",
        "待回访",
        "reevaluate",
        and_(_ROW.state == State.REEVALUATING, not_(_AGREED)),
    ),
    Tab(
        "malice",
        "恶意复核",
        "malice_review",
        _ROW.state == State.MALICE_REVIEW,
        _ALLEGED,
        rare=True,
        claims=False,
    ),
    Tab(
        "question",
        "代问",
        "rectify",
        and_(_ROW.state.in_((State.DISPATCHED, State.RECTIFYING)), _marked("question")),
        rare=True,
        claims=False,
    ),
)
TABS: Mapping[str, Tab] = {tab.key: tab for tab in _TABS}


@dataclass(frozen=True, slots=True)
class Ask:
    """Which rows: a tab, whose, of which unit (its code), a page from 1."""

    tab: str = "verify"
    who: str = "all"
    unit: str = ""
    page: int = 1

    def address(self, **other: object) -> str:
        """Where these rows are shown, with some of the question asked otherwise."""
        asked = {"tab": self.tab, "who": self.who, "unit": self.unit} | other
        return "/hotline?" + urlencode({k: v for k, v in asked.items() if v})

    @property
    def narrowed(self) -> bool:
        return bool(self.unit) or self.who != "all"


def asked(tab: str | None, who: str | None, unit: str | None, page: int | None) -> Ask:
    """The question of a web address; what it misspells is left out."""
    found = Ask(unit=unit or "", page=max(1, min(page or 1, 100_000)))
    if tab is not None and tab in TABS:
        found = replace(found, tab=tab)
    return replace(found, who=who) if who is not None and who in WHO else found


class Rows:
    """The rows of the tabs for one viewer. Where no version of the office's profile sends the
    order out first, nothing is asked of what would then be done beside the work.
    """

    def __init__(self, conn: Connection, viewer: Actor, rulebook: Rulebook, ask: Ask) -> None:
        self.conn, self.viewer, self.ask = conn, viewer, ask
        versions = rulebook.policies.versions(rulebook.profile)
        self.beside = any(not policy.verify_first for policy in versions)

    def counts(self) -> dict[str, int]:
        """Each tab's rows, in one question."""
        query = _counting(self.viewer, self.ask.who, self.ask.unit, self.beside)
        return dict(self.conn.execute(query).mappings().one())

    def page(self) -> list[Complaint]:
        """One page of the tab asked for, the most pressing first."""
        ask = self.ask
        query = _paging(self.viewer, ask.tab, ask.who, ask.unit, self.beside)
        place = {"first": (ask.page - 1) * PER_PAGE, "most": PER_PAGE}
        return [load(fold) for fold in self.conn.execute(query, place).scalars()]

    def free(self, most: int) -> list[str]:
        """The tab's most pressing complaints that nobody has claimed."""
        tab = TABS[self.ask.tab]
        rows = _rows(tab, self.viewer, self.ask.who, self.ask.unit, self.beside)
        query = select(_ROW.id).where(rows, _ROW.claimer.is_(None))
        return list(self.conn.execute(query.order_by(*_order(tab)).limit(most)).scalars())


@lru_cache(maxsize=256)
def _counting(viewer: Actor, who: str, unit: str, beside: bool) -> Select[int]:
    """Kept: to build it takes several times as long as to ask it."""
    counted = (
        select(func.count())
        .where(_rows(tab, viewer, who, unit, beside))
        .scalar_subquery()
        .label(tab.key)
        for tab in _TABS
    )
    return select(*counted)


@lru_cache(maxsize=256)
def _paging(viewer: Actor, key: str, who: str, unit: str, beside: bool) -> Select[str]:
    query = select(_ROW.fold).where(_rows(TABS[key], viewer, who, unit, beside))
    query = query.order_by(*_order(TABS[key]))
    return query.offset(bindparam("first")).limit(bindparam("most"))


def _rows(tab: Tab, viewer: Actor, who: str, unit: str, beside: bool) -> ColumnElement[bool]:
    rows = or_(tab.rows, tab.beside) if beside and tab.beside is not None else tab.rows
    narrowed = [rows, _ROW.ended_at.is_(None), visible(viewer)]
    if who == "mine":
        narrowed.append(_ROW.claimer == viewer.name)
    elif who == "free":
        narrowed.append(_ROW.claimer.is_(None))
    if unit:
        handled = and_(_ROW.unit.is_(None), _ROW.handled_by == unit)
        narrowed.append(or_(_ROW.unit == unit, handled))
    return and_(*narrowed)


def _order(tab: Tab) -> tuple[UnaryExpression[int] | ColumnElement[str], ...]:
    """By working time: that of the tab's limit, whatever else presses; a clock that is stopped, or
    not armed yet, comes last.
    """
    timer = select(deadlines.c.due_at).where(
        deadlines.c.subject == _ROW.id, deadlines.c.limit_name == tab.limit
    )
    first = _ROW.next_call_at.asc() if tab.key == "later" else timer.scalar_subquery().asc()
    return first.nulls_last(), _ROW.due_at.asc().nulls_last(), _ROW.id
