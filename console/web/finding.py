"""查找: one box for any number; asked by a form, so that no number ever stands in an address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from console.accounts import Signed
from console.finding import MOST, Found, found_by
from console.rated import rated
from console.refusals import line
from console.remaining import Left, left_of
from console.sight import may_know
from console.web.access import Sent, SiteHere
from console.web.navigation import SEARCH
from console.web.rendering import page, status_of
from console.web.stepping import text
from console.wiring import Office
from schemas.envelope import Role
from workflow.complaint import Complaint, load
from workflow.errors import InvalidInput
from workflow.limits import OWNERS
from workflow.states import ENDS, State
from workflow.storage.models import complaints

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
    rows = rows_of(site.office, viewer, found[:MOST])
    shown = {"title": "查找", "asked": asked, "found": rows, "most": MOST, "refusal": refusal}
    shown["more"] = len(found) > MOST
    return page(request, "search.html", status, **shown)


class Row(NamedTuple):
    """A complaint found; `left` of the limit that presses whoever has it, where the viewer may know
    of it.
    """

    number: str
    place: str
    state: str
    item: str
    unit: str
    limit: str
    left: Left | None


def rows_of(office: Office, viewer: Signed, found: Sequence[Found]) -> list[Row]:
    """What the list shows of them, in their order."""
    ids = [one.id for one in found]
    with office.database.read() as conn:
        folds = conn.execute(select(complaints.c.fold).where(complaints.c.id.in_(ids))).scalars()
        known = {c.id: c for c in map(load, folds)}
        items = {subject: said.item for subject, said in rated(conn, ids).items()}
    return [_row(office, viewer, one, known[one.id], items.get(one.id) or "") for one in found]


def _row(office: Office, viewer: Signed, found: Found, c: Complaint, item: str) -> Row:
    limit = "" if c.state in ENDS else OWNERS[State(c.state)][1]
    rules = office.rulebook.bound(c.profile, c.profile_version)
    told = may_know(viewer.actor, limit, c.assisting)
    left = left_of(rules, c, limit, office.clock()) if told else None
    unit = c.unit or c.handled_by
    number = found.order if viewer.role is Role.DEPARTMENT else c.id
    named = office.units.names.get(unit, unit) if unit else "未配上"
    return Row(number or c.id, place_of(found, viewer), found.state, item, named, limit, left)


def place_of(item: Found, viewer: Signed) -> str:
    """The page of a complaint for this viewer: a unit knows its order's number only."""
    unit = viewer.role is Role.DEPARTMENT
    return f"/orders/{item.order}" if unit else f"/c/{item.id}"
