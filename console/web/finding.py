"""查找: one box for any number; asked by a form, so that no number ever stands in an address. What
was found has an address of its own, sealed, so that one comes back to the list from each of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from console.accounts import Signed
from console.accounts.sessions import LONGEST
from console.finding import MOST, Found, found_by, found_still
from console.people import names_of
from console.queues import holder
from console.rated import rated
from console.refusals import line
from console.remaining import Left, left_of
from console.sight import may_know
from console.web import sealing
from console.web.access import Sent, SiteHere
from console.web.departments.listing import who_has_it
from console.web.navigation import SEARCH
from console.web.rendering import page, status_of
from console.web.site import Site
from console.web.stepping import text
from console.wiring import Office
from schemas.envelope import Role
from workflow.complaint import Complaint, load
from workflow.errors import Damaged, InvalidInput
from workflow.limits import OWNERS
from workflow.states import ENDS, State
from workflow.storage.models import complaints

router = APIRouter()
_OF = "search"


@router.post("/search")
def search(
    request: Request, site: SiteHere, viewer: Annotated[Signed, Depends(SEARCH)], form: Sent
) -> Response:
    """One found: its page; several: their list; none: what can be searched for."""
    asked = text(form, "q") or ""
    try:
        found = found_by(site.office, asked, viewer.actor)
    except InvalidInput as error:
        return _none(request, asked, status_of(error), line(error))
    if len(found) == 1:
        return RedirectResponse(place_of(found[0], viewer), 303)
    if not found:
        return _none(request, asked)
    return RedirectResponse(f"/search?of={_sealed(site, viewer, found)}", 303)


@router.get("/search")
def several(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(SEARCH)],
    of: Annotated[str, Query(max_length=4000)] = "",
) -> Response:
    """What this person found, as it stands now."""
    found = found_still(site.office, _opened(site, viewer, of), viewer.actor)
    if not found:
        return _none(request, "")
    rows = rows_of(site.office, viewer, found[:MOST])
    shown = {"title": "查找", "asked": "", "found": rows, "most": MOST, "refusal": ""}
    return page(request, "search.html", more=len(found) > MOST, **shown)


def _none(request: Request, asked: str, status: int = 200, refusal: str = "") -> Response:
    shown = {"title": "查找", "asked": asked, "found": (), "most": MOST, "refusal": refusal}
    return page(request, "search.html", status, more=False, **shown)


def _sealed(site: Site, viewer: Signed, found: Sequence[Found]) -> str:
    """For this account alone, and for no longer than a session lasts."""
    plain = json.dumps([site.office.wall() + LONGEST, *(one.id for one in found)]).encode()
    return sealing.sealed(site.office, _OF, viewer.account, plain)


def _opened(site: Site, viewer: Signed, of: str) -> list[str]:
    """None where it is not ours, another's or too old."""
    try:
        until, *ids = json.loads(sealing.opened(site.office, _OF, viewer.account, of))
    except Damaged:
        return []
    return ids if site.office.wall() < until else []


class Row(NamedTuple):
    """A complaint found; `holder`: in whose hands it is, empty once it has ended; `left` of the
    limit that presses him, where the viewer may know of it.
    """

    number: str
    place: str
    state: str
    item: str
    unit: str
    holder: str
    limit: str
    left: Left | None


def rows_of(office: Office, viewer: Signed, found: Sequence[Found]) -> list[Row]:
    """What the list shows of them, in their order."""
    ids = [one.id for one in found]
    with office.database.read() as conn:
        folds = conn.execute(select(complaints.c.fold).where(complaints.c.id.in_(ids))).scalars()
        known = {c.id: c for c in map(load, folds)}
        first = rated(conn, ids, to_unit=viewer.role is Role.DEPARTMENT)
        names = names_of(conn, (c.claimer for c in known.values()))
    return [_row(office, viewer, one, known[one.id], first[one.id].item, names) for one in found]


def _row(
    office: Office,
    viewer: Signed,
    found: Found,
    c: Complaint,
    item: str,
    names: Mapping[str, str],
) -> Row:
    limit = "" if c.state in ENDS else OWNERS[State(c.state)][1]
    rules = office.rulebook.of(c)
    told = may_know(viewer.actor, limit, c.assisting)
    left = left_of(rules, c, limit, office.clock()) if told else None
    unit = c.unit or c.handled_by
    number = found.order if viewer.role is Role.DEPARTMENT else c.id
    named = office.units.names.get(unit, unit) if unit else "未配上"
    holds = _holder(office, viewer, c, names)
    return Row(
        number or c.id, place_of(found, viewer), found.state, item, named, holds, limit, left
    )


def _holder(office: Office, viewer: Signed, c: Complaint, names: Mapping[str, str]) -> str:
    if viewer.role is Role.DEPARTMENT:
        return who_has_it(c)
    return "" if c.ended_at else holder(c, OWNERS[State(c.state)][0], office.units, names)


def place_of(item: Found, viewer: Signed) -> str:
    """The page of a complaint for this viewer: a unit knows its order's number only."""
    unit = viewer.role is Role.DEPARTMENT
    return f"/orders/{item.order}" if unit else f"/c/{item.id}"
