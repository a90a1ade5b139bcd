"""网页: what every route is handed: the office, the live hub, the templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fastapi import FastAPI, Request

from console.web.limiting import Buckets
from console.web.live import Hub
from console.wiring import Office

PATIENCE = 1.0
"""Seconds for a site beside which consumers run."""


@dataclass(frozen=True)
class Site:
    """One console. `wake`: tells the consumers of this process that there is work, if it has any.
    `extend` and `parts`: the routes that the demo adds, and what it puts on every page. `tries`:
    how often an address may fail to sign in: thirty times at once, then three times a minute.
    `patience`: seconds for which a step waits at most for what consumers do of it at once.
    """

    office: Office
    hub: Hub
    wake: Callable[[], None] = lambda: None
    extend: Callable[[FastAPI], None] = lambda _: None
    parts: dict[str, Any] = field(default_factory=dict)
    patience: float = 0.0
    tries: Buckets = field(default_factory=lambda: Buckets(30, 0.05))

    @cached_property
    def answering(self) -> Mapping[str, frozenset[str]]:
        """Which consumers answer an event with a step of their own, by its type."""
        found: dict[str, frozenset[str]] = {}
        for consumer in self.office.consumers():
            for kind in consumer.handles if consumer.recording else ():
                found[kind] = found.get(kind, frozenset()) | {consumer.name}
        return found

    def moved(self) -> None:
        """Called after a step was recorded: consumers and open pages are told at once."""
        self.wake()
        self.hub.wake()


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


def told_https(request: Request, address: str) -> bool:
    """Whether people come by https to this address of the settings, and this one's browser does
    not say otherwise: a proxy that has the certificate may tell nothing of it.
    """
    plainly = request.headers.get("origin", "").startswith("http://")
    return address.startswith("https://") and not plainly
