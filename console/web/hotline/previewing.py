"""预计: the due time the unit would get, as the form is being filled in; nothing is changed."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from console.scope import complaint_for
from console.service import service_told
from console.web.access import Present, Sent, SiteHere, step
from console.web.hotline.preview import Wanted, preview
from console.web.rendering import page

router = APIRouter()


@router.post("/c/{no}/preview", dependencies=[Depends(step("ComplaintConfirmed"))])
def foreseen(
    request: Request, site: SiteHere, viewer: Present, form: Sent, no: str
) -> HTMLResponse:
    """The box that stands under the form."""
    wanted = Wanted.of(form)
    with site.office.database.read() as conn:
        c = complaint_for(conn, viewer.actor, no)
        found = preview(site.office, conn, c, wanted, site.office.clock())
    told = service_told(c, agreed=wanted.agreed)
    return page(request, "hotline/preview.html", preview=found, told=told)
