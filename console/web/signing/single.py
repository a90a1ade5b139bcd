"""登录：to the office's single sign-on and back; what the browser brings back is sealed."""

from __future__ import annotations

import json

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from console.accounts.single import Issuer, Pending, sign_in_as
from console.web import sealing
from console.web.access import PUBLIC, SiteHere
from console.web.rendering import problem
from console.web.signing.cookies import address_of, remember, secure, within
from console.web.site import Site
from workflow.clock import MINUTE
from workflow.errors import Damaged, SignInRefused

AWAY = "bihuan_away"
"""The cookie of whoever is at the issuer's."""

_PATH = "/oidc"
_MINUTES = 10

router = APIRouter(prefix=_PATH)


@router.get("/start", dependencies=[Depends(PUBLIC)])
def start(request: Request, site: SiteHere, next: str = "/") -> Response:
    """Sends the browser to the issuer; 404 where the office has none, 429 where one address
    sets out too often and does not come back.
    """
    if site.office.settings.oidc_issuer is None:
        return problem(request, 404)
    site.tries.take(address_of(request))
    address, pending = Issuer(site.office.settings).begin()
    answer = RedirectResponse(address, 303)
    answer.set_cookie(
        AWAY,
        _sealed(site, pending, within(next)),
        path=_PATH,
        max_age=_MINUTES * 60,
        httponly=True,
        secure=secure(request),
        samesite="lax",
    )
    return answer


@router.get("/callback", dependencies=[Depends(PUBLIC)])
def callback(request: Request, site: SiteHere, state: str = "", code: str = "") -> Response:
    """Signs in whoever has come back with what was taken along; 403 for anybody else."""
    try:
        pending, place = _opened(site, request.cookies.get(AWAY, ""))
        issuer = Issuer(site.office.settings)
        claims = issuer.finish(pending, state, code, site.office.wall())
        secret = sign_in_as(site.office, claims, address_of(request))
    except SignInRefused:
        told = "统一认证没有通过，或这个用户在本系统没有可用的账号。请重试，或找管理员建账号。"
        answer: Response = problem(request, 403, told)
    else:
        # As with a password, a whole office may sit behind one address.
        site.tries.give(address_of(request))
        answer = remember(RedirectResponse(place, 303), request, secret)
    answer.delete_cookie(AWAY, path=_PATH)
    return answer


def _sealed(site: Site, pending: Pending, place: str) -> str:
    until = site.office.wall() + _MINUTES * MINUTE
    plain = json.dumps([*pending, place, until]).encode()
    return sealing.sealed(site.office, AWAY, "pending", plain)


def _opened(site: Site, cookie: str) -> tuple[Pending, str]:
    """Raises SignInRefused for a cookie that is not ours, or too old."""
    try:
        *pending, place, until = json.loads(sealing.opened(site.office, AWAY, "pending", cookie))
    except Damaged:
        raise SignInRefused from None
    if site.office.wall() >= until:
        raise SignInRefused
    return Pending(*pending), place
