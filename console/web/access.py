"""权限: who may use which route. Every route declares it, or the console does not start."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Annotated, TypeVar

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.datastructures import FormData
from starlette.routing import BaseRoute, Mount

from console.accounts import Signed, session_of
from console.accounts.roles import ROLES
from console.web.site import Site, site_of
from console.wording import event_name
from schemas.envelope import Role
from workflow.door import DOORS
from workflow.errors import BihuanError, NotPermitted
from workflow.loop import STEPS

Check = TypeVar("Check")
COOKIE = "bihuan"
BY_ITSELF = "x-by-itself"
"""The header of what a page fetches by itself."""
FILTERS, FILTERED = "hotline", "/hotline"
"""The cookie that remembers which of the hotline's tabs, narrowed how, was looked at last; and the
address it is for.
"""
PEOPLE = frozenset(ROLES)
"""Who may have an account."""

FILES = "/static"
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


CHECKING: set[object] = set()
"""What may stand before a route that takes a form: it checks where the form comes from."""


def checks_forms(check: Callable[..., Check]) -> Callable[..., Check]:
    """Enters what reads a form and refuses a forged one."""
    CHECKING.add(check)
    return check


class SignInNeeded(BihuanError):
    """请先登录。"""


class PasswordDue(BihuanError):
    """首次登录须先修改密码。"""


class Forged(BihuanError):
    """页面已过期，或请求不是从本系统的页面发出的。请刷新页面再办。"""


class Undeclared(RuntimeError):
    """A route without a permission, or one that changes something without its form checked."""


def signed_in(request: Request) -> Signed | None:
    """Whoever the cookie's session belongs to, read once a request. What a page fetches by itself
    is no act of the person's, and keeps no session alive.
    """
    if not hasattr(request.state, "signed"):
        by_itself = request.headers.get(BY_ITSELF) is not None or request.url.path == "/live"
        secret, office = request.cookies.get(COOKIE), site_of(request).office
        request.state.signed = secret and session_of(office, secret, acts=not by_itself)
    signed: Signed | None = request.state.signed or None
    return signed


Whoever = Annotated[Signed | None, Depends(signed_in)]
"""Asked once a request, in the one thread that a permission costs; what follows from it waits
for nothing.
"""


class Allowed:
    """A permission: its name as the matrix shows it, and the roles that have it."""

    def __init__(self, name: str, *roles: Role) -> None:
        self.name, self.roles = name, frozenset(roles)

    async def __call__(self, signed: Whoever) -> Signed:
        """The person who asks. Raises SignInNeeded, PasswordDue, NotPermitted."""
        if signed is None:
            raise SignInNeeded
        if signed.must_change:
            raise PasswordDue
        if signed.role not in self.roles:
            raise NotPermitted(f"您现在的身份不能办“{event_name(self.name)}”")
        return signed


class Own(Allowed):
    """What everybody who is signed in may do with the own account, before the first change of the
    password too.
    """

    async def __call__(self, signed: Whoever) -> Signed:
        """The person who asks. Raises SignInNeeded."""
        if signed is None:
            raise SignInNeeded
        return signed


class Public:
    """A route for everybody: nobody need be signed in."""

    name, roles = "公开", frozenset[Role]()

    async def __call__(self) -> None: ...


PUBLIC = Public()
OWN = Own("自己的账号", *PEOPLE)


def step(event: str) -> Allowed:
    """The permission to take a step: the roles that the loop's table gives it to; for one outside
    the loop, those that may stand at its door.
    """
    roles = {role for row in STEPS if row.event == event for role in row.roles}
    stands = {
        role
        for doors in DOORS.values()
        for _, kind, at in doors
        if kind.__name__ == event
        for role in at
    }
    return Allowed(event, *((roles & stands or roles or stands) & PEOPLE))


async def present(signed: Whoever) -> Signed:
    """Whoever has been let in by the permission that the route declares beside it."""
    if signed is None:
        raise SignInNeeded
    return signed


@checks_forms
async def sent(request: Request, signed: Whoever) -> AsyncIterator[FormData]:
    """What a page's form sent, if it is one of ours; its files are closed once it is answered.
    Raises Forged.
    """
    async with request.form(max_files=10, max_fields=300) as form:
        given = form.get("csrf") or request.headers.get("x-csrf")
        if signed is not None and given != signed.csrf:
            raise Forged
        yield form


Sent = Annotated[FormData, Depends(sent)]


async def site_here(request: Request) -> Site:
    """Asked without a thread of its own: nothing is waited for."""
    return site_of(request)


SiteHere = Annotated[Site, Depends(site_here)]
Present = Annotated[Signed, Depends(present)]


def check_declared(app: FastAPI) -> None:
    """Raises Undeclared for the first route that says not who may use it, or takes a form without
    checking where it comes from.
    """
    for path in _beside_routes(app):
        raise Undeclared(f"{path}: it can declare no permission")
    for route in routes_of(app.routes):
        calls = list(calls_of(route.dependant))
        of_a_system = any(hasattr(call, "scope") for call in calls)
        if not of_a_system and permission_of(route) is None:
            raise Undeclared(f"{route.path}: no permission is declared")
        # No browser adds a system's token by itself: only forms need be checked.
        changes = UNSAFE & (route.methods or set()) and not of_a_system
        if changes and not CHECKING.intersection(calls):
            raise Undeclared(f"{route.path}: its form is not checked")


def _beside_routes(app: FastAPI) -> Iterator[str]:
    """Whatever answers and is no route that is asked for its permission; but for our files, which
    are everybody's, and an application's own document.
    """
    for context in iter_route_contexts(app.routes):
        route, path = context.original_route, str(context.path)
        if isinstance(route, Mount) and isinstance(route.app, FastAPI):
            yield from _beside_routes(route.app)
        elif not isinstance(route, APIRoute) and path not in (FILES, app.openapi_url):
            yield path


def permission_of(route: RouteContext) -> Allowed | Public | None:
    """What a route declares; None where it declares nothing."""
    found = (call for call in calls_of(route.dependant) if isinstance(call, Allowed | Public))
    return next(found, None)


def routes_of(routes: Sequence[BaseRoute]) -> Iterator[RouteContext]:
    """Every route that answers, those of included routers and of mounted applications too."""
    for context in iter_route_contexts(routes):
        route = context.original_route
        if isinstance(route, APIRoute):
            yield context
        elif isinstance(route, Mount) and isinstance(route.app, FastAPI):
            yield from routes_of(route.app.routes)


def calls_of(dependant: Dependant) -> Iterator[object]:
    """Whatever is asked before a route."""
    for inner in dependant.dependencies:
        yield inner.call
        yield from calls_of(inner)
