"""查找: one box for any number; asked by a form, so that no number ever stands in an address."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from console.accounts import Signed
from console.finding import MOST, Found, found_by
from console.refusals import line
from console.web.access import Sent, SiteHere
from console.web.navigation import SEARCH
from console.web.rendering import page, status_of
from console.web.stepping import text
from schemas.envelope import Role
from workflow.errors import InvalidInput

router = APIRouter()


@router.post("/search")
def search(
    request: Request, site: SiteHere, viewer: Annotated[Signed, Depends(SEARCH)], form: Sent
) -> Response:
    """One found: its page; several: a list; none: what can be searched for."""
    asked, refusal, status = text(form, "q") or "", "", 200
    found: tuple[Found, ...] = ()
    try:
        found = found_by(site.office, asked, viewer.actor)
    except InvalidInput as error:
        refusal, status = line(error), status_of(error)
    if len(found) == 1:
        return RedirectResponse(place_of(found[0], viewer), 303)
    places = [(item, place_of(item, viewer)) for item in found]
    shown = {"title": "查找", "asked": asked, "found": places, "most": MOST, "refusal": refusal}
    return page(request, "search.html", status, **shown)


def place_of(item: Found, viewer: Signed) -> str:
    """The page of a complaint for this viewer: a unit knows its order's number only."""
    unit = viewer.role is Role.DEPARTMENT
    return f"/orders/{item.order}" if unit else f"/c/{item.id}"
