"""指标: a period's published rates with the parts they are made of: by month, by unit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from console.counting import counted
from console.reports.durations import Duration, durations
from console.reports.footing import Footing, footing_of
from console.reports.hotspots import Spot, by_device, by_window
from console.reports.indicators import Indicators, Question, indicators_of
from console.reports.periods import Period
from console.reports.reading import Tally, cohort_of, pooled, whole_of
from console.web.remembering import Memory, stirred
from console.wiring import Office
from workflow.clock import instant
from workflow.formulas import (
    FORMULAS,
    Cohort,
    Counts,
    Rate,
)
from workflow.unit_list import Unit, UnitList

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


def sheet(office: Office, conn: Connection, ask: Ask) -> Sheet:
    """The page's content, kept for a while."""
    now = office.clock()
    moved, question = stirred(conn, now), ask
    return _SHEETS.recall(
        office.database,
        conn,
        question,
        moved,
        lambda own: counted(office, own, _sheet, ask, now),
    )


def _sheet(office: Office, conn: Connection, ask: Ask, now: int) -> Sheet:
    units, rules = office.units, office.rulebook
    footing = footing_of(conn, rules.in_force(now).zone, now)
    asked = Question(ask.period, ask.tier, ask.area, now, synthetic=footing.synthetic)
    whole = whole_of(conn, rules.policies, ask.period, now, None)
    codes = ask.codes(units)
    cohort = whole.cohort(codes)
    units_of = {c.subject: c.unit for c in cohort.complaints}
    return Sheet(
        indicators_of(whole, units, asked),
        footing,
        tuple(_months(ask, whole.tally, cohort, codes)),
        tuple(_units(units.of(ask.tier, ask.area), whole.tally, cohort)),
        durations(conn, rules.calendar_at(now), ask.period, units_of),
        by_window(conn, ask.period, units_of),
        by_device(conn, office.vault, ask.period, units_of),
    )


def counted_in(office: Office, conn: Connection, ask: Ask, now: int) -> Cohort:
    """All that the page counts."""
    codes = ask.codes(office.units)
    return cohort_of(conn, office.rulebook.policies, ask.period, codes, now, None)


def _months(
    ask: Ask, tally: Iterable[Tally], cohort: Cohort, codes: Collection[str]
) -> Iterator[Part]:
    counts = pooled((month, count) for code, month, count in tally if code in codes)
    parts = cohort.parted(lambda c: c.day[:7])
    for month in begun(ask.period, instant(cohort.as_of)):
        mine = parts.get(month, _none_of(cohort))
        yield _part(month, month, counts.get(month, Counts()), mine)


def begun(period: Period, at: datetime) -> tuple[str, ...]:
    """The period's months that have begun by then; all of them where none has."""
    upto = f"{at + _AHEAD:%Y-%m}"
    return tuple(month for month in period.months if month <= upto) or period.months


def _units(units: Sequence[Unit], tally: Iterable[Tally], cohort: Cohort) -> Iterator[Part]:
    """Units with ratings or complaints, in the list's order."""
    counts = pooled((code, count) for code, _, count in tally)
    parts = cohort.parted(lambda c: c.unit or "")
    for unit in units:
        if unit.code in counts or unit.code in parts:
            mine = parts.get(unit.code, _none_of(cohort))
            yield _part(unit.printed, unit.code, counts.get(unit.code, Counts()), mine)


def _none_of(whole: Cohort) -> Cohort:
    return Cohort(Counts(), (), (), whole.as_of)


def _part(name: str, code: str, counts: Counts, mine: Cohort) -> Part:
    part = replace(mine, counts=counts)
    rates = tuple(FORMULAS[formula].measure(part) for formula in COMPARED)
    return Part(name, code, part.counts, len(part.judged("valid")), rates)
