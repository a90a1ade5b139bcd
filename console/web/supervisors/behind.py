"""指标明细: the complaints behind the time a stage took, and behind a spot of misoperations."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.counting import counted
from console.reports import durations, hotspots
from console.reports.durations import STAGES
from console.web.access import SiteHere
from console.web.navigation import FIGURE_ROWS, PageNo
from console.web.site import Site
from console.web.supervisors.figures import Ask, counted_in
from console.web.supervisors.figuring import AskHere, listed
from console.wiring import Office

router = APIRouter()


class Spot(StrEnum):
    """Where a rating was given."""

    WINDOW = "window"
    DEVICE = "device"


@router.get("/figures/{period}/took/{stage}", dependencies=[Depends(FIGURE_ROWS)])
def took(
    request: Request, site: SiteHere, ask: AskHere, stage: str, page_no: PageNo = 1
) -> HTMLResponse:
    """What a stage took, each by itself, the slowest first."""
    if stage not in STAGES:
        raise HTTPException(404)
    office, now = site.office, site.office.clock()
    with office.database.read() as conn:
        found = counted(office, conn, _took, ask, stage, now)
    found.sort(key=lambda one: (-one.minutes, one.subject, one.number or 0))
    title = f"{STAGES[stage]}用时 {ask.period.label}"
    return listed(request, "supervisors/figure_took.html", title, found, page_no, ask=ask)


@router.get("/figures/{period}/at/{spot}", dependencies=[Depends(FIGURE_ROWS)])
def at(
    request: Request,
    site: SiteHere,
    ask: AskHere,
    spot: Spot,
    name: Annotated[str, Query(max_length=200)] = "",
    unit: Annotated[str | None, Query(max_length=120)] = None,
    page_no: PageNo = 1,
) -> HTMLResponse:
    """The bad ratings of a window or a device, the misoperations first."""
    found = [one for one in _seen(site, ask, spot) if (one.name, one.unit) == (name, unit)]
    found.sort(key=lambda one: (not one.wrong, one.subject))
    where = name if unit is None else f"{site.office.unit_name(unit)} {name}"
    title = f"{where} {ask.period.label}"
    shown = {"ask": ask, "name": name, "unit": unit, "wrong": sum(one.wrong for one in found)}
    return listed(request, "supervisors/figure_at.html", title, found, page_no, **shown)


def _seen(site: Site, ask: Ask, spot: Spot) -> list[hotspots.Seen]:
    office = site.office
    with office.database.read() as conn:
        return counted(office, conn, _at, ask, spot, office.clock())


def _took(office: Office, conn: Connection, ask: Ask, stage: str, now: int) -> list[durations.Took]:
    calendar = office.rulebook.calendar_at(now)
    subjects = {c.subject for c in counted_in(office, conn, ask, now).complaints}
    found = durations.took(conn, calendar, ask.period, subjects)
    return [one for one in found if one.stage == stage]


def _at(office: Office, conn: Connection, ask: Ask, spot: Spot, now: int) -> list[hotspots.Seen]:
    units = {c.subject: c.unit for c in counted_in(office, conn, ask, now).complaints}
    if spot is Spot.WINDOW:
        return list(hotspots.at_windows(conn, ask.period, units))
    return list(hotspots.on_devices(conn, office.vault, ask.period, units))
