"""留痕查找: whose traces are looked at, without his name in an address."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from console.web import sealing
from console.web.access import Sent, SiteHere
from console.web.navigation import TRACES
from console.web.stepping import text
from console.wiring import Office
from workflow.errors import Damaged

router = APIRouter(prefix="/ops")
TRACED = ("looks", "reveals", "signins")
"""The tabs that tell what one person did."""

_SEALED = "ops", "account"


def sealed(office: Office, account: str) -> str:
    """An account as it stands in an address; nothing where there is none."""
    if not account:
        return ""
    return sealing.sealed(office, *_SEALED, account.encode())


def opened(office: Office, who: str) -> str:
    """The account that was `sealed`. Raises HTTPException for anything else."""
    if not who:
        return ""
    try:
        return sealing.opened(office, *_SEALED, who).decode()
    except Damaged:
        raise HTTPException(404) from None


def _of_address(site: SiteHere, who: Annotated[str, Query(max_length=1000)] = "") -> str:
    return opened(site.office, who)


Account = Annotated[str, Depends(_of_address)]
"""Whose traces are asked for; empty: everybody's."""


@router.post("/find", dependencies=[Depends(TRACES)])
def find(site: SiteHere, form: Sent) -> RedirectResponse:
    """To the tab that was looked at, for the account and the complaint that were typed."""
    tab = text(form, "tab")
    account, subject = text(form, "account") or "", text(form, "subject") or ""
    who = sealed(site.office, account[:120])
    here = tab if tab in TRACED else TRACED[0]
    return RedirectResponse(f"/ops?tab={here}&who={who}&subject={quote(subject[:64])}", 303)
