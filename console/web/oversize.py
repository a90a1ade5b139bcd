"""网页: what is too large is refused by the server before any route hears of it; here it gets our
words.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from console.web.api.app import PLACE
from console.web.api.problems import too_large

TOLD = "内容太大，什么也没有记录。请把文件缩小，或分几次提交。"


class Worded(FastAPI):
    """An application whose 413 is ours."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        replaced = False

        async def worded(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and _servers_own(message):
                replaced = True
                await _ours(scope)(scope, receive, send)
            elif not replaced:
                await send(message)

        await super().__call__(scope, receive, worded)


def _servers_own(message: Message) -> bool:
    kind = dict(message["headers"]).get(b"content-type", b"")
    return message["status"] == 413 and bool(kind.startswith(b"text/plain"))


def _ours(scope: Scope) -> Response:
    if scope["path"].startswith(PLACE):
        return too_large(TOLD)
    return PlainTextResponse(TOLD, 413)
