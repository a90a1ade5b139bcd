"""指标: a period's page, the rows of a rate, and the same as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from console.accounts import Signed
from console.accounts.sheets import Cell
from console.report_desk import disorders
from console.reports import annex4
from console.reports.durations import STAGES, Duration
from console.reports.indicators import ASSUMED, OVER
from console.reports.periods import parse_period, shifted
from console.web.access import SiteHere
from console.web.exporting import download
from console.web.navigation import FIGURES, PageNo, page_there
from console.web.rendering import page
from console.web.supervisors import figure_rows, figures
from console.web.supervisors.headline import quarter_at
from schemas.envelope import Role
from workflow.formulas import FORMULAS, Rate
from workflow.units import TIERS

router = APIRouter()
PER_PAGE = 100


def asked(
    site: SiteHere, period: str, tier: str = annex4.TIER, area: str | None = None
) -> figures.Ask:
    """The question of the address. Raises InvalidInput for a period that is none."""
    units = site.office.units
    return figures.Ask(
        parse_period(period),
        tier if tier in TIERS else annex4.TIER,
        area if area in units.areas() else units.home,
    )


AskHere = Annotated[figures.Ask, Depends(asked)]


@router.get("/figures", dependencies=[Depends(FIGURES)])
def now(site: SiteHere) -> Response:
    """This quarter's page."""
    label = quarter_at(site.office, site.office.clock()).label
    return RedirectResponse(f"/figures/{label}", 303)


@router.get("/figures/{period}")
def whole(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(FIGURES)],
    ask: AskHere,
) -> Response:
    """Every published rate with its parts; a unit is led to its own."""
    if viewer.role is Role.DEPARTMENT:
        return RedirectResponse(f"/orders/figures?period={ask.period.label}", 303)
    office = site.office
    with office.database.read() as conn:
        sheet = figures.sheet(office, conn, ask)
    names, found = office.units.printed, sheet.indicators
    return page(
        request,
        "supervisors/figures.html",
        title=f"指标 {ask.period.label}",
        ask=ask,
        sheet=sheet,
        compared=[FORMULAS[name] for name in figures.COMPARED],
        of_counts=figure_rows.OF_COUNTS,
        notes=(*disorders(found.findings), *found.unplaced.note, OVER),
        assumed=ASSUMED if found.services is None else "",
        charts=_charts(sheet, names),
        names=names,
        tiers=TIERS,
        areas=office.units.areas(),
        before=shifted(ask.period, -1),
        after=shifted(ask.period, 1),
    )


@router.get("/figures/{period}/export")
def export(
    site: SiteHere,
    viewer: Annotated[Signed, Depends(FIGURES)],
    ask: AskHere,
    form: Literal["csv", "xlsx"] = "xlsx",
) -> Response:
    """The rates with numerator, denominator and formula."""
    if viewer.role is Role.DEPARTMENT:
        raise HTTPException(404)
    with site.office.database.read() as conn:
        sheet = figures.sheet(site.office, conn, ask)
    table: list[list[Cell]] = [["指标", "数值", "分子", "分母", "分子是", "分母是", "范围", "另有"]]
    for figure in sheet.indicators.figures:
        f, rate = figure.formula, figure.rate
        beside = "，".join(f"{name} {count}" for name, count in figure.beside)
        numbers = rate.numerator, rate.denominator
        table.append(
            [f.name, rate.percent(), *numbers, f.numerator, f.denominator, f.cohort, beside]
        )
    table.append(["统计时刻", sheet.footing.as_of_local.isoformat(" ", "seconds"), *[""] * 6])
    return download(table, f"指标_{ask.period.label}_{ask.area}{ask.tier}", form)


@router.get("/figures/{period}/{formula}")
def rows(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(FIGURES)],
    ask: AskHere,
    formula: str,
    unit: Annotated[str | None, Query(max_length=120)] = None,
    beside: Annotated[str | None, Query(max_length=40)] = None,
    page_no: PageNo = 1,
) -> Response:
    """The complaints or orders behind a rate, or behind a count beside it; of all the units or of
    this one.
    """
    if formula not in FORMULAS or viewer.role is Role.DEPARTMENT:
        raise HTTPException(404)
    if formula in figure_rows.OF_COUNTS:
        where = f"period={ask.period.label}&tier={ask.tier}&area={ask.area}"
        return RedirectResponse(f"/collect?{where}", 303)
    ask = replace(ask, unit=unit)
    with site.office.database.read() as conn:
        found = figure_rows.rows(site.office, conn, ask, FORMULAS[formula], beside)
    shown = {
        "ask": ask,
        "beside": beside,
        "formula": FORMULAS[formula],
        "unit_label": site.office.unit_name(unit) if unit else "",
        "total": Rate(sum(r.rate.numerator for r in found), sum(r.rate.denominator for r in found)),
    }
    title = f"{FORMULAS[formula].name} {ask.period.label}"
    return listed(request, "supervisors/figure_rows.html", title, found, page_no, **shown)


def listed(
    request: Request, template: str, title: str, found: Sequence[Any], page_no: int, **shown: Any
) -> HTMLResponse:
    """One page of what is behind a number."""
    there, pages = page_there(page_no, len(found), PER_PAGE)
    first = (there - 1) * PER_PAGE
    return page(
        request,
        template,
        title=title,
        rows=found[first : first + PER_PAGE],
        count=len(found),
        page_no=there,
        pages=pages,
        **shown,
    )


def _charts(sheet: figures.Sheet, names: Mapping[str, str]) -> dict[str, Any]:
    """The charts' numbers; a rate without a denominator is a gap."""
    units = [part for part in sheet.units if any(rate.denominator for rate in part.rates)]
    stages = {(d.month, d.stage): d for d in sheet.durations}
    return {
        "columns": [part.name for part in sheet.months],
        "ratings": [part.counts.ratings for part in sheet.months],
        "bad": [part.counts.bad for part in sheet.months],
        "valid": [part.valid for part in sheet.months],
        "compared": [
            {"name": FORMULAS[name].name, "values": [_percent(p.rates[n]) for p in sheet.months]}
            for n, name in enumerate(figures.COMPARED)
        ],
        "units": [part.name for part in units],
        "unit_rates": [
            {"name": FORMULAS[name].name, "values": [_percent(p.rates[n]) for p in units]}
            for n, name in enumerate(figures.COMPARED)
            if name in ("rectify", "satisfied_first")
        ],
        "stages": [
            {
                "name": label,
                "values": [_hours(stages.get((p.name, stage))) for p in sheet.months],
            }
            for stage, label in STAGES.items()
        ],
        "spots": [
            [f"{names.get(s.unit or '', '')} {s.name}".strip(), s.misoperations]
            for s in sheet.windows[:10]
        ],
    }


def _percent(rate: Rate) -> float | None:
    return round(100 * rate.numerator / rate.denominator, 1) if rate.denominator else None


def _hours(found: Duration | None) -> float | None:
    return None if found is None else round(found.middle / 60, 1)
