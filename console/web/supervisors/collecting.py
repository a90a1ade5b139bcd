"""归集监测: the page for every morning, its counters' rows, its exports, and 催报."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from console.accounts import Signed
from console.reports import annex4
from console.reports.periods import parse_period
from console.web.access import Sent, SiteHere
from console.web.exporting import download
from console.web.navigation import COLLECT, TAKEN_IN, URGE, PageNo
from console.web.rendering import page
from console.web.site import Site
from console.web.stepping import text
from console.web.supervisors import collection, leaking, taken_in
from producers.supervisors import urge
from schemas.codes import LEVELS, Channel, Origin
from workflow.units import TIERS

router = APIRouter()
WHAT = {"services": "办件", "ratings": "评价", "onsite": "现场主动评价", "bad": "差评"}
CHANNELS = {one.value: one.label for one in Channel}


def asked(
    site: SiteHere,
    period: str | None = None,
    tier: str = annex4.TIER,
    area: str = "",
    show: str = "all",
) -> collection.Ask:
    """The question of the address. Raises InvalidInput for a period that is none."""
    _, today = collection.today_of(site.office)
    units = site.office.units
    return collection.Ask(
        parse_period(period) if period else collection.recent(today),
        tier if tier in ("", *TIERS) else annex4.TIER,
        area if area in units.areas() else "",
        show if show in collection.SHOWS else "all",
    )


AskHere = Annotated[collection.Ask, Depends(asked)]


@router.get("/collect", dependencies=[Depends(COLLECT)])
def collect(
    request: Request,
    site: SiteHere,
    ask: AskHere,
    urged: str | None = None,
) -> HTMLResponse:
    """Unit by month, who sends nothing, what was refused."""
    office, (calendar, today) = site.office, collection.today_of(site.office)
    units = office.units
    with office.database.read() as conn:
        lines = collection.lines(conn, units, calendar, ask, today)
        shown = collection.shown(lines, ask.show)
        told = collection.urged(conn, [line.unit.code for line in shown], today)
        leaks = _leaks(conn, office.clock())
    done = units.by_code.get(urged or "")
    return page(
        request,
        "supervisors/collect.html",
        title="归集监测",
        ask=ask,
        counts={key: len(collection.shown(lines, key)) for key in collection.SHOWS},
        shows=collection.SHOWS,
        lines=shown,
        urged=told,
        today=today.isoformat(),
        tiers=TIERS,
        areas=units.areas(),
        silent_after=collection.SILENT_AFTER,
        done=f"已催报 {done.name}" if done else "",
        **leaks,
    )


def _leaks(conn: Connection, now: int) -> dict[str, Any]:
    return {
        "refusals": leaking.refusals(conn, now),
        "conflicts": leaking.conflict_count(conn, now),
        "lost": leaking.without_a_unit(conn),
    }


@router.get("/collect/export", dependencies=[Depends(COLLECT)])
def export(
    site: SiteHere,
    ask: AskHere,
    form: Literal["csv", "xlsx"] = "xlsx",
) -> Response:
    """The page's table as a file."""
    calendar, today = collection.today_of(site.office)
    with site.office.database.read() as conn:
        lines = collection.lines(conn, site.office.units, calendar, ask, today)
    rows = collection.as_table(collection.shown(lines, ask.show), ask.period)
    return download(rows, f"归集监测_{ask.period.label}", form)


@router.get("/collect/items", dependencies=[Depends(COLLECT)])
def items(request: Request, site: SiteHere, ask: AskHere) -> HTMLResponse:
    """What takes a look at every row: for htmx a box within the page, else a page."""
    units = site.office.units
    with site.office.database.read() as conn:
        found = leaking.slow(site.office, conn, ask.period)
    names = units.names
    box = request.headers.get("hx-request") is not None
    name = "supervisors/items_box.html" if box else "supervisors/items.html"
    enough = leaking.ENOUGH
    return page(request, name, title="事项未配", ask=ask, found=found, names=names, enough=enough)


@router.get("/collect/items/count", dependencies=[Depends(COLLECT)])
def items_count(request: Request, site: SiteHere, ask: AskHere) -> HTMLResponse:
    """How many items nobody rated, for the board."""
    with site.office.database.read() as conn:
        found = leaking.slow(site.office, conn, ask.period)
    return page(request, "supervisors/items_count.html", found=found)


