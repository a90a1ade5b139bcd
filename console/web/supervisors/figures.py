"""指标: a period's published rates with the parts they are made of: by month, by unit, by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from console.reports.durations import Duration, durations
from console.reports.footing import Footing, footing_of
from console.reports.hotspots import Spot, by_device, by_window
from console.reports.indicators import Indicators, Question, indicators
from console.reports.periods import Period
from console.reports.reading import OF_ITS_SERVICE, cohort_of, summed, tallied
from console.web.remembering import Memory, stirred
from console.wiring import Office
from schemas.codes import BAD_LEVELS
from workflow.clock import instant
from workflow.complaint import order_number
from workflow.formulas import FORMULAS, Cohort, Counts, Formula, OrderFact, Rate
from workflow.storage.models import complaints, ratings
from workflow.unit_list import Unit, UnitList

OF_ORDERS = ("acknowledge", "callback", "rectify")
"""Formulas that count orders."""

OF_COUNTS = ("evaluation", "onsite", "good_all", "good_valid")
"""Formulas of ratings: their rows are the units' counts."""

OF_BAD = "invalid_share"
"""The formula whose denominator is bad ratings."""

Alone = tuple[str, str, str, Cohort]
"""A complaint, its order if it is one's, the unit's code, and what of the cohort is theirs."""

COMPARED = ("verify", "acknowledge", "rectify", "satisfied_first")
"""Rates shown side by side, by month and by unit."""


