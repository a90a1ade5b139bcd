"""异常件与留痕: what stands still and how it goes on, for IT; who looked and who signed in, for the
auditor; where the chains stand, for both; reports of retaliation, for supervisor and auditor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, func, select
from starlette.datastructures import FormData

from console.accounts import Signed
from console.accounts.record import WORDS, lines
from console.messages import messages
from console.parked import LANES, POSITIONS, RATINGS, parcels, stuck
from console.refusals import line
from console.retaliation import reported, reports
from console.traces import Reveal, looks, reveals
from console.web.access import Sent, SiteHere
from console.web.navigation import MEND, OPS, PageNo, page_there
from console.web.office.sought import Account, sealed
from console.web.rendering import page, status_of
from console.web.site import Site
from console.web.stepping import text, whole
from producers.message import discard as discard_message
from producers.message import retry as retry_message
from schemas.envelope import Role
from workflow.audit import heads
from workflow.bus import parking
from workflow.errors import BihuanError, InvalidInput
from workflow.said import of_failure
from workflow.storage.models import outbox

router = APIRouter(prefix="/ops")
PER_PAGE = 100
TABS: Mapping[Role, Mapping[str, str]] = {
    Role.SUPERVISOR: {"stuck": "异常件", "retaliation": "打击报复反映"},
    Role.IT: {"stuck": "异常件", "outbox": "没发出去的消息", "chain": "事件链"},
    Role.AUDITOR: {
        "looks": "谁看过什么",
        "reveals": "谁看过号码",
        "retaliation": "打击报复反映",
        "signins": "登录",
        "chain": "事件链",
    },
}
_NOTHING_ASKED: dict[str, Any] = {
    **dict.fromkeys(("account", "who", "subject"), ""),
    "page_no": 1,
    "before": None,
}


@router.get("")
def ops(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(OPS)],
    account: Account,
    tab: str | None = None,
    subject: str | None = None,
    page_no: PageNo = 1,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    did: str | None = None,
) -> HTMLResponse:
    """The viewer's own tabs; the first where none is named."""
    who = {"account": account, "who": sealed(site.office, account), "subject": subject or ""}
    asked = {**who, "page_no": page_no, "before": before}
    shown = _shown(site, viewer, tab, asked)
    return page(request, "office/ops.html", title="异常件与留痕", did=did, refused="", **shown)


def _shown(site: Site, viewer: Signed, tab: str | None, asked: dict[str, Any]) -> dict[str, Any]:
    tabs = TABS[viewer.role]
    here = tab if tab is not None and tab in tabs else next(iter(tabs))
    with site.office.database.read() as conn:
        found = _TABS[here](site, conn, asked | {"actor": viewer.actor})
    return {"tabs": tabs, "tab": here, "given": {}, **asked, **found}


def _stuck(_: Site, conn: Connection, __: Mapping[str, Any]) -> dict[str, Any]:
    return {"stuck": stuck(conn), "parcels": parcels(conn)}


def _unsent(site: Site, conn: Connection, asked: Mapping[str, Any]) -> dict[str, Any]:
    failed = outbox.c.status == "failed"
    count = conn.execute(select(func.count()).select_from(outbox).where(failed)).scalar_one()
    there, pages = page_there(asked["page_no"], count, PER_PAGE)
    after = (there - 1) * PER_PAGE
    found = messages(conn, site.office.units, failed, most=PER_PAGE, after=after)
    return {"unsent": found, "count": count, "page_no": there, "pages": pages}


def _looks(site: Site, conn: Connection, asked: Mapping[str, Any]) -> dict[str, Any]:
    who = asked["account"], asked["subject"]
    found = looks(conn, *who, most=PER_PAGE + 1, before=asked["before"])
    shown, more = found[:PER_PAGE], len(found) > PER_PAGE
    older = shown[-1].id if more else None
    return {"looks": shown, "older": older, "units": site.office.units.printed}


def _reveals(site: Site, conn: Connection, asked: Mapping[str, Any]) -> dict[str, Any]:
    def read(page_no: int) -> tuple[int, Sequence[Reveal]]:
        who, after = (asked["account"], asked["subject"]), (page_no - 1) * PER_PAGE
        return reveals(conn, site.office.vault, *who, most=PER_PAGE, after=after)

    count, found = read(asked["page_no"])
    there, pages = page_there(asked["page_no"], count, PER_PAGE)
    if there != asked["page_no"]:
        _, found = read(there)
    marks = {account: sealed(site.office, account) for account in {one.account for one in found}}
    return {
        "reveals": found,
        "count": count,
        "page_no": there,
        "pages": pages,
        "marks": marks,
    }


