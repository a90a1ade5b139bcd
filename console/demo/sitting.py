"""演示：the desk opened in a browser, in one process, on the loopback alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from console.demo.build import DESK
from console.demo.cards import cards, make_accounts
from console.demo.desk import Desk
from console.demo.standing import StandingClock
from console.processes import serve
from console.uploads import forget_old
from console.web.app import create_app
from console.web.live import Hub
from console.web.serving import Serving
from console.web.site import PATIENCE, Site
from console.wiring import office
from producers.clock import Ticker
from workflow.clock import system_clock
from workflow.errors import InvalidInput
from workflow.settings import LOOPBACK


def check_host(host: str) -> None:
    """Raises InvalidInput for an address that others could open."""
    if host not in LOOPBACK:
        raise InvalidInput("host", host, "演示不用密码，只能开在本机（127.0.0.1）")


def sit_down(folder: Path, host: str, port: int, told: Callable[[str], None]) -> None:
    """Serves the desk that the demo left in `folder` until SIGTERM or SIGINT; `told` gets its
    address. Raises InvalidInput where there is none, or for an address others could open.
    """
    check_host(host)
    if not (folder / DESK / "bihuan.db").exists():
        raise InvalidInput("data", str(folder), "这里没有演示的办公桌；先运行 bihuan demo")
    clock = StandingClock()
    with office(folder / DESK, clock, embedded=True) as standing:
        opened = replace(standing, wall=system_clock)  # 快进 signs nobody out
        clock.stand(opened.database)
        made = cards(opened)
        make_accounts(opened, made)
        bus, zone = opened.bus(), opened.rulebook.in_force(clock()).zone
        ticker = Ticker(opened.ledger, zone, seconds=1.0, wake=bus.wake, jumped=lambda _: None)
        desk = Desk(made, clock, ticker.once)
        hub = Hub(opened, partial(forget_old, opened.data))
        site = Site(opened, hub, bus.wake, desk.extend, desk.parts(), PATIENCE)
        serving = Serving(create_app(site), host, port)
        ticker.start()
        try:
            serve([serving, hub, bus], [], None, lambda: told(f"{serving.address}/demo"))
        finally:
            ticker.stop()
