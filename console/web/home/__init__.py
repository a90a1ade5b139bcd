"""今日待办: the most pressing of one's own work, one's messages; for those who set it up, what is
missing.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from console.accounts import Signed
from console.queues import Item, pressing
from console.web.access import SiteHere
from console.web.home.setting_up import left_to_do
from console.web.navigation import HOME, entries
from console.web.rendering import page
from console.web.site import Site
from console.web.told import DAYS, told
from console.web.told import MOST as MOST_TOLD
from producers.departments import contacts_wanted
from schemas.envelope import Role
from workflow.clock import DAY

router = APIRouter()
MOST = 12


class Row(NamedTuple):
    """One thing to do, and where."""

    item: Item
    place: str
    number: str


@router.get("/")
def home(
    request: Request, site: SiteHere, viewer: Annotated[Signed, Depends(HOME)]
) -> HTMLResponse:
    """Also the block alone, for a page that is open already."""
    since = site.office.clock() - DAYS * DAY
    found = pressing(site.office, viewer.actor, MOST + 1)
    with site.office.database.read() as conn:
        messages = told(conn, viewer.actor)
    block = request.headers.get("hx-request") is not None
    return page(
        request,
        "home/rows.html" if block else "home/home.html",
        title="今日待办",
        rows=[_row(item, viewer) for item in found[:MOST]],
        more=len(found) > MOST,
        messages=messages,
        most_told=MOST_TOLD,
        days_told=DAYS,
        older_told=sum(one.at < since for one in messages),
        wanted=_wanted(site, viewer),
        steps=left_to_do(site.office, viewer.role),
        pages=[entry for entry in entries(viewer.role) if entry.address != "/"],
    )


def _wanted(site: Site, viewer: Signed) -> int:
    """How many services a clerk is to look up a phone for; 0 for anybody else."""
    if viewer.role is not Role.CLERK:
        return 0
    return len(contacts_wanted(site.office.ledger, unit=str(viewer.unit)))


def _row(item: Item, viewer: Signed) -> Row:
    if viewer.role is Role.DEPARTMENT:
        return Row(item, f"/orders/{item.order}", item.order or "")
    return Row(item, f"/c/{item.subject}", item.subject)
