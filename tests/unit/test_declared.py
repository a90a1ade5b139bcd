"""The console does not start with a route that says not who may use it, however it was added."""

from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI

from console.accounts.tokens import Scope
from console.web.access import PUBLIC, Sent, Undeclared, check_declared
from console.web.api.granted import Granted

READ = Granted(Scope.READ)


def open_to_all() -> None: ...


def form_read(form: Sent) -> None: ...


def of_a_system(system: Annotated[object, Depends(READ)]) -> None: ...


def included(app, router):
    app.include_router(router, prefix="/x")


def included_twice(app, router):
    outer = APIRouter(prefix="/y")
    outer.include_router(router)
    app.include_router(outer)


def mounted(app, router):
    inner = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    inner.include_router(router)
    app.mount("/z", inner)


WAYS = [included, included_twice, mounted]


def checked(way, endpoint, method, **declared):
    app, router = FastAPI(openapi_url=None, docs_url=None, redoc_url=None), APIRouter()
    router.add_api_route("/a", endpoint, methods=[method], **declared)
    way(app, router)
    check_declared(app)


@pytest.mark.parametrize("way", WAYS)
def test_a_route_without_a_permission(way):
    with pytest.raises(Undeclared, match="no permission"):
        checked(way, open_to_all, "GET")
    checked(way, open_to_all, "GET", dependencies=[Depends(PUBLIC)])


@pytest.mark.parametrize("way", WAYS)
def test_a_form_whose_origin_is_not_checked(way):
    with pytest.raises(Undeclared, match="form"):
        checked(way, open_to_all, "POST", dependencies=[Depends(PUBLIC)])
    checked(way, form_read, "POST", dependencies=[Depends(PUBLIC)])


@pytest.mark.parametrize("way", WAYS)
def test_a_systems_scope_is_a_permission_and_no_form_is_needed(way):
    checked(way, of_a_system, "POST")


async def answers(scope, receive, send): ...


@pytest.mark.parametrize(
    "add",
    [
        lambda app: app.add_route("/a", answers),
        lambda app: app.mount("/a", answers),
        lambda app: app.add_api_websocket_route("/a", answers),
        lambda app: app.host("a", answers),
    ],
    ids=["route", "mount", "socket", "host"],
)
@pytest.mark.parametrize("way", WAYS)
def test_what_can_declare_no_permission(way, add):
    app, router = FastAPI(openapi_url=None, docs_url=None, redoc_url=None), APIRouter()
    add(router)
    way(app, router)
    with pytest.raises(Undeclared, match="can declare no"):
        check_declared(app)
