"""我的工单: the list, live; one order; what an extension would come to; the list as a file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from console import foreseen
from console.accounts import Signed
from console.reports.periods import quarter_of
from console.scope import complaint_for
from console.web.access import SiteHere, step
from console.web.departments.exporting import exported
from console.web.departments.figures import own_figures
from console.web.departments.listing import done_orders, open_orders
from console.web.departments.order import effect
from console.web.departments.showing import DONE, shown
from console.web.exporting import download
from console.web.navigation import ORDERS
from console.web.rendering import page
from workflow.clock import instant

router = APIRouter()
Viewer = Annotated[Signed, Depends(ORDERS)]


@router.get("/orders")
def orders(
    request: Request, site: SiteHere, viewer: Viewer, part: Annotated[int, Query(ge=1)] = 1
) -> HTMLResponse:
    """Open orders above, done ones below, one line of the unit's own figures."""
    office, now = site.office, site.office.clock()
    zone = office.rulebook.in_force(now).zone
    with office.database.read() as conn:
        waiting = open_orders(conn, office, viewer.actor)
        done = done_orders(conn, office, viewer.actor, part)
        quarter = quarter_of(instant(now).astimezone(zone))
        own = own_figures(office, conn, str(viewer.unit), quarter)
    told = DONE.get(request.query_params.get("done", ""), "")
    return page(
        request,
        "departments/orders.html",
        title="我的工单",
        open=waiting,
        finished=done,
        own=own,
        done=told,
    )


@router.get("/orders/export.{kind}")
def export(site: SiteHere, viewer: Viewer, kind: str) -> Response:
    """The unit's orders without anything about people: csv or xlsx."""
    if kind not in ("csv", "xlsx"):
        raise HTTPException(404)
    return download(exported(site.office, viewer.actor), "我的工单", kind)


@router.get("/orders/{number}")
def order(request: Request, site: SiteHere, viewer: Viewer, number: str) -> Response:
    """The page of an order; its number without the round, or of an earlier order, leads there."""
    with site.office.database.read() as conn:
        current = str(complaint_for(conn, viewer.actor, number).order)
        if number != current:
            return RedirectResponse(f"/orders/{current}", 302)
        return shown(request, site, viewer, number)


@router.get("/orders/{number}/foreseen")
def until(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(step("ExtensionRequested"))],
    number: str,
    working_days: Annotated[int, Query(ge=1, le=60)],
) -> HTMLResponse:
    """What an extension by so many working days would come to."""
    with site.office.database.read() as conn:
        found = complaint_for(conn, viewer.actor, number)
    rules = site.office.rulebook.of(found)
    now = site.office.clock()
    one = foreseen.extension(found, working_days, viewer.actor, now, rules)
    told = one.refusal or f"{effect(one, rules, now)}（全部同意的话）"
    return page(request, "departments/foreseen.html", told=told, refused=bool(one.refusal))
