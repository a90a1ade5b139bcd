"""单位与人员：the accounts: found, let in again, handed over; by roster, whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from console.accounts import Signed, finding, register, roster
from console.accounts.finding import STATES, Ask, part
from console.accounts.handover import hand_over
from console.accounts.roles import ROLES, roles_in_words
from console.accounts.roster_reading import Roster, read_roster
from console.accounts.sessions import revoke_all
from console.accounts.setup import link_text, make_link
from console.refusals import line
from console.tables import XLSX
from console.web.access import Sent, SiteHere
from console.web.exporting import attached
from console.web.navigation import UNITS
from console.web.office.uploads import at_hand, upload
from console.web.rendering import page, status_of
from console.web.site import Site
from console.web.stepping import text
from console.wiring import Office
from workflow.errors import InvalidInput, Refused

Viewer = Annotated[Signed, Depends(UNITS)]
FARTHEST = 10_000

router = APIRouter(prefix="/units", dependencies=[Depends(UNITS)])


@router.get("")
def accounts(
    request: Request,
    site: SiteHere,
    unit: str = "",
    state: str = "",
    at: Annotated[int, Query(alias="page", ge=1, le=FARTHEST)] = 1,
) -> HTMLResponse:
    return _accounts(request, site, Ask(unit=unit, state=state, page=at))


@router.post("/find")
def find(request: Request, site: SiteHere, form: Sent) -> HTMLResponse:
    """By words of an account or a name: people's names stand in no address."""
    return _accounts(request, site, Ask(words=text(form, "q") or ""))


@router.get("/accounts.xlsx")
def sheet(site: SiteHere) -> Response:
    """The roster as it is read back."""
    return attached(roster.roster_sheet(site.office), "账号名册.xlsx", XLSX)


@router.post("/accounts")
def act(request: Request, site: SiteHere, viewer: Viewer, form: Sent) -> HTMLResponse:
    """One act on one account, whose list is shown again with what became of it."""
    account, wanted = text(form, "account") or "", text(form, "act") or ""
    try:
        if wanted not in ACTS:
            raise InvalidInput("act", wanted, "没有这个操作")
        told = ACTS[wanted](site.office, account, viewer.account, form)
    except Refused as error:
        return _accounts(request, site, Ask(words=account), status_of(error), refusal=line(error))
    return _accounts(request, site, Ask(words=account), **told)


def _link(office: Office, account: str, by: str, _: FormData) -> dict[str, Any]:
    return _linked(office, account, make_link(office, account, by))


def _linked(office: Office, account: str, secret: str) -> dict[str, Any]:
    return {"link": link_text(office.settings.url, secret), "link_of": account}


def _unlock(office: Office, account: str, by: str, _: FormData) -> dict[str, Any]:
    register.unlock(office, account, by)
    return {"done": f"{account} 已解锁，下次登录须改密码。"}


def _revoke(office: Office, account: str, by: str, _: FormData) -> dict[str, Any]:
    ended = revoke_all(office, account, by)
    return {"done": f"{account} 的 {ended} 处登录已全部退出。"}


def _disable(office: Office, account: str, by: str, _: FormData) -> dict[str, Any]:
    register.disable(office, account, by)
    return {"done": f"{account} 已停用，已登录的随即退出。"}


def _enable(office: Office, account: str, by: str, _: FormData) -> dict[str, Any]:
    register.enable(office, account, by)
    return {"done": f"{account} 已恢复，密码照旧。"}


def _hand_over(office: Office, account: str, by: str, form: FormData) -> dict[str, Any]:
    to, name = text(form, "to") or "", text(form, "name") or ""
    new, secret = hand_over(office, account, to, name, text(form, "phone"), by)
    return {"done": f"{account} 已停用，由 {new} 接手。"} | _linked(office, new, secret)


ACTS: Mapping[str, Callable[[Office, str, str, FormData], dict[str, Any]]] = {
    "link": _link,
    "unlock": _unlock,
    "revoke": _revoke,
    "disable": _disable,
    "enable": _enable,
    "hand-over": _hand_over,
}


@router.post("/accounts/check")
def check(request: Request, site: SiteHere, form: Sent) -> HTMLResponse:
    """What the roster would change; nothing is changed."""
    return _preview(request, site, form)


@router.post("/accounts/take")
def take(request: Request, site: SiteHere, viewer: Viewer, form: Sent) -> HTMLResponse:
    """Takes the roster if it does what was shown; else what it would do is shown again."""
    try:
        found = read_roster(site.office, *upload(form))
        if found.errors or _digest(found) != text(form, "digest"):
            return _shown(request, site, found)
        secrets = roster.take_roster(site.office, found, viewer.account)
    except Refused as error:
        return _accounts(request, site, Ask(), status_of(error), refusal=line(error))
    url = site.office.settings.url
    links = at_hand(roster.links_sheet(site.office, secrets, url)) if secrets else ""
    done = f"名册已办：新建 {len(found.new)} 个，修改 {len(found.changed)} 个。"
    return _accounts(request, site, Ask(), done=done, links=links)


def _preview(request: Request, site: Site, form: FormData) -> HTMLResponse:
    try:
        return _shown(request, site, read_roster(site.office, *upload(form)))
    except Refused as error:
        status = status_of(error)
        if request.headers.get("hx-request"):
            return page(request, "refusal.html", status, title="没有读成", told=line(error))
        return _accounts(request, site, Ask(), status, refusal=line(error))


def _shown(request: Request, site: Site, found: Roster) -> HTMLResponse:
    """Within the page that is open, or as a page of its own."""
    units = site.office.units.names
    told: dict[str, Any] = {"roster": found, "digest": _digest(found), "unit_names": units}
    if request.headers.get("hx-request"):
        return page(request, "office/roster.html", **told)
    return _accounts(request, site, Ask(), **told)


def _digest(found: Roster) -> str:
    """Tells whether the same file would still do the same."""
    return hashlib.sha256(repr(found).encode("utf-8", "replace")).hexdigest()


def _accounts(
    request: Request, site: Site, ask: Ask, status: int = 200, **told: Any
) -> HTMLResponse:
    units, now = site.office.units, site.office.wall()
    with site.office.database.read() as conn:
        shown = part(conn, ask, now)
    names = units.names
    context: dict[str, Any] = {
        "title": "单位与人员",
        "ask": ask,
        "part": shown,
        "states": STATES,
        "role_words": roles_in_words(ROLES),
        "most": finding.MOST,
        "unit_names": names,
        "wall": now,
        "roster": None,
        **dict.fromkeys(("done", "refusal", "link", "link_of", "links", "digest"), ""),
    }
    return page(request, "office/accounts.html", status, **(context | told))