@router.get("/collect/refused", dependencies=[Depends(COLLECT)])
def refused(
    request: Request,
    site: SiteHere,
    source: str | None = None,
    field: str | None = None,
    reason: str | None = None,
    page_no: PageNo = 1,
) -> HTMLResponse:
    """Refused rows of the last month, their values masked as they are kept."""
    by = {"source": source, "field": field, "reason": reason}
    with site.office.database.read() as conn:
        found = leaking.refused_rows(conn, site.office.clock(), by, page_no)
    return page(request, "supervisors/refused.html", title="拒收的行", by=by, **_paged(found))


@router.get("/collect/conflicts", dependencies=[Depends(COLLECT)])
def conflicts(
    request: Request,
    site: SiteHere,
    page_no: PageNo = 1,
) -> HTMLResponse:
    """Contents of the last month that came under a key which had another."""
    with site.office.database.read() as conn:
        found = leaking.conflict_rows(conn, site.office.clock(), page_no)
    return page(request, "supervisors/conflicts.html", title="内容冲突", **_paged(found))


def rows_asked(
    site: SiteHere,
    of: taken_in.Of = taken_in.Of.RATINGS,
    period: str | None = None,
    unit: str | None = None,
    item: str | None = None,
    source: str | None = None,
    channel: Channel | None = None,
) -> taken_in.Ask:
    """The rows of the address; services come through no channel and are a unit's. Raises
    InvalidInput for a period that is none.
    """
    _, today = collection.today_of(site.office)
    asked_for = parse_period(period) if period else collection.recent(today)
    if unit is None and (channel is None or of is taken_in.Of.SERVICES):
        of = taken_in.Of.RATINGS
    if of is taken_in.Of.SERVICES:
        source = channel = None
    return taken_in.Ask(of, asked_for, unit, item, source, channel)


@router.get("/collect/rows", dependencies=[Depends(TAKEN_IN)])
def rows_behind(
    request: Request,
    site: SiteHere,
    ask: Annotated[taken_in.Ask, Depends(rows_asked)],
    page_no: PageNo = 1,
) -> HTMLResponse:
    """What one number counts; asked for nothing, the ratings whose unit nobody knows."""
    with site.office.database.read() as conn:
        found = taken_in.taken_in(conn, ask, page_no)
    return page(
        request,
        "supervisors/taken_in.html",
        title=WHAT[ask.of],
        what=WHAT[ask.of],
        ask=ask,
        unit_label=site.office.unit_name(ask.unit or ""),
        levels=LEVELS,
        channels=CHANNELS,
        origins={one.value: one.label for one in Origin},
        **_paged(found),
    )


def _paged(found: leaking.Paged) -> dict[str, Any]:
    shown = {"rows": found.rows, "count": found.count, "days": leaking.DAYS}
    return shown | {"page_no": found.page_no, "pages": found.pages}


@router.post("/collect/urge")
def urging(
    site: SiteHere, viewer: Annotated[Signed, Depends(URGE)], ask: AskHere, form: Sent
) -> Response:
    """催报: the unit's contact person finds it in his messages. Raises InvalidInput."""
    code = text(form, "unit") or ""
    urge(site.office.ledger, code, account=viewer.account, why=_why(site, ask, code))
    site.moved()
    asked_for = {"period": ask.period.label, "tier": ask.tier, "area": ask.area, "show": ask.show}
    return RedirectResponse(f"/collect?{urlencode(asked_for | {'urged': code})}", 303)


def _why(site: Site, ask: collection.Ask, code: str) -> str:
    calendar, today = collection.today_of(site.office)
    with site.office.database.read() as conn:
        lines = collection.lines(conn, site.office.units, calendar, ask, today)
    line = next((line for line in lines if line.unit.code == code), None)
    upto = f"截至{today.month}月{today.day}日"
    if line is None or line.last is None:
        return f"{upto}没有收到贵单位的评价"
    last = f"{line.last.month}月{line.last.day}日"
    return f"{upto}，最近一条评价是{last}，已 {line.silent} 个工作日没有新的"
