"""网页: what GET answers without its body, for whoever asks by HEAD."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from console.web.api.app import PLACE

STREAM = "/live"


class Headed(FastAPI):
    """An application whose pages answer HEAD. The interface for systems answers as its document
    tells, and of a stream there is no head.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _asks_for_a_head(scope):
            await super().__call__(scope, receive, send)
            return

        async def bodiless(message: Message) -> None:
            await send({**message, "body": b""} if "body" in message else message)

        await super().__call__({**scope, "method": "GET"}, receive, bodiless)


def _asks_for_a_head(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "HEAD":
        return False
    path: str = scope["path"]
    return path != STREAM and not path.startswith(PLACE)
