"""为什么是这天: a due time's own page, and the same as a box within another page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection, select

from console.accounts import Signed
from console.reasons import Reason, why
from console.scope import complaint_for
from console.sight import may_know
from console.traces import looked
from console.web.access import SiteHere
from console.web.navigation import SEARCH
from console.web.rendering import page
from console.web.site import Site
from schemas.envelope import Role
from workflow.complaint import Open
from workflow.errors import UnknownComplaint
from workflow.record import record_of
from workflow.storage.models import events

router = APIRouter()


@router.get("/why/{number}/{limit}")
def reason(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(SEARCH)],
    number: str,
    limit: str,
    at: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> HTMLResponse:
    """Whoever sees a limit sees how it was reckoned; `at`: as the step of this version set it."""
    found = _found(site, viewer, number, limit, at)
    box = request.headers.get("hx-request") is not None
    name = "why_box.html" if box else "why.html"
    return page(request, name, title=f"为什么是这天 {number}", number=number, reason=found)


def _found(site: Site, viewer: Signed, number: str, limit: str, at: int | None) -> Reason:
    with site.office.database.read() as conn:
        complaint = complaint_for(conn, viewer.actor, number)
        # A unit has a sign of its own steps alone: it is told of what runs.
        told = at is not None and viewer.role is not Role.DEPARTMENT
        stamp = _set_by(conn, complaint.id, limit, at) if told else None
    if not may_know(viewer.actor, limit, complaint.assisting):
        raise UnknownComplaint(number)
    looked(site.office, viewer.actor, "why", complaint.id)
    rules = site.office.rulebook.of(complaint)
    return why(rules, complaint, limit, stamp)


def _set_by(conn: Connection, subject: str, limit: str, at: int | None) -> Open | None:
    query = select(events).where(events.c.subject == subject, events.c.version == at)
    row = conn.execute(query).one_or_none()
    return None if row is None else record_of(row).limits.opened.get(limit)
