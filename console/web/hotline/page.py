"""差评件: one complaint, for whoever may read it; its steps are in the panel beside."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from console import wording
from console.accounts import Signed
from console.people import names_of
from console.scope import complaint_for
from console.traces import looks
from console.web.access import SiteHere
from console.web.hotline.agreed import agreed
from console.web.hotline.case import case_of
from console.web.hotline.forms import Forms
from console.web.hotline.panel import with_forms
from console.web.hotline.preview import Wanted
from console.web.navigation import COMPLAINT
from console.web.rendering import page
from console.web.site import Site

router = APIRouter()
LOOKS = 100
"""On one page."""

SENT = "已进发件箱，送达后才算邀请；发不出去会改为电话"


@router.get("/c/{no}")
def complaint(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(COMPLAINT)],
    no: str,
    did: str | None = None,
) -> HTMLResponse:
    """The complaint as it stands now; that it was looked at is recorded."""
    return show(request, site, viewer, no, Forms(), done=told(did))


@router.get("/c/{no}/looks")
def looked(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(COMPLAINT)],
    no: str,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> HTMLResponse:
    """Who has looked at it, the newest first. Raises UnknownComplaint."""
    office = site.office
    with office.database.read() as conn:
        subject = complaint_for(conn, viewer.actor, no).id
        found = looks(conn, subject=subject, most=LOOKS + 1, before=before)
        names = names_of(conn, (one.account for one in found))
    return page(
        request,
        "hotline/looks.html",
        title=f"留痕 {subject}",
        subject=subject,
        looks=found[:LOOKS],
        older=found[LOOKS - 1].id if len(found) > LOOKS else None,
        names=names,
        units=office.units.printed,
    )


def show(
    request: Request,
    site: Site,
    viewer: Signed,
    no: str,
    forms: Forms,
    *,
    status: int = 200,
    **more: Any,
) -> HTMLResponse:
    """The page, with a form as it was refused. Raises UnknownComplaint."""
    with site.office.database.read():  # one snapshot for all of it
        typed = forms.event == "ComplaintConfirmed"
        wanted = Wanted.of(forms.typed.sent) if typed else None
        case = case_of(site.office, no, viewer.actor, wanted)
        shown = {"title": case.c.id, "case": case, "c": case.c, "forms": forms, "done": ""}
        shown |= {"phone": "", "rater": "", "code": ""}
        zone = case.rules.policy.zone
        shown |= {"agreed": agreed(case.c.next_call_at, zone, site.office.clock())}
        return page(request, "hotline/case.html", status, **(shown | more))


def told(did: str | None) -> str:
    """What has just been done, in words of ours alone."""
    if did == "sent":
        return SENT
    return f"已办：{wording.event_name(did)}" if did in with_forms() else ""