@dataclass(frozen=True, slots=True)
class Part:
    """A month, or a unit by its `code`: its counts and the compared rates, in the order of
    `COMPARED`.
    """

    name: str
    code: str
    counts: Counts
    valid: int
    rates: tuple[Rate, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything on a period's page, as of one instant."""

    indicators: Indicators
    footing: Footing
    months: tuple[Part, ...]
    units: tuple[Part, ...]
    durations: tuple[Duration, ...]
    windows: tuple[Spot, ...]
    devices: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What one complaint, or one order of it, adds to a rate."""

    subject: str
    order: str
    unit: str
    rate: Rate

    @property
    def met(self) -> int:
        """0 where all of it was, below 0 by as many as were not."""
        return self.rate.numerator - self.rate.denominator


@dataclass(frozen=True, slots=True)
class Ask:
    """Of which period and which units: a tier of an area, or of it the `unit` of this code."""

    period: Period
    tier: str
    area: str
    unit: str | None = None

    def codes(self, units: UnitList) -> frozenset[str]:
        """The units' codes."""
        found = frozenset(unit.code for unit in units.of(self.tier, self.area))
        return found if self.unit is None else found & {self.unit}


_AHEAD = timedelta(hours=14)
"""No office's clock is further ahead of UTC."""

_SHEETS: Memory[Sheet] = Memory()
_ROWS: Memory[tuple[Row, ...]] = Memory()


def sheet(office: Office, conn: Connection, ask: Ask) -> Sheet:
    """The page's content, kept for a while."""
    now = office.clock()
    moved, question = stirred(conn, now), ask
    return _SHEETS.recall(office.database, question, moved, lambda: _sheet(office, conn, ask, now))


def rows(office: Office, conn: Connection, ask: Ask, formula: Formula) -> tuple[Row, ...]:
    """Every complaint or order that counts in this rate, the failed ones first; none for rates of
    ratings. Their numerators and denominators add up to the rate's.
    """
    now = office.clock()
    moved, question = stirred(conn, now), (ask, formula.id)
    return _ROWS.recall(
        office.database, question, moved, lambda: _rows(office, conn, ask, formula, now)
    )


def _sheet(office: Office, conn: Connection, ask: Ask, now: int) -> Sheet:
    units, rules = office.units, office.rulebook
    footing = footing_of(conn, rules.in_force(now).zone, now)
    asked = Question(ask.period, ask.tier, ask.area, now, synthetic=footing.synthetic)
    cohort = counted_in(office, conn, ask, now)
    units_of = {c.subject: c.unit for c in cohort.complaints}
    return Sheet(
        indicators(conn, units, rules.policies, asked),
        footing,
        tuple(_months(conn, units, ask, cohort)),
        tuple(_units(conn, units.of(ask.tier, ask.area), ask.period, cohort)),
        durations(conn, rules.calendar_at(now), ask.period, units_of),
        by_window(conn, ask.period, units_of),
        by_device(conn, ask.period, units_of),
    )


def counted_in(office: Office, conn: Connection, ask: Ask, now: int) -> Cohort:
    """All that the page counts."""
    codes = ask.codes(office.units)
    return cohort_of(conn, office.rulebook.policies, ask.period, codes, now, None)


def _months(conn: Connection, units: UnitList, ask: Ask, cohort: Cohort) -> Iterator[Part]:
    codes = ask.codes(units)
    tally = [(month, count) for code, month, count in tallied(conn, ask.period) if code in codes]
    month_of = {c.subject: c.day[:7] for c in cohort.complaints}
    for month in begun(ask.period, instant(cohort.as_of)):
        mine = {subject for subject, when in month_of.items() if when == month}
        yield _part(month, month, (count for when, count in tally if when == month), mine, cohort)


def begun(period: Period, at: datetime) -> tuple[str, ...]:
    """The period's months that have begun by then; all of them where none has."""
    upto = f"{at + _AHEAD:%Y-%m}"
    return tuple(month for month in period.months if month <= upto) or period.months


def _units(
    conn: Connection, units: Sequence[Unit], period: Period, cohort: Cohort
) -> Iterator[Part]:
    """Units with ratings or complaints, in the list's order."""
    counts: dict[str, list[Counts]] = {}
    for code, _, count in tallied(conn, period):
        counts.setdefault(code, []).append(count)
    subjects: dict[str, set[str]] = {}
    for c in cohort.complaints:
        subjects.setdefault(c.unit or "", set()).add(c.subject)
    for unit in units:
        if unit.code in counts or unit.code in subjects:
            mine = subjects.get(unit.code, set())
            yield _part(unit.printed, unit.code, counts.get(unit.code, ()), mine, cohort)


def _part(
    name: str, code: str, counts: Iterable[Counts], subjects: set[str], whole: Cohort
) -> Part:
    part = replace(
        whole,
        counts=summed(counts),
        complaints=tuple(c for c in whole.complaints if c.subject in subjects),
        orders=tuple(o for o in whole.orders if o.subject in subjects),
    )
    rates = tuple(FORMULAS[formula].measure(part) for formula in COMPARED)
    return Part(name, code, part.counts, len(part.judged("valid")), rates)


def _rows(
    office: Office, conn: Connection, ask: Ask, formula: Formula, now: int
) -> tuple[Row, ...]:
    if formula.id in OF_COUNTS:
        return ()
    cohort = counted_in(office, conn, ask, now)
    names = office.units.printed
    of_bad = formula.id == OF_BAD
    parts = _rated_bad(office, conn, ask, cohort) if of_bad else _alone(formula, cohort)
    counted = (
        Row(subject, order, names.get(unit, unit), rate)
        for subject, order, unit, alone in parts
        if (rate := formula.measure(alone)).denominator or rate.numerator
    )
    return tuple(sorted(counted, key=lambda row: (row.met, row.subject, row.order)))


def _rated_bad(office: Office, conn: Connection, ask: Ask, cohort: Cohort) -> Iterator[Alone]:
    """Each complaint with as many bad ratings as came in the period, be it an earlier one's: a
    service may be rated badly again. Its verdict is the period's that it was opened in.
    """
    query = (
        select(complaints.c.id, ratings.c.unit, func.count())
        .join(ratings, OF_ITS_SERVICE)
        .where(
            ratings.c.level.in_(sorted(BAD_LEVELS)),
            ratings.c.day.between(ask.period.first, ask.period.last),
        )
        .group_by(complaints.c.id, ratings.c.unit)
    )
    codes = ask.codes(office.units)
    judged = {c.subject: c for c in cohort.complaints}
    for subject, unit, count in conn.execute(query):
        if unit in codes:
            own = judged.pop(subject, None)
            counts = Counts(bad=count)
            yield subject, "", unit, Cohort(counts, (own,) if own else (), (), cohort.as_of)


def _alone(formula: Formula, cohort: Cohort) -> Iterator[Alone]:
    """Each order, or each complaint with its orders, as a cohort of its own."""
    if formula.id in OF_ORDERS:
        for o in cohort.orders:
            number = order_number(o.subject, o.number)
            yield o.subject, number, o.unit, Cohort(Counts(), (), (o,), cohort.as_of)
        return
    orders: dict[str, list[OrderFact]] = {}
    for o in cohort.orders:
        orders.setdefault(o.subject, []).append(o)
    for c in cohort.complaints:
        alone = Cohort(Counts(), (c,), tuple(orders.get(c.subject, ())), cohort.as_of)
        yield c.subject, "", c.unit or "", alone
