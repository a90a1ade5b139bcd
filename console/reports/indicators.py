"""指标: the text's figures, each with numerator, denominator, cohort and formula."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from sqlalchemy import Connection

from console.reports.beside import beside
from console.reports.footing import print_table, table_of
from console.reports.outside import OutsideFigure, outside_figures
from console.reports.periods import Period
from console.reports.reading import Whole, whole_of
from console.reports.unplaced import Unplaced, unplaced_among
from workflow.formulas import FORMULAS, Cohort, Formula, Rate
from workflow.policy import Policies
from workflow.units import UnitList

EVALUATION = "evaluation"
ASSUMED = "合成数据中部门的办件按一件一评假定，不列办件总数和评价率"
OVER = "整改率、满意率等只统计本期评价引起的差评件；镇（街道）与部门两种口径不相加"


@dataclass(frozen=True, slots=True)
class Question:
    """Which figures, as of now or as they stood at `as_of` (microseconds UTC).

    `synthetic`: A of the departments is assumed then, so it is not shown.
    """

    period: Period
    tier: str
    area: str
    now: int
    as_of: int | None = None
    synthetic: bool = False

    @property
    def assumes_services(self) -> bool:
        """Whether nobody knows how many services these units rendered."""
        return self.synthetic and self.tier == "部门"


@dataclass(frozen=True, slots=True)
class Figure:
    """One rate, its formula, and the counts that must be seen beside it."""

    formula: Formula
    rate: Rate
    beside: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Indicators:
    """A period's figures for the units of a tier and area; `services` None where A is assumed."""

    period: Period
    tier: str
    area: str
    services: int | None
    ratings: int
    onsite: int
    bad: int
    valid: int
    figures: tuple[Figure, ...]
    findings: tuple[str, ...]
    outside: tuple[OutsideFigure, ...]
    unplaced: Unplaced

    def figure(self, formula: str) -> Figure:
        """The figure of a formula's id; KeyError where it is not shown."""
        return {f.formula.id: f for f in self.figures}[formula]


def indicators(conn: Connection, units: UnitList, policies: Policies, ask: Question) -> Indicators:
    """The figures of a period's ratings of the units of a tier and area."""
    return indicators_of(whole_of(conn, policies, ask.period, ask.now, ask.as_of), units, ask)


def indicators_of(whole: Whole, units: UnitList, ask: Question) -> Indicators:
    """The same of what was read already."""
    codes = [unit.code for unit in units.of(ask.tier, ask.area)]
    cohort, judged = whole.cohort(codes), (c for c in whole.complaints if c.verdict == "valid")
    counts, valid, assumed = cohort.counts, len(cohort.judged("valid")), ask.assumes_services
    shown = [f for f in FORMULAS.values() if not (assumed and f.id == EVALUATION)]
    return Indicators(
        period=ask.period,
        tier=ask.tier,
        area=ask.area,
        services=None if assumed else counts.services,
        ratings=counts.ratings,
        onsite=counts.onsite,
        bad=counts.bad,
        valid=valid,
        figures=tuple(Figure(f, f.measure(cohort), _counted(f, cohort)) for f in shown),
        findings=tuple(_disorders(cohort, valid)),
        outside=outside_figures(ask.period, ask.tier, ask.area),
        unplaced=unplaced_among(units, whole.tally, ((c.unit or "", 1) for c in judged)),
    )


def _counted(formula: Formula, cohort: Cohort) -> tuple[tuple[str, int], ...]:
    return tuple((name, len(facts)) for name, facts in beside(formula.id, cohort).items())


def _disorders(cohort: Cohort, valid: int) -> Iterator[str]:
    c = cohort.counts
    if c.onsite > c.ratings:
        yield f"现场主动评价数P {c.onsite} 大于评价总数M {c.ratings}"
    if c.ratings > c.services:
        yield f"评价总数M {c.ratings} 大于办件总数A {c.services}"
    if valid > c.bad:
        yield f"有效差评T {valid} 大于差评D {c.bad}"


def indicators_json(found: Indicators) -> dict[str, Any]:
    """The same for a machine: every figure with n, d and what it prints."""
    return {
        "period": found.period.label,
        "tier": found.tier,
        "area": found.area,
        "A": found.services,
        "M": found.ratings,
        "P": found.onsite,
        "D": found.bad,
        "T": found.valid,
        "figures": [_figure_json(figure) for figure in found.figures],
        "findings": list(found.findings),
        "outside": [asdict(figure) for figure in found.outside],
        "unplaced": asdict(found.unplaced),
    }


def _figure_json(figure: Figure) -> dict[str, Any]:
    formula = figure.formula
    return {
        "id": formula.id,
        "name": formula.name,
        "n": figure.rate.numerator,
        "d": figure.rate.denominator,
        "printed": figure.rate.percent(),
        "numerator": formula.numerator,
        "denominator": formula.denominator,
        "cohort": formula.cohort,
        "zero": formula.zero,
        "rounding": formula.rounding,
        "beside": dict(figure.beside),
    }


def render_indicators(console: Console, found: Indicators) -> None:
    """Counts, then rates with n/d, then how each is formed, then what only others know."""
    console.print(_counts_line(found))
    table = table_of("指标", "数值", "分子/分母", "另有", left=1)
    table.columns[3].justify, table.columns[3].no_wrap = "left", False
    for figure in found.figures:
        beside_it = "，".join(f"{name} {count}" for name, count in figure.beside)
        table.add_row(figure.formula.name, figure.rate.percent(), str(figure.rate), beside_it)
    print_table(console, table)
    console.print("\n算法（分子 / 分母；范围）：")
    for figure in found.figures:
        f = figure.formula
        line = f"  {f.id}  {f.name} = {f.numerator} / {f.denominator}；{f.cohort}"
        console.print(line, soft_wrap=True)
    if found.outside:
        console.print("\n外部数字（只照录，本系统不计算）：")
        for outside in found.outside:
            console.print(f"  {outside.name} {outside.value}（{outside.source}）")
    if found.services is None:
        console.print(f"\n{ASSUMED}")


def _counts_line(found: Indicators) -> str:
    services = "" if found.services is None else f"办件 A {found.services}，"
    return (
        f"{services}评价 M {found.ratings}，现场主动 P {found.onsite}，"
        f"差评 D {found.bad}，有效差评 T {found.valid}"
    )
