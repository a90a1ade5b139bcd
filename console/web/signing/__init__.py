"""登录：in, out, another role, another password."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.accounts import Signed, passwords
from console.accounts.register import anybody, existing
from console.accounts.roles import role_of
from console.accounts.sessions import act_as, sign_out
from console.accounts.signing import change_password, sign_in
from console.refusals import line
from console.web.access import (
    COOKIE,
    OWN,
    PEOPLE,
    PUBLIC,
    Allowed,
    Sent,
    SiteHere,
    sent,
    signed_in,
)
from console.web.limiting import TooOften
from console.web.rendering import page, status_of
from console.web.signing import setup, single
from console.web.signing.cookies import address_of, forget, insecure, remember, within
from console.web.site import Site
from workflow.errors import InvalidInput, Refused, SignInRefused

SWITCH = Allowed("换身份", *PEOPLE)

router = APIRouter()
router.include_router(setup.router)
router.include_router(single.router)


@router.get("/login", dependencies=[Depends(PUBLIC)])
def login(request: Request, site: SiteHere, next: str = "/") -> Response:
    """The form; whoever is signed in already goes on."""
    if signed_in(request) is not None:
        return RedirectResponse(within(next), 303)
    form = _form(request, site, place=within(next))
    if request.headers.get("sec-fetch-site") == "cross-site":
        # The cookie is not sent when another site leads here: asked by ourselves, it is.
        form.headers["Refresh"] = f"0;url=/login?next={quote(within(next))}"
    return form


@router.post("/login", dependencies=[Depends(PUBLIC)])
def enter(request: Request, site: SiteHere, form: Sent) -> Response:
    """Signs in. 403 with the form again where it fails, 429 where one address fails too often."""
    account, place = str(form.get("account") or ""), within(str(form.get("next") or "/"))
    address = address_of(request)
    try:
        site.tries.take(address)
        secret = sign_in(site.office, account, str(form.get("password") or ""), address)
    except (SignInRefused, TooOften) as error:
        form_again = _form(request, site, status_of(error), account, place, line(error))
        if isinstance(error, TooOften):
            form_again.headers["Retry-After"] = str(error.retry_after)
        return form_again
    # A whole office may sit behind one address: only failures count.
    site.tries.give(address)
    return remember(RedirectResponse(place, 303), request, secret)


def _form(
    request: Request,
    site: Site,
    status: int = 200,
    account: str = "",
    place: str = "/",
    refusal: str = "",
) -> HTMLResponse:
    return page(
        request,
        "signing/login.html",
        status,
        title="登录",
        account=account,
        place=place,
        refusal=refusal,
        single=site.office.settings.oidc_issuer is not None,
        insecure=insecure(request),
        nobody=not anybody(site.office),
    )


@router.post("/logout", dependencies=[Depends(PUBLIC), Depends(sent)])
def leave(request: Request, site: SiteHere) -> Response:
    """Ends the session; whoever has none is out already."""
    secret = request.cookies.get(COOKIE)
    if secret:
        sign_out(site.office, secret)
    return forget(RedirectResponse("/login", 303))


@router.post("/as", dependencies=[Depends(SWITCH)])
def switch(request: Request, site: SiteHere, form: Sent) -> Response:
    """Goes on in another of the account's roles."""
    act_as(site.office, request.cookies[COOKIE], role_of(str(form.get("role") or "")))
    return RedirectResponse("/", 303)


@router.get("/password")
def password(
    request: Request, site: SiteHere, viewer: Annotated[Signed, Depends(OWN)]
) -> HTMLResponse:
    """The form; where the account has no password, where that of its sign-in is changed."""
    return _password(request, site, viewer)


@router.post("/password")
def change(
    request: Request, site: SiteHere, viewer: Annotated[Signed, Depends(OWN)], form: Sent
) -> Response:
    """Sets another password; wherever else the account is signed in, it is out."""
    old, new = str(form.get("old") or ""), str(form.get("new") or "")
    try:
        if new != str(form.get("again") or ""):
            raise InvalidInput("password", "（不显示）", "两次输入的新密码不一样")
        secret = change_password(
            site.office, request.cookies[COOKIE], old, new, address_of(request)
        )
    except SignInRefused:
        told = "原密码不对，或连错太多次已暂时锁定。"
        return _password(request, site, viewer, 403, told)
    except Refused as error:
        return _password(request, site, viewer, status_of(error), line(error))
    return remember(RedirectResponse("/", 303), request, secret)


def _password(
    request: Request, site: Site, viewer: Signed, status: int = 200, refusal: str = ""
) -> HTMLResponse:
    with site.office.database.read() as conn:
        none = existing(conn, viewer.account).password is None
    issuer = site.office.settings.oidc_issuer
    if none:
        where = urlsplit(issuer).hostname if issuer else None
        return page(request, "signing/no_password.html", status, title="修改密码", issuer=where)
    return page(
        request,
        "signing/password.html",
        status,
        title="修改密码",
        refusal=refusal,
        first=viewer.must_change,
        shortest=passwords.SHORTEST,
        single=issuer is not None,
    )