def _retaliation(site: Site, conn: Connection, asked: Mapping[str, Any]) -> dict[str, Any]:
    count = reported(conn)
    there, pages = page_there(asked["page_no"], count, PER_PAGE)
    found = reports(conn, asked["actor"], most=PER_PAGE, after=(there - 1) * PER_PAGE)
    names = site.office.units.printed
    return {"reports": found, "count": count, "page_no": there, "pages": pages, "units": names}


def _sign_ins(_: Site, conn: Connection, asked: Mapping[str, Any]) -> dict[str, Any]:
    who = asked["account"] or None
    found, older = lines(conn, who, PER_PAGE, asked["before"])
    return {"happened": found, "older": older, "words": WORDS}


def _chain(_: Site, conn: Connection, __: Mapping[str, Any]) -> dict[str, Any]:
    return {"heads": tuple(heads(conn))}


_TABS: Mapping[str, Callable[[Site, Connection, Mapping[str, Any]], dict[str, Any]]] = {
    "stuck": _stuck,
    "outbox": _unsent,
    "looks": _looks,
    "reveals": _reveals,
    "retaliation": _retaliation,
    "signins": _sign_ins,
    "chain": _chain,
}


@router.post("/retry", dependencies=[Depends(MEND)])
def retry(
    request: Request, site: SiteHere, viewer: Annotated[Signed, Depends(OPS)], form: Sent
) -> Response:
    """Tries a reaction or a message again, and lets those behind it go on."""
    return _mended(request, site, viewer, form, _retry)


@router.post("/discard", dependencies=[Depends(MEND)])
def discard(
    request: Request, site: SiteHere, viewer: Annotated[Signed, Depends(OPS)], form: Sent
) -> Response:
    """Gives it up, with a reason."""
    return _mended(request, site, viewer, form, _discard)


def _mended(
    request: Request,
    site: Site,
    viewer: Signed,
    form: FormData,
    mend: Callable[[Site, FormData, str], str],
) -> Response:
    try:
        did = mend(site, form, viewer.account)
    except BihuanError as error:
        told, status = line(error), status_of(error)
    except Exception as error:  # whatever the reaction failed of, it stays parked
        told, status = f"还是没有做成：{_named(error)}", 409
    else:
        site.moved()
        return RedirectResponse(f"/ops?did={did}", 303)
    shown = _shown(site, viewer, "stuck", _NOTHING_ASKED | {"given": _given(form)})
    title = "异常件与留痕"
    return page(request, "office/ops.html", status, title=title, did=None, refused=told, **shown)


def _given(form: FormData) -> dict[str, str]:
    """Which one was to be given up, and the reason that was typed."""
    place = "/".join(text(form, name) or "" for name in ("consumer", "lane", "pos"))
    return {"place": place, "reason": text(form, "reason") or ""} if "reason" in form else {}


def _named(error: Exception) -> str:
    """What it means; else its class and what it says first: what a database adds may quote a
    statement or a row.
    """
    said = str(error).strip().partition("\n")[0]
    name = type(error).__name__
    return of_failure(f"{name}: {said}"[:300]) or f"程序报的是 {name}：{said}"[:300]


def _place(form: FormData) -> tuple[str, int, int]:
    """Consumer, lane and position; for a message its partition and offset. Raises InvalidInput."""
    lane, pos = whole(form, "lane"), whole(form, "pos")
    if lane is None or pos is None or lane not in LANES or pos not in POSITIONS:
        raise InvalidInput("place", "", "道号和位置须照列表所列")
    return text(form, "consumer") or "", lane, pos


def _retry(site: Site, form: FormData, by: str) -> str:
    consumer, lane, pos = _place(form)
    office = site.office
    if consumer == RATINGS:
        retry_message(office.ledger, office.desk(), lane, pos, by=by)
    else:
        parking.replay(office.ledger, office.consumer(consumer), lane, pos, by=by)
    return "retried"


def _discard(site: Site, form: FormData, by: str) -> str:
    consumer, lane, pos = _place(form)
    office, reason = site.office, text(form, "reason") or ""
    if consumer == RATINGS:
        discard_message(office.ledger, lane, pos, reason, by=by)
    else:
        parking.discard(office.ledger, office.consumer(consumer), lane, pos, reason, by=by)
    return "discarded"
