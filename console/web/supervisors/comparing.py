"""与市里核对: the city's table is pasted, compared and not kept."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from console.refusals import line
from console.web.access import Sent, SiteHere
from console.web.navigation import COLLECT
from console.web.rendering import page, status_of
from console.web.supervisors.beside_city import COUNTED, MOST, compared
from console.web.supervisors.collecting import AskHere
from workflow.errors import InvalidInput
from workflow.units import TIERS

router = APIRouter()


@router.get("/collect/city", dependencies=[Depends(COLLECT)])
def empty(request: Request, site: SiteHere, ask: AskHere) -> HTMLResponse:
    """Where the table is pasted."""
    return _page(request, site, ask)


@router.post("/collect/city", dependencies=[Depends(COLLECT)])
def comparison(request: Request, site: SiteHere, ask: AskHere, form: Sent) -> HTMLResponse:
    """Unit by unit, those that differ first; the page again where nothing can be compared."""
    units, given = site.office.units, form.get("table")
    table = given if isinstance(given, str) else ""
    try:
        with site.office.database.read() as conn:
            wanted = units.of(ask.tier or None, ask.area or None)
            found = compared(conn, units, wanted, ask.period, table)
    except InvalidInput as error:
        return _page(request, site, ask, status_of(error), table=table, refused=line(error))
    return _page(request, site, ask, table=table, found=found)


def _page(
    request: Request, site: SiteHere, ask: AskHere, status: int = 200, **shown: object
) -> HTMLResponse:
    return page(
        request,
        "supervisors/city.html",
        status,
        title="与市里核对",
        ask=ask,
        counted=COUNTED,
        tiers=TIERS,
        areas=site.office.units.areas(),
        most=MOST,
        **({"table": "", "found": None, "refused": ""} | shown),
    )
