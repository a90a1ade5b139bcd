"""网页: the console as one application; it does not start with a route nobody has a permission
declared for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from console.accounts import Signed
from console.web import finding, home, reasons
from console.web.access import PUBLIC, SiteHere, check_declared
from console.web.guard import Guard
from console.web.live import stream
from console.web.navigation import LIVE
from console.web.rendering import STATIC, problem, refused
from console.web.site import Site
from workflow.errors import BihuanError

BODY_MOST = 2 * 1024 * 1024
"""Bytes a request may have; routes that take files say their own."""

PING = 15.0
"""Seconds after which an open stream says that it is alive, and its session is asked for again."""


def create_app(site: Site) -> FastAPI:
    """The console over this site. Raises Undeclared."""
    app = FastAPI(
        title="闭环",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        max_body_size=BODY_MOST,
    )
    app.state.site = site
    app.add_middleware(Guard)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_api_route("/live", live, response_class=EventSourceResponse, methods=["GET"])
    app.add_api_route("/health", health, dependencies=[Depends(PUBLIC)], methods=["GET"])
    for router in (home.router, finding.router, reasons.router):
        app.include_router(router)
    site.extend(app)
    _errors(app)
    check_declared(app)
    return app


def health(site: SiteHere) -> dict[str, str]:
    """200 while the database answers. Raises Away, which is a 503."""
    with site.office.database.read():
        return {"state": "ready"}


async def live(
    request: Request, site: SiteHere, viewer: Annotated[Signed, Depends(LIVE)]
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events `changed`, each with a complaint's id or `*`; what it is, the page asks."""
    async for subject in stream(site.hub, viewer.actor, PING):
        if not subject and not still_signed_in(request, site):
            return
        if subject:
            yield ServerSentEvent(event="changed", raw_data=subject)
        else:
            yield ServerSentEvent(comment="ping")


def still_signed_in(request: Request, site: Site) -> bool:
    from console.accounts import session_of
    from console.web.access import COOKIE

    return session_of(site.office, request.cookies.get(COOKIE, "")) is not None


def _errors(app: FastAPI) -> None:
    def on_refusal(request: Request, error: Exception) -> Response:
        assert isinstance(error, BihuanError)
        return refused(request, error)

    def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problem(request, error.status_code)

    def on_shape(request: Request, error: Exception) -> Response:
        return problem(request, 422, "网址或表单里有填错的内容")

    app.add_exception_handler(BihuanError, on_refusal)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_shape)
    app.add_exception_handler(Exception, lambda request, error: problem(request, 500))
