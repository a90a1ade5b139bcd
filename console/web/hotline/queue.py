"""核实回访: the tabs, and 认领下一件: the most pressing that nobody has, for one operator alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select
from starlette.datastructures import FormData

from console.accounts import Signed
from console.web.access import Sent, SiteHere
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
KEPT = "hotline"
"""The cookie that remembers the tab and the filters last looked at."""

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
    ask = asked(tab, who, unit, number) if request.url.query else _kept(request)
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
    return _remembered(request, ask, answer)


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


def _remembered(request: Request, ask: Ask, answer: HTMLResponse) -> HTMLResponse:
    secure = request.url.scheme == "https"
    answer.set_cookie(
        KEPT, ask.address()[9:], path="/hotline", httponly=True, secure=secure, samesite="strict"
    )
    return answer


def _kept(request: Request) -> Ask:
    said = {name: values[0] for name, values in parse_qs(request.cookies.get(KEPT, "")).items()}
    return asked(said.get("tab"), said.get("who"), said.get("unit"), None)


@router.post("/hotline/next")
def claim_next(request: Request, site: SiteHere, viewer: Operator, form: Sent) -> RedirectResponse:
    """Claims the most pressing one of the tab that nobody has; where another was quicker, the
    next. From a complaint's page it is the tab looked at last.
    """
    tab = text(form, "tab")
    ask = asked(tab, text(form, "who"), text(form, "unit"), None) if tab else _kept(request)
    found = _claimed(site, viewer, form, asked(ask.tab, None, ask.unit, None))
    return RedirectResponse(f"/c/{found}" if found else f"{ask.address()}&nobody=1", 303)


def _claimed(site: Site, viewer: Signed, form: FormData, ask: Ask) -> str | None:
    with site.office.database.read() as conn:
        free = Rows(conn, viewer.actor, site.office.rulebook, ask).free(TRIES)
    if not TABS[ask.tab].claims:
        return free[0] if free else None
    for subject in free:
        try:
            return take(site, viewer, form, hotline.claim, subject).subject
        except KeyReused:  # pressed twice: what the first press claimed
            return _first(site, viewer, form)
        except Refused:
            continue
    return None


def _first(site: Site, viewer: Signed, form: FormData) -> str | None:
    key = f"{viewer.account}/{text(form, 'key')}"
    with site.office.database.read() as conn:
        query = select(commands.c.subject).where(commands.c.key == key)
        return conn.execute(query).scalar()
