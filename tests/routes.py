"""The console's routes for stories that ask every one of them: those that answer, whatever they
are. An address with a place that nobody here knows how to fill fails.
"""

from __future__ import annotations

from desks import Desks
from fastapi.routing import RouteContext

from console.web.access import Allowed, permission_of, routes_of
from schemas.envelope import Role

ELSEWHERE = {
    "limit": "rectify",
    "period": "2021Q3",
    "formula": "rectify",
    "stage": "rectify",
    "spot": "window",
    "kind": "csv",
    "token": "none",
    "secret": "none",
}
STREAMS = ("/live", "/events")
"""They never end by themselves; they have stories of their own."""

Ours = dict[str, str]


def pages_of(desks: Desks) -> list[RouteContext]:
    """The console's routes, without those that answer to systems."""
    found = list(routes_of(desks.app.routes))
    return [one for one in found if permission_of(one) is not None]


def asks(route: RouteContext) -> list[tuple[str, str]]:
    """Each way to ask this route: method and address, still with its empty places."""
    return [(method, str(route.path)) for method in sorted(route.methods or ())]


def filled(path: str, ours: Ours) -> str:
    return path.format_map(ELSEWHERE | ours)


def permitted(route: RouteContext, role: Role) -> bool:
    permission = permission_of(route)
    return not isinstance(permission, Allowed) or role in permission.roles
