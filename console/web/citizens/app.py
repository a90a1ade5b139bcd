"""群众页: an application with this page and nothing else."""

from __future__ import annotations

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from console.web.access import PUBLIC, SiteHere, check_declared
from console.web.citizens import install
from console.web.citizens.holder import PLACE, Limits
from console.web.citizens.showing import problem
from console.web.guard import Guarded
from console.web.rendering import STATIC
from console.web.site import Site

BODY_MOST = 64 * 1024
"""Bytes: no citizen writes more than two thousand letters."""


def create_page(site: Site, limits: Limits | None = None) -> FastAPI:
    """The citizen's page over this site, alone."""
    app = Guarded(
        title="闭环", openapi_url=None, docs_url=None, redoc_url=None, max_body_size=BODY_MOST
    )
    app.state.site = site
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_api_route("/", home, dependencies=[Depends(PUBLIC)], methods=["GET"])
    app.add_api_route("/health", health, dependencies=[Depends(PUBLIC)], methods=["GET"])
    install(app, limits)
    for kind in (HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, problem)
    check_declared(app)
    return app


def home() -> RedirectResponse:
    return RedirectResponse(PLACE, 303)


def health(site: SiteHere) -> dict[str, str]:
    """200 while the database answers."""
    with site.office.database.read():
        return {"state": "ready"}
