"""本单位指标: a period's figures, and the orders behind each of them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from starlette.exceptions import HTTPException

from console.accounts import Signed
from console.reports.periods import Period, parse_period, quarter_of, shifted
from console.scope import visible
from console.web.access import SiteHere
from console.web.departments.figures import COUNTED, OF_ORDERS, SHOWN, own_figures
from console.web.navigation import ORDERS
from console.web.rendering import page
from workflow.clock import instant
from workflow.storage.database import looked_up
from workflow.storage.models import complaints

router = APIRouter()


@router.get("/orders/figures")
def figures(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(ORDERS)],
    period: str | None = None,
    of: str | None = None,
) -> HTMLResponse:
    """`of`: the figure whose orders are listed. Raises InvalidInput for a period nobody knows."""
    if of is not None and of not in (*SHOWN, *COUNTED):
        raise HTTPException(404)
    office, now = site.office, site.office.clock()
    today = instant(now).astimezone(office.rulebook.in_force(now).zone)
    asked = quarter_of(today) if period is None else parse_period(period)
    with office.database.read() as conn:
        own = own_figures(office, conn, str(viewer.unit), asked)
        listed = own.listed(of) if of else None
        subjects = [line.subject for line in listed.lines] if listed else []
        seen = select(complaints.c.id).where(visible(viewer.actor))
        there = {row.id for row in looked_up(conn, seen, complaints.c.id, subjects)}
    return page(
        request,
        "departments/figures.html",
        title="本单位指标",
        own=own,
        listed=listed,
        there=there,
        of=of,
        counted=of in COUNTED,
        counts_orders=of in (*OF_ORDERS, *COUNTED),
        quarters=_beside(asked),
    )


def _beside(asked: Period) -> list[str]:
    """The quarter before it, and the one after."""
    quarter = quarter_of(date.fromisoformat(asked.first))
    return [shifted(quarter, by) for by in (-1, 1)]
