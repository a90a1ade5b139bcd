"""网页: a template becomes a page; an error becomes a page in plain words."""

from __future__ import annotations

import hashlib
import secrets
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from console import wording
from console.accounts import Signed
from console.cli_tokens import SCOPE_WORDS
from console.refusals import line
from console.source_words import source_title
from console.web.access import Forged, PasswordDue, SignInNeeded, signed_in
from console.web.limiting import TooOften
from console.web.navigation import LIVE, SEARCH, entries
from console.web.site import Site, site_of
from console.web.told import MOST, recent
from producers.sources.words import field_title
from workflow import errors

STATIC = Path(__file__).parent / "static"
TITLES = {
    400: "看不懂这次提交",
    405: "这个网址不能这样打开",
    401: "请先登录",
    403: "没有权限",
    404: "没有这个页面",
    409: "现在不能这样办",
    413: "内容太大",
    422: "填报有误",
    429: "操作太频繁",
    500: "系统出错",
    503: "系统暂时忙",
}
_STATUS: tuple[tuple[type[errors.BihuanError], int], ...] = (
    (SignInNeeded, 401),
    (Forged, 403),
    (errors.NotPermitted, 403),
    (errors.SignInRefused, 403),
    (errors.UnknownComplaint, 404),
    (errors.StaleVersion, 409),
    (errors.IllegalStep, 409),
    (errors.KeyReused, 409),
    (errors.InvalidInput, 422),
    (TooOften, 429),
    (errors.Transient, 503),
)


def status_of(error: errors.BihuanError) -> int:
    """The HTTP status of a refusal: 401, 403, 404, 409, 422, 429 or 503; 500 for what nobody can
    mend by asking differently.
    """
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def page(request: Request, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
    """The template filled; every page has what `_shared` gives, a fresh command key among it,
    beside its own context.
    """
    shared = _shared(request) | {"status": status}
    return HTMLResponse(templates().get_template(template).render(shared | context), status)


def _shared(request: Request) -> dict[str, Any]:
    site, viewer = site_of(request), signed_in(request)
    now = site.office.clock()
    return {
        "request": request,
        "viewer": viewer,
        "unit_name": _unit_name(site, viewer),
        "navigation": entries(viewer.role) if viewer else (),
        "searches": viewer is not None and viewer.role in SEARCH.roles,
        "listens": viewer is not None and viewer.role in LIVE.roles,
        "key": secrets.token_urlsafe(12),
        "now": now,
        "zone": site.office.rulebook.in_force(now).zone,
        "parts": site.parts,
        "recent_messages": cache(partial(_recent, site, viewer, now)),
    }


def _recent(site: Site, viewer: Signed | None, now: int) -> str:
    """How many recent messages the viewer has, for the head of a whole page; empty for none."""
    if viewer is None:
        return ""
    with site.office.database.read() as conn:
        count = recent(conn, viewer.actor, now)
    return "" if not count else f"{count}+" if count == MOST else str(count)


def _unit_name(site: Site, viewer: Signed | None) -> str:
    unit = viewer.unit if viewer else None
    return site.office.unit_name(unit) if unit else ""


@lru_cache(maxsize=1)
def templates() -> Environment:
    """The templates of every page."""
    env = Environment(
        loader=PackageLoader("console.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.globals |= {"static": static}
    env.filters |= {
        "when": wording.when,
        "near": wording.near,
        "state_name": wording.state_name,
        "role_name": wording.role_name,
        "event_name": wording.event_name,
        "scope_name": SCOPE_WORDS.__getitem__,
        "source_title": source_title,
        "field_title": field_title,
        "size": wording.size_text,
        "value_text": lambda value, field, zone: wording.value_text(field, value, zone),
    }
    return env


@lru_cache(maxsize=256)
def static(name: str) -> str:
    """The address of a file of ours, with its version: it may be kept for ever."""
    try:
        digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    except OSError:
        digest = "missing"
    return f"/static/{name}?{digest}"


def refused(request: Request, error: errors.BihuanError) -> Response:
    """A refusal that no page took care of."""
    if isinstance(error, SignInNeeded | PasswordDue):
        return _sign_in(request, error)
    status = status_of(error)
    answer = problem(request, status, line(error))
    if status == 503:
        answer.headers["Retry-After"] = "2"
    if isinstance(error, TooOften):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _sign_in(request: Request, error: SignInNeeded | PasswordDue) -> Response:
    """To where it can be mended: by htmx too, which would else put the page into a corner."""
    signing_in = str(site_of(request).parts.get("sign_in", "/login"))
    place = "/password" if isinstance(error, PasswordDue) else signing_in
    if request.url.path == "/live":
        return Response(status_code=204)  # tells an EventSource not to come back
    if place == "/login" and (page := _stood_on(request)) != "/":
        place += f"?next={quote(page)}"
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": place})
    return RedirectResponse(place, 303)


def _stood_on(request: Request) -> str:
    """The page that asks: the one opened, or the one that a form or a part of it was on. What had
    just been done there is not said again.
    """
    here = request.headers.get("hx-current-url")
    if here is None:
        here = str(request.url) if request.method == "GET" else request.headers.get("referer", "")
    try:
        return without(urlsplit(here), "did", "done", "urged")
    except ValueError:  # no address
        return "/"


def without(address: SplitResult, *told: str) -> str:
    """The page at this address, without what was told there before: parts of its query by name."""
    parts = address.query.split("&")
    kept = "&".join(part for part in parts if part and part.partition("=")[0] not in told)
    return (address.path or "/") + (f"?{kept}" if kept else "")


def problem(request: Request, status: int, told: str = "") -> HTMLResponse:
    """A whole page, or for htmx one box, that says what is wrong and what can be done."""
    title = TITLES.get(status, TITLES[500])
    name = "refusal.html" if request.headers.get("hx-request") else "problem.html"
    return page(request, name, status, title=title, told=told)
