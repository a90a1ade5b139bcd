"""核实回访: the tabs, and 认领下一件: the most pressing that nobody has, for one operator alone."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import Connection, select
from starlette.datastructures import FormData

from console.accounts import Signed
from console.web.access import BY_ITSELF, FILTERED, FILTERS, Sent, SiteHere
from console.web.hotline.lines import Line, lines
from console.web.hotline.shift import shift
from console.web.hotline.tabs import PER_PAGE, TABS, WHO, Ask, Rows, asked
from console.web.navigation import HOTLINE, page_there
from console.web.rendering import page
from console.web.site import Site
from console.web.stepping import take, text
from console.wiring import Office
from producers import hotline
from workflow.errors import KeyReused, Refused
from workflow.storage.models import commands

router = APIRouter()
TRIES = 20
Operator = Annotated[Signed, Depends(HOTLINE)]


@router.get("/hotline")
def queue(
    request: Request,
    site: SiteHere,
    viewer: Operator,
    tab: str | None = None,
    who: str | None = None,
    unit: str | None = None,
    number: Annotated[int | None, Query(alias="page", ge=1, le=100_000)] = None,
    nobody: bool = False,
) -> HTMLResponse:
    """One tab's rows; without a question, those looked at last."""
    ask = asked(tab, who, unit, number) if request.url.query else _kept(request, viewer)
    office = site.office
    ask, counts, shown = _looked_at(office, viewer, ask)
    answer = page(
        request,
        "hotline/queue.html",
        title="核实回访",
        ask=ask,
        who=WHO,
        tabs=[t for t in TABS.values() if not t.rare or counts[t.key] or t.key == ask.tab],
        counts=counts,
        lines=shown,
        last=(counts[ask.tab] - 1) // PER_PAGE + 1,
        units=office.units.units,
        shift=shift(office, office.clock()),
        nobody=nobody,
    )
    return _remembered(request, viewer, ask, answer)


def _looked_at(
    office: Office, viewer: Signed, ask: Ask
) -> tuple[Ask, dict[str, int], tuple[Line, ...]]:
    """The page that is shown, how many each tab has, and the page's rows."""
    with office.database.read() as conn:
        rows = Rows(conn, viewer.actor, office.rulebook, ask)
        counts = rows.counts()
        there, _ = page_there(ask.page, counts[ask.tab], PER_PAGE)
        rows.ask = replace(ask, page=there)
        found = lines(office, conn, viewer.account, TABS[ask.tab], rows.page())
        return rows.ask, counts, found


def _remembered(request: Request, viewer: Signed, ask: Ask, answer: HTMLResponse) -> HTMLResponse:
    """With what was asked for, unless the page asked by itself: it may be an older one that stands
    open beside.
    """
    if BY_ITSELF in request.headers:
        return answer
    said, secure = f"{ask.address()[9:]}&of={_mark(viewer)}", request.url.scheme == "https"
    answer.set_cookie(FILTERS, said, path=FILTERED, httponly=True, secure=secure, samesite="strict")
    return answer


def _kept(request: Request, viewer: Signed) -> Ask:
    """What this person looked at last; who had this browser before may have filtered otherwise."""
    kept = parse_qs(request.cookies.get(FILTERS, ""))
    said = {name: values[0] for name, values in kept.items()}
    if said.get("of") != _mark(viewer):
        return Ask()
    return asked(said.get("tab"), said.get("who"), said.get("unit"), None)


def _mark(viewer: Signed) -> str:
    """Whose the filters are, without leaving the name in the browser."""
    return sha256(viewer.account.encode()).hexdigest()[:16]


@router.post("/hotline/next")
def claim_next(request: Request, site: SiteHere, viewer: Operator, form: Sent) -> RedirectResponse:
    """Claims the most pressing one of the tab that nobody has; where another was quicker, the
    next. From a complaint's page it is the tab looked at last.
    """
    tab = text(form, "tab")
    ask = asked(tab, text(form, "who"), text(form, "unit"), None) if tab else _kept(request, viewer)
    found = _claimed(site, viewer, form, asked(ask.tab, None, ask.unit, None))
    return RedirectResponse(f"/c/{found}" if found else f"{ask.address()}&nobody=1", 303)


def _claimed(site: Site, viewer: Signed, form: FormData, ask: Ask) -> str | None:
    with site.office.database.read() as conn:
        if (first := _first(conn, viewer, form)) is not None:
            return first
        free = Rows(conn, viewer.actor, site.office.rulebook, ask).free(TRIES)
    if not TABS[ask.tab].claims:
        return free[0] if free else None
    for subject in free:
        try:
            return take(site, viewer, form, hotline.claim, subject).subject
        except KeyReused:  # pressed twice at once
            with site.office.database.read() as conn:
                return _first(conn, viewer, form)
        except Refused:
            continue
    return None


def _first(conn: Connection, viewer: Signed, form: FormData) -> str | None:
    """What an earlier press of the same form claimed."""
    key = f"{viewer.account}/{text(form, 'key')}"
    query = select(commands.c.subject).where(commands.c.key == key)
    return conn.execute(query).scalar()
