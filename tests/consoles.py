"""The console of stories told in this process: put together once a worker, for that takes longer
than most stories do, and handed another site for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

from fastapi import FastAPI
from starlette.routing import Mount

from console.web.app import create_app
from console.web.site import Site

NOBODYS = cast(Site, SimpleNamespace(extend=lambda _: None))


def console_over(site: Site) -> FastAPI:
    """The console over this site; whatever else it keeps begins anew. One at a time."""
    whole = _put_together()
    for app in _with_mounted(whole):
        kept: dict[str, Any] = app.state._state
        kept |= {name: type(value)() for name, value in kept.items() if name != "site"}
        kept["site"] = site
    return whole


@cache
def _put_together() -> FastAPI:
    return create_app(NOBODYS)


def _with_mounted(app: FastAPI) -> Iterator[FastAPI]:
    yield app
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, FastAPI):
            yield from _with_mounted(route.app)
