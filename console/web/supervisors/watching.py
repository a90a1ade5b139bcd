"""超期监督: the board, one complaint's awaited, and the acts from a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from console.accounts import Signed
from console.foreseen import extended
from console.parked import stuck
from console.refusals import line
from console.retaliation import reported
from console.web.access import SiteHere, step
from console.web.navigation import WATCH, page_there
from console.web.rendering import page, status_of
from console.web.site import Site
from console.web.supervisors import board
from console.web.supervisors.acting import ACTS
from console.web.supervisors.decisions import awaiting
from console.web.supervisors.headline import headline
from console.web.supervisors.history import history
from console.web.supervisors.lines import at_units, awaited, lines, pressing
from console.web.supervisors.proposals import to_decide
from console.web.supervisors.signals import signals
from console.web.supervisors.spans import spans
from console.web.supervisors.taking import Asked, safe, taking, told
from schemas.envelope import Role
from workflow.limits import LIMITS

router = APIRouter()
AskHere = Annotated[board.Ask, Depends(board.asked)]


@router.get("/watch")
def watch(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(WATCH)],
    ask: AskHere,
    did: str | None = None,
    of: str | None = None,
) -> HTMLResponse:
    """Everything that is open, the most awaited first, with what one looks at every morning."""
    with site.office.database.read() as conn:
        shown = _board(site, conn, viewer, ask)
        shown |= {
            "total_waiting": awaiting(conn, viewer.actor)
            + to_decide(site.office, conn, viewer.actor),
            "head": headline(site.office, conn),
            "signals": signals(site.office, conn),
            "retaliation": reported(conn),
            "stuck": [one for one in stuck(conn) if not one.held],
        }
    return page(request, "supervisors/watch.html", title="超期监督", done=told(did, of), **shown)


@router.get("/watch/rows")
def rows(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(WATCH)],
    ask: AskHere,
) -> HTMLResponse:
    """The board alone, for a page that is open."""
    with site.office.database.read() as conn:
        shown = _board(site, conn, viewer, ask)
    return page(request, "supervisors/board.html", **shown)


def _board(site: Site, conn: Connection, viewer: Signed, ask: board.Ask) -> dict[str, Any]:
    office, now = site.office, site.office.clock()
    at, units = spans(office.rulebook.calendar_at(now), now), office.units
    tabs = board.tabs(conn, viewer.actor, ask, at)
    count = next(tab.count for tab in tabs if tab.key == ask.show)
    there, pages = page_there(ask.page, count, board.PER_PAGE)
    ask = replace(ask, page=there)
    everything = next(tab.count for tab in tabs if tab.key == "all")
    wide = bool(ask.unit or ask.day) or everything >= board.MATRIX_FROM
    found = board.page_of(conn, viewer.actor, ask, at)
    return {
        "ask": ask,
        "tabs": tabs,
        "count": count,
        "pages": pages,
        "rows": lines(office, conn, viewer.actor, found, at, units),
        "spans": at.days,
        "matrix": board.matrix(conn, viewer.actor, at, units) if wide else (),
        "unit_label": board.unit_name(units, ask.unit) if ask.unit else "",
        "day_label": span.label if (span := at.named(ask.day)) else "",
        "updated": now,
    }


@router.get("/watch/{subject}")
def one(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(WATCH)],
    subject: str,
    act: str | None = None,
    back: str | None = None,
) -> HTMLResponse:
    """How one complaint was pressed, and the form of the act asked for; for htmx the form alone."""
    shown = _one(site, viewer, subject, act, {}, safe(back))
    name = "form" if request.headers.get("hx-request") else "one"
    return page(request, f"supervisors/{name}.html", title=f"督办 {subject}", **shown)


def _one(
    site: Site, viewer: Signed, subject: str, event: str | None, given: Mapping[str, Any], back: str
) -> dict[str, Any]:
    found = history(site.office, subject, viewer.actor)
    c = found.complaint
    rules = site.office.rulebook.of(c)
    with site.office.database.read() as conn:
        contact = at_units(conn, {c.unit}).get(c.unit, "") if c.unit else ""
    opened = [row for row in LIMITS if row.name in found.complaint.limits and not row.window]
    return {
        "found": found,
        "c": found.complaint,
        "contact": contact,
        "act": ACTS[event] if event in found.legal else None,
        "acts": [ACTS[name] for name in found.legal],
        "given": given or {"limit": awaited(c, pressing(c)) or ""},
        "limits": [(row.name, row.label) for row in opened],
        "extended": extended(rules, found.complaint),
        "units": site.office.units.units,
        "back": back,
        "refused": "",
    }


def _again(request: Request, site: Site, viewer: Signed, asked: Asked) -> HTMLResponse:
    """The page with what was typed, and why it was refused."""
    shown = _one(site, viewer, asked.subject, asked.event, asked.given, asked.back)
    shown["refused"] = line(asked.error)
    title, status = f"督办 {asked.subject}", status_of(asked.error)
    return page(request, "supervisors/one.html", status, title=title, **shown)


for _event in ACTS:
    _permission = step(_event)
    if Role.SUPERVISOR in _permission.roles:
        router.add_api_route(
            f"/watch/{{subject}}/{_event}",
            taking(_event, _again),
            methods=["POST"],
            dependencies=[Depends(_permission)],
        )
