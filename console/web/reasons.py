"""为什么是这天: a due time's own page, and the same as a box within another page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from console.accounts import Signed
from console.reasons import Reason, why
from console.scope import complaint_for
from console.sight import may_know
from console.web.access import SiteHere
from console.web.navigation import SEARCH
from console.web.rendering import page
from console.web.site import Site
from workflow.errors import UnknownComplaint

router = APIRouter()


@router.get("/why/{number}/{limit}")
def reason(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(SEARCH)],
    number: str,
    limit: str,
) -> HTMLResponse:
    """Whoever sees a limit sees how it was reckoned."""
    found = _found(site, viewer, number, limit)
    box = request.headers.get("hx-request") is not None
    name = "why_box.html" if box else "why.html"
    return page(request, name, title=f"为什么是这天 {number}", number=number, reason=found)


def _found(site: Site, viewer: Signed, number: str, limit: str) -> Reason:
    with site.office.database.read() as conn:
        complaint = complaint_for(conn, viewer.actor, number)
    if not may_know(viewer.actor, limit, complaint.assisting):
        raise UnknownComplaint(number)
    rules = site.office.rulebook.bound(complaint.profile, complaint.profile_version)
    return why(rules, complaint, limit)
