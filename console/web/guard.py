"""网页: what holds for every answer and every request: headers, where a form comes from, how large
it may be.
"""

from __future__ import annotations

import re
from contextlib import nullcontext
from urllib.parse import unquote_to_bytes, urlsplit, urlunsplit

from anyio import BrokenResourceError
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.places import lent

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
STATIC = "/static/"
KEPT = "public, max-age=31536000, immutable"
UNSEEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Control characters but tab and line ends: nobody types one, and a database may take none."""

GARBLED = "网址里有不能用的字符，没有办理。请从本系统的页面重新打开。"
FOREIGN = "请求不是从本系统的页面发出的，没有办理。请从本系统的页面重新提交。"


class Guard:
    """Adds the headers to every answer, and turns away whatever another site's page sends, and
    addresses with control characters.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
                headers.setdefault("Cache-Control", _kept(scope, message["status"]))
                if message["status"] == 307:
                    headers["Location"] = _here(headers["Location"])
            await send(message)

        if _garbled(scope):
            await PlainTextResponse(GARBLED, 400)(scope, receive, guarded)
            return
        if _foreign(scope):
            await PlainTextResponse(FOREIGN, 403)(scope, receive, guarded)
            return
        try:
            with nullcontext() if scope["method"] in SAFE else lent():  # it waits for the writer
                await self.app(scope, receive, guarded)
        except* BrokenResourceError:  # whoever followed a stream is gone: nobody to answer
            pass


class Guarded(FastAPI):
    """An application whose every answer has been through the guard: those to an error of ours and
    to a body too large, which no middleware sees, as well.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Guard(super().__call__)(scope, receive, send)


def _kept(scope: Scope, status: int) -> str:
    """Files carry their version in the address; pages are never kept."""
    versioned = scope["path"].startswith(STATIC) and scope["query_string"]
    return KEPT if versioned and status == 200 else "no-store"


def _here(location: str) -> str:
    """Where a slash too many leads to, without a host: behind a proxy we know neither ours nor
    whether it is https, and what was sent, a token with it, would be sent again in the clear.
    """
    parts = urlsplit(location)
    return urlunsplit(("", "", "/" + parts.path.lstrip("/"), parts.query, ""))


def _garbled(scope: Scope) -> bool:
    """Whether the path or what it asks has control characters; the interface for systems says
    that itself, as its document tells.
    """
    if _for_systems(scope):
        return False
    asked = scope["path"].encode(errors="replace"), unquote_to_bytes(scope["query_string"])
    return any(map(UNSEEN.search, asked))


def _foreign(scope: Scope) -> bool:
    """Whether a browser says that another site's page sends this. To the interface for systems it
    may: no browser adds a token by itself.
    """
    if scope["method"] in SAFE or _for_systems(scope):
        return False
    headers = Headers(scope=scope)
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


def _for_systems(scope: Scope) -> bool:
    return bool(scope["path"].startswith("/api/"))
