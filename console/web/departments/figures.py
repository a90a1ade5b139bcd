"""本单位指标: a unit's own orders of a period by the published formulas, each with its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter

from sqlalchemy import Connection, select

from console.reports import facts
from console.reports.periods import Period
from console.web.remembering import Memory, stirred
from console.wiring import Office
from workflow.complaint import order_number
from workflow.formulas import FORMULAS, Cohort, ComplaintFact, Counts, Formula, OrderFact, Rate
from workflow.storage.models import complaint_facts, order_facts

SHOWN = ("acknowledge", "rectify", "rectified", "satisfied_first", "satisfied_final")
"""What a unit answers for; the rest is the hotline's and the platforms'."""

OF_ORDERS = ("acknowledge", "rectify")
"""Those that count orders; the others count complaints."""


COUNTED = {"orders": "本期评价引起的工单", "unanswered": "请群众再评价而未获答复"}
"""Counts beside the rates."""


@dataclass(frozen=True, slots=True)
class Line:
    """An order behind a number: of a rate, whether it is in the numerator."""

    order: str
    subject: str
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """What a number is called, and the orders behind it."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Figure:
    """A rate of the unit's own, and the orders it counts."""

    formula: Formula
    cohort: Cohort

    @cached_property
    def rate(self) -> Rate:
        return self.formula.measure(self.cohort)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Read only where they are shown: each is measured alone."""
        return tuple(_lines(self.formula, self.cohort))


@dataclass(frozen=True, slots=True)
class Figures:
    """A period's figures; `unanswered`: the orders after which citizens were asked and said
    nothing.
    """

    period: Period
    orders: tuple[OrderFact, ...]
    unanswered: tuple[OrderFact, ...]
    figures: tuple[Figure, ...]

    def figure(self, name: str) -> Figure:
        """The figure of a formula's id. Raises KeyError."""
        return {figure.formula.id: figure for figure in self.figures}[name]

    def listed(self, name: str) -> Listed:
        """What is behind a figure, or behind a count. Raises KeyError."""
        if name not in COUNTED:
            figure = self.figure(name)
            return Listed(f"{figure.formula.name}：{figure.rate}", figure.lines)
        orders = {"orders": self.orders, "unanswered": self.unanswered}[name]
        return Listed(COUNTED[name], tuple(_line(order) for order in orders))


_MEMORY: Memory[Figures] = Memory()


def own_figures(office: Office, conn: Connection, unit: str, period: Period) -> Figures:
    """Of the orders sent to this unit for ratings of the period, as of now, kept for a while. What
    was taken from it again counts where it had fallen due before, and in no complaint's outcome;
    what the citizen said to another unit's order is neither its credit nor its blame.
    """
    now = office.clock()
    moved, question = stirred(conn, now), (unit, period.label)
    return _MEMORY.recall(
        office.database, conn, question, moved, lambda own: _read(own, unit, period, now)
    )


def _read(conn: Connection, unit: str, period: Period, now: int) -> Figures:
    mine = order_facts.c.unit == unit, order_facts.c.day.between(period.first, period.last)
    orders = facts.orders(conn, *mine)
    standing: dict[str, list[OrderFact]] = {}
    for order in orders:
        if order.withdrawn_at is None:
            standing.setdefault(order.subject, []).append(order)
    held = select(order_facts.c.subject).where(*mine, order_facts.c.withdrawn_at.is_(None))
    whole = facts.complaints(conn, complaint_facts.c.subject.in_(held))
    found = tuple(_own(c, standing[c.subject]) for c in whole)
    cohort = Cohort(Counts(), found, orders, now)
    silent = (c for c in found if c.outcome == "unanswered")
    last = (standing[c.subject][-1] for c in silent)
    unanswered = tuple(order for order in last if order.level is None)
    figures = tuple(Figure(FORMULAS[name], cohort) for name in SHOWN)
    return Figures(period, orders, unanswered, figures)


def _own(complaint: ComplaintFact, orders: Iterable[OrderFact]) -> ComplaintFact:
    """What the citizen said of the complaint, to these orders alone."""
    said = [(order.round, order.level) for order in orders if order.level is not None]
    first = next((level for number, level in said if number == 1), None)
    final = said[-1][1] if said and complaint.final_level is not None else None
    return replace(complaint, first_level=first, final_level=final)


def _lines(formula: Formula, cohort: Cohort) -> Iterator[Line]:
    """Each order, or each complaint, measured alone: what counts in the whole counts there."""
    for alone in _parts(formula, cohort):
        rate = formula.measure(alone)
        if rate.denominator:
            yield _line(alone.orders[-1], met=bool(rate.numerator))


def _line(order: OrderFact, *, met: bool | None = None) -> Line:
    return Line(order_number(order.subject, order.number), order.subject, met)


def _parts(formula: Formula, cohort: Cohort) -> Iterator[Cohort]:
    if formula.id in OF_ORDERS:
        for order in cohort.orders:
            yield Cohort(Counts(), (), (order,), cohort.as_of)
        return
    yield from cohort.parted(attrgetter("subject")).values()
