"""登录：the cookie that holds a session's secret, and from where somebody signs in."""

from __future__ import annotations

from typing import TypeVar

from fastapi import Request
from fastapi.responses import Response

from console.accounts.sessions import sign_out
from console.web.access import COOKIE, FILTERED, FILTERS
from console.web.site import site_of, told_https
from workflow.settings import LOOPBACK

_Answer = TypeVar("_Answer", bound=Response)
_LONGEST = 1000


def remember(answer: _Answer, request: Request, secret: str) -> _Answer:
    """The answer with the session's cookie: no script reads it, no other site sends it, and it
    goes over https alone, but on the loopback. It ends with the browser; the session that this
    browser had before is over.
    """
    if older := request.cookies.get(COOKIE):
        sign_out(site_of(request).office, older)
    answer.set_cookie(
        COOKIE,
        secret,
        path="/",
        httponly=True,
        secure=secure(request),
        samesite="lax" if site_of(request).office.settings.oidc_issuer else "strict",
    )
    return answer


def forget(answer: _Answer) -> _Answer:
    """The answer that takes the cookie away, and with it what the person had filtered."""
    answer.delete_cookie(COOKIE, path="/", httponly=True)
    answer.delete_cookie(FILTERS, path=FILTERED, httponly=True)
    return answer


def secure(request: Request) -> bool:
    """Whether a cookie is for https alone: also where a proxy that has the certificate says neither
    so nor which host was asked for.
    """
    behind = told_https(request, site_of(request).office.settings.url)
    return request.url.scheme == "https" or not _on_this_host(request) or behind


def _on_this_host(request: Request) -> bool:
    return request.url.hostname in LOOPBACK


def insecure(request: Request) -> bool:
    """Whether the browser would not send the cookie back: neither https nor the loopback, and the
    console's address says nothing else.
    """
    plain = request.url.scheme == "http" and not _on_this_host(request)
    return plain and not site_of(request).office.settings.url.startswith("https://")


def address_of(request: Request) -> str:
    """The network address that asks."""
    return request.client.host if request.client else "?"


def within(place: str) -> str:
    """A page of ours to go on to; the first page where it is anything else."""
    ours = place.startswith("/") and not place.startswith(("//", "/\\")) and place.isprintable()
    return place if ours and len(place) <= _LONGEST else "/"
