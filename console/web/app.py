"""网页: the console as one application; it does not start with a route nobody has a permission
declared for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, cast

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import RedirectResponse

from console.accounts import Signed
from console.scope import existing
from console.web import citizens
from console.web.access import PUBLIC, SiteHere, check_declared
from console.web.api import app as api
from console.web.api import problems
from console.web.citizens.holder import PLACE as CITIZENS
from console.web.citizens.showing import problem as citizens_problem
from console.web.departments import router as departments
from console.web.finding import router as finding
from console.web.guard import Guarded
from console.web.heads import Headed
from console.web.home import router as home
from console.web.hotline import router as hotline
from console.web.live import stream
from console.web.navigation import LIVE
from console.web.office import connect as office_connect
from console.web.office import imports as office_imports
from console.web.office import ops as office_ops
from console.web.office import rules as office_rules
from console.web.office import sought as office_sought
from console.web.office import traced as office_traced
from console.web.office.accounts import router as office_accounts
from console.web.office.units import router as office_units
from console.web.oversize import Worded
from console.web.reasons import router as reasons
from console.web.rendering import STATIC, problem, refused
from console.web.signing import router as signing
from console.web.site import Site
from console.web.supervisors import router as supervisors
from workflow.errors import BihuanError

BODY_MOST = 2 * 1024 * 1024
"""Bytes a request may have; routes that take files say their own."""

ROUTERS = (
    signing,
    home,
    finding,
    reasons,
    hotline,
    departments,
    supervisors,
    office_accounts,
    office_units,
    office_imports.router,
    office_rules.router,
    office_connect.router,
    office_ops.router,
    office_traced.router,
    office_sought.router,
)
"""The desks, in the order of the loop."""

PING = 15.0
"""Seconds after which an open stream says that it is alive."""


class Console(Guarded, Headed, Worded):
    """Whatever it answers is in our words and has our headers."""


def create_app(site: Site) -> FastAPI:
    """The console over this site. Raises Undeclared."""
    app = Console(
        title="闭环",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        max_body_size=BODY_MOST,
    )
    app.state.site = site
    app.mount("/static", GZipMiddleware(StaticFiles(directory=STATIC), compresslevel=6))
    app.add_api_route("/live", live, response_class=EventSourceResponse, methods=["GET"])
    app.add_api_route("/health", health, dependencies=[Depends(PUBLIC)], methods=["GET"])
    for router in ROUTERS:
        app.include_router(router)
    citizens.install(app)
    app.mount(api.PLACE, api.create_api(site))
    site.extend(app)
    _errors(app)
    check_declared(app)
    return app


def health(site: SiteHere) -> dict[str, str]:
    """200 while the database answers. Raises Away, which is a 503."""
    with site.office.database.read():
        return {"state": "ready"}


def watched(
    site: SiteHere, viewer: Annotated[Signed, Depends(LIVE)], of: str | None = None
) -> str | None:
    """The complaint that a page shows. Raises UnknownComplaint where there is none for him."""
    if of is not None:
        with site.office.database.read() as conn:
            existing(conn, viewer.actor, of)
    return of


async def listener(
    site: SiteHere, viewer: Annotated[Signed, Depends(LIVE)]
) -> AsyncIterator[Signed]:
    """Whoever listens, with as many pages as one session may have open. Raises TooOften."""
    with site.hub.streams.one_more(viewer.session):
        yield viewer


async def live(
    site: SiteHere,
    viewer: Annotated[Signed, Depends(listener)],
    of: Annotated[str | None, Depends(watched)],
    seen: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events `changed`, each with a complaint's id or `*`; the page asks what it is. A
    page that shows one complaint says which, and the version that it has seen. It ends with the
    session.
    """
    shown = (of, seen) if of else None
    async for subject in stream(site.hub, viewer.actor, viewer.session, PING, shown):
        if subject:
            yield ServerSentEvent(event="changed", raw_data=subject)
        else:
            yield ServerSentEvent(comment="ping")


def _on_refusal(request: Request, error: Exception) -> Response:
    return refused(request, cast(BihuanError, error))


def _on_http(request: Request, error: Exception) -> Response:
    if request.scope["path"].startswith(api.PLACE):  # none of the interface's own addresses
        return problems.of_status(request, error)
    if _of_citizens(request):
        return citizens_problem(request, error)
    status = cast(HTTPException, error).status_code
    if status == 405 and request.method == "GET":  # a step's address, opened: its page
        return RedirectResponse(request.scope["path"].rpartition("/")[0] or "/", 303)
    return problem(request, status)


def _on_shape(request: Request, error: Exception) -> Response:
    wrong = problems.shape_in_words(cast(RequestValidationError, error))
    return problem(request, 422, f"网址或表单里有填错的内容：{wrong}")


def _of_citizens(request: Request) -> bool:
    """An address below the citizen's page, who is to see nothing of the desks."""
    return f"{request.scope['path']}/".startswith(f"{CITIZENS}/")


def _on_failure(request: Request, error: Exception) -> Response:
    citizen = _of_citizens(request)
    answer = citizens_problem(request, error) if citizen else problem(request, 500)
    answer.headers["Connection"] = "close"  # as the server does after it
    return answer


def _errors(app: FastAPI) -> None:
    app.add_exception_handler(BihuanError, _on_refusal)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_shape)
    app.add_exception_handler(Exception, _on_failure)
