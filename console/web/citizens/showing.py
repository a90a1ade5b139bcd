"""群众页: its pages and its refusals have templates of their own, and ask nothing of the desks."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from console.refusals import line
from console.web.access import Forged
from console.web.citizens.holder import remember_longer
from console.web.limiting import TooOften
from console.web.rendering import status_of, templates
from workflow.errors import BihuanError, Transient

LARGE = "large"
_NONE = "没有这个页面。请再点一次短信里的链接，或输入查询码。"
_UNREAD = "没有看懂提交的内容，什么也没有记下。请返回上一页再试。"
_TOLD = {
    400: _UNREAD,
    404: _NONE,
    405: _NONE,
    422: _UNREAD,
    429: "刚才点得太频繁了，请过一会儿再试。",
    503: "现在暂时办不了，什么也没有提交。请过几分钟，返回上一页再试。",
}
_BROKEN = "系统出错，什么也没有提交。请过几分钟再试；还不行，请拨打12345。"


def shown(request: Request, name: str, status: int = 200, /, **context: Any) -> HTMLResponse:
    """The template filled; it has `holder`, `told`, `large`, a fresh `key` and, as `unsent`, what
    the request brought of his words beside its own.
    """
    shared = {
        "holder": None,
        "told": "",
        "large": request.cookies.get(LARGE) == "1",
        "key": secrets.token_urlsafe(12),
        "unsent": getattr(request.state, "unsent", ""),
    }
    text = templates().get_template(f"citizens/{name}.html").render(shared | context)
    return HTMLResponse(text, status)


def problem(request: Request, error: Exception) -> Response:
    """A refusal as a page, in plain words."""
    status = _status(error)
    told = line(error) if isinstance(error, Forged) else _TOLD.get(status, _BROKEN)
    answer = shown(request, "problem", status, told=told)
    if isinstance(error, TooOften):
        answer.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Transient):
        answer.headers["Retry-After"] = "5"
    return answer


def _status(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, BihuanError):
        return status_of(error)
    return 422 if isinstance(error, RequestValidationError) else 500


class Page(APIRoute):
    """A route of the citizen's, whatever application it is in; every use keeps his page open."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def shielded(request: Request) -> Response:
            try:
                answer = await handler(request)
            except (BihuanError, HTTPException, RequestValidationError) as error:
                answer = problem(request, error)
            remember_longer(request, answer)
            return answer

        return shielded
