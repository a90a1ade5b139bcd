"""单位与人员：the list of units with their contact persons, and another one in its place."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from console.accounts import Signed
from console.accounts.finding import contacts
from console.accounts.record import Happened, Outcome, note
from console.accounts.unit_sheet import difference, read_units, units_sheet
from console.refusals import line
from console.tables import XLSX
from console.web.access import Sent, SiteHere
from console.web.exporting import attached
from console.web.navigation import UNITS
from console.web.office.uploads import upload
from console.web.rendering import page, status_of
from console.web.site import Site
from console.web.stepping import text
from workflow.errors import Refused
from workflow.unit_list import UnitList
from workflow.units import keeps_used, seed

router = APIRouter(prefix="/units", dependencies=[Depends(UNITS)])


@router.get("/list")
def units(request: Request, site: SiteHere) -> HTMLResponse:
    return _units(request, site)


@router.get("/units.xlsx")
def sheet(site: SiteHere) -> Response:
    """The list as it is read back."""
    return attached(units_sheet(site.office.units), "单位名册.xlsx", XLSX)


@router.post("/list/check")
def check(request: Request, site: SiteHere, form: Sent) -> HTMLResponse:
    """What the list would change; nothing is changed. One that cannot be taken is refused here."""
    try:
        new = _read(form)
        with site.office.database.read() as conn:
            keeps_used(conn, new)
        return _shown(request, site, new)
    except Refused as error:
        return _refused(request, site, error)


@router.post("/list/take")
def take(
    request: Request, site: SiteHere, viewer: Annotated[Signed, Depends(UNITS)], form: Sent
) -> HTMLResponse:
    """Puts the list in the place of the one in force if it does what was shown; else what it would
    do is shown again. Who did it is recorded.
    """
    office = site.office
    try:
        new = _read(form)
        if _digest(office.units, new) != text(form, "digest"):
            return _shown(request, site, new)
        with office.database.write() as conn:
            seed(conn, new)
            who, now = viewer.account, office.ledger.now(conn)
            note(conn, Happened(who, Outcome.UNITS_CHANGED, who, None, now))
    except Refused as error:
        return _refused(request, site, error)
    return _units(request, site, done=f"现行名册：{new.version}，{len(new.units)} 个单位。")


def _read(form: FormData) -> UnitList:
    return read_units(*upload(form))


def _refused(request: Request, site: Site, error: Refused) -> HTMLResponse:
    status = status_of(error)
    if request.headers.get("hx-request"):
        return page(request, "refusal.html", status, title="没有读成", told=line(error))
    return _units(request, site, status, refusal=line(error))


def _shown(request: Request, site: Site, new: UnitList) -> HTMLResponse:
    before = site.office.units
    told: dict[str, Any] = {
        "changes": difference(before, new),
        "digest": _digest(before, new),
        "version": new.version,
    }
    if request.headers.get("hx-request"):
        return page(request, "office/unit_changes.html", **told)
    return _units(request, site, **told)


def _digest(before: UnitList, new: UnitList) -> str:
    """Tells whether the same file would still do the same."""
    whole = repr((before.units, new.version, new.units))
    return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()


def _units(request: Request, site: Site, status: int = 200, **told: Any) -> HTMLResponse:
    with site.office.database.read() as conn:
        people = contacts(conn)
    context: dict[str, Any] = {
        "title": "单位与人员",
        "units": site.office.units,
        "contacts": people,
        "changes": None,
        **dict.fromkeys(("done", "refusal", "digest", "version"), ""),
    }
    return page(request, "office/units.html", status, **(context | told))
