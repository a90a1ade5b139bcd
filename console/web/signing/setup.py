"""登录：a one-time link by which a person sets the password; opening it uses nothing up."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.accounts import passwords
from console.accounts.setup import Invited, invited, use_link
from console.accounts.signing import sign_in
from console.refusals import line
from console.web.access import PUBLIC, Sent, SiteHere
from console.web.rendering import page, problem
from console.web.signing.cookies import address_of, remember
from workflow.errors import InvalidInput

router = APIRouter()


@router.get("/setup/{secret}", dependencies=[Depends(PUBLIC)])
def shown(request: Request, site: SiteHere, secret: str) -> HTMLResponse:
    """The form; 404 for a link that is unknown, used or too old."""
    try:
        who = invited(site.office, secret)
    except InvalidInput as error:
        return problem(request, 404, error.reason)
    return _form(request, who)


@router.post("/setup/{secret}", dependencies=[Depends(PUBLIC)])
def used(request: Request, site: SiteHere, secret: str, form: Sent) -> Response:
    """Sets the password and signs in."""
    new, address = str(form.get("new") or ""), address_of(request)
    try:
        who = invited(site.office, secret)
    except InvalidInput as error:
        return problem(request, 404, error.reason)
    try:
        if new != str(form.get("again") or ""):
            raise InvalidInput("password", "（不显示）", "两次输入的密码不一样")
        account = use_link(site.office, secret, new, address)
    except InvalidInput as error:
        return _form(request, who, 422, line(error))
    session = sign_in(site.office, account, new, address)
    return remember(RedirectResponse("/", 303), request, session)


def _form(request: Request, who: Invited, status: int = 200, refusal: str = "") -> HTMLResponse:
    return page(
        request,
        "signing/setup.html",
        status,
        title="设置密码",
        who=who,
        refusal=refusal,
        shortest=passwords.SHORTEST,
    )
