"""接入与消息: the sources and how each is read, one message tried, what went out, whose tokens
there are.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from console.accounts.tokens import listed
from console.messages import messages
from console.refusals import line
from console.trial import trial
from console.web.access import Sent, SiteHere
from console.web.navigation import CONNECT
from console.web.rendering import page, status_of
from console.web.site import Site
from console.web.stepping import text
from producers.sources import sources
from workflow.errors import Refused
from workflow.outbox import CITIZEN
from workflow.storage.models import outbox

router = APIRouter(prefix="/connect", dependencies=[Depends(CONNECT)])
TABS = {"trial": "试推一条", "sources": "来源", "sent": "短信回执", "tokens": "系统令牌"}
MOST = 100


@router.get("")
def connect(request: Request, site: SiteHere, tab: str = "trial") -> HTMLResponse:
    """A message to be tried, the sources, the receipts, or the tokens."""
    here = tab if tab in TABS else "trial"
    return page(request, "office/connect.html", title="接入与消息", **_shown(site, here))


@router.post("/trial")
def tried(request: Request, site: SiteHere, form: Sent) -> HTMLResponse:
    """What the message would be read as; nothing is stored."""
    named, body = text(form, "source") or "", text(form, "body") or ""
    shown = _shown(site, "trial") | {"given": {"source": named, "body": body}}
    try:
        shown["trial"], status = trial(site.office, named, body), 200
    except Refused as error:
        shown["refused"], status = line(error), status_of(error)
    return page(request, "office/connect.html", status, title="接入与消息", **shown)


def _shown(site: Site, tab: str) -> dict[str, Any]:
    office = site.office
    shown: dict[str, Any] = {"tabs": TABS, "tab": tab, "sources": sources()}
    shown |= {"given": {}, "trial": None, "refused": ""}
    with office.database.read() as conn:
        if tab == "sent":
            shown["sent"] = messages(conn, office.units, outbox.c.recipient == CITIZEN, most=MOST)
        if tab == "tokens":
            shown["tokens"], shown["wall"] = listed(conn), office.wall()
    return shown
