"""补联系方式: what a unit's data clerk looks up; every answer is the same, whatever it did."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.accounts import Signed
from console.refusals import line
from console.web.access import Sent, SiteHere, step
from console.web.navigation import CONTACTS
from console.web.rendering import page, status_of
from console.web.site import Site
from console.web.stepping import take, text, ticked
from producers import departments
from workflow.errors import InvalidInput

router = APIRouter()


@router.get("/contacts")
def contacts(
    request: Request, site: SiteHere, viewer: Annotated[Signed, Depends(CONTACTS)]
) -> HTMLResponse:
    """The services asked for: each rated one among others."""
    return _shown(request, site, viewer)


@router.post("/contacts")
def supply(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(step("ContactSupplied"))],
    form: Sent,
) -> Response:
    """One service's phone, or that there is none."""
    project, service = text(form, "project_no") or "", text(form, "service_number") or ""
    phone = None if ticked(form, "none") else text(form, "phone") or ""
    quick = request.headers.get("hx-request") is not None
    try:
        if phone == "":
            raise InvalidInput("phone", "", "请填号码；查不到就点“查不到”")
        door = departments.supply_contact
        take(site, viewer, form, door, project, service_number=service, phone=phone)
    except InvalidInput as error:
        if quick:
            told = {"title": "没有办成", "told": line(error)}
            return page(request, "refusal.html", status_of(error), **told)
        return _shown(request, site, viewer, error)
    if quick:
        return page(request, "departments/contact_taken.html")
    return RedirectResponse("/contacts?done=1", 303)


def _shown(
    request: Request, site: Site, viewer: Signed, error: InvalidInput | None = None
) -> HTMLResponse:
    wanted = departments.contacts_wanted(site.office.ledger, unit=str(viewer.unit))
    return page(
        request,
        "departments/contacts.html",
        200 if error is None else status_of(error),
        title="补联系方式",
        wanted=wanted,
        refusal="" if error is None else line(error),
        done="已收到。" if request.query_params.get("done") else "",
    )
