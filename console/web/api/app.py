"""接口: the application under `/api/v1`, and its document."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from console.web.api import complaints, figures, following, intake, problems, steps
from console.web.api.granted import Limits, bearer
from console.web.limiting import Streams, TooOften
from console.web.site import Site
from workflow.errors import BihuanError

PLACE = "/api/v1"
BODY_MOST = 256 * 1024
"""Bytes a request may have; a delivery says its own."""

ABOUT = """别的系统由此报送办件和评价、办理步骤、查看和跟读。

- **令牌**：请求头 `Authorization: Bearer bh_…`。令牌有范围（intake 报送、read 看、steps 办理、
  rulings 监督裁决、figures 指标、search 查找），可以限于一个单位；所办的都以令牌的名义留痕。
- **请求键**：`Idempotency-Key`。没有得到答复就原样再送一次，只办一次，得到第一次的答复。
- **版本**：办理时写 `expected_version`；其间别人办过，409，`changed` 写明办了什么。
  现在不能办的也是 409，`allowed` 写明能办什么、在哪个路径办。
- **拒绝**：一律是 `application/problem+json`（RFC 9457），`type` 供程序判断，`detail` 给人看。
- **限流**：每个令牌每秒 50 次，一时可到 200 次；每个地址每秒 100 次，一时可到 400 次。超了 429，
  `Retry-After` 写明几秒后再来。503 也有。
- **大小**：报送 16 MB、5,000 条；其他 256 kB。
- **时间**：ISO 8601，带时区。网址里不放个人信息。
"""


class Api(FastAPI):
    """Every request of an address counts, also one that is not understood; its document tells of
    refusals as they are.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: ASGIApp = super().__call__
        try:
            self.state.limits.addresses.take((scope.get("client") or ("",))[0])
        except TooOften as often:
            answer = problems.refused(Request(scope), often)
        await answer(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            made = super().openapi()
            made["components"]["schemas"]["Problem"] = problems.Problem.model_json_schema()
        return super().openapi()


def create_api(site: Site, limits: Limits | None = None) -> FastAPI:
    """The interface over this site, to be mounted at `PLACE`."""
    api = Api(
        title="闭环接口",
        version=version("bihuan"),
        description=ABOUT,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        servers=[{"url": PLACE}],
        root_path_in_servers=False,
        max_body_size=BODY_MOST,
        strict_content_type=False,
    )
    api.state.site, api.state.limits = site, limits or Limits()
    api.state.streams = Streams()
    for module in (intake, complaints, figures, following):
        api.include_router(module.router)
    api.include_router(steps.router_of_doors())
    api.add_exception_handler(BihuanError, problems.refused)
    api.add_exception_handler(HTTPException, of_status)
    api.add_exception_handler(RequestValidationError, of_shape)
    api.add_exception_handler(Exception, problems.broken)
    return api


def of_shape(request: Request, error: Exception) -> Response:
    """A body is read before anybody is asked for a token: who has none is told of that first."""
    return _stranger(request) or problems.of_shape(request, error)


def of_status(request: Request, error: Exception) -> Response:
    """The same of a body that cannot be read at all."""
    assert isinstance(error, HTTPException)
    unread = error.status_code == problems.BAD_BODY.status
    return (unread and _stranger(request)) or problems.of_status(request, error)


def _stranger(request: Request) -> Response | None:
    if bearer(request) is not None:
        return None
    return problems.refused(request, problems.TokenNeeded())
