"""命令: the jobs of long-running processes, and one way to run any number of them until told to
stop.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from console.health import shown
from console.wiring import Office
from producers.clock import Ticker
from workflow.bus.broker import Broker
from workflow.bus.consumer import Consumer
from workflow.bus.duty import Duty
from workflow.bus.pulse import Pulse
from workflow.bus.relay import POLL, Relay
from workflow.sender import Sender

if TYPE_CHECKING:
    from fastapi import FastAPI

    from console.web.serving import Serving

STOPPED_WITHIN = 8.0
"""Seconds in which all jobs together come to an end; what is left then is cut off, safely."""

LOGGER = logging.getLogger("bihuan.processes")

LOOKED = 0.2
"""Seconds from one look for a signal to the next."""

LOOKS = 50
"""So many in a row find something stuck before it is taken for it: who was stopped and goes on is
heard of by then.
"""


class Job(Protocol):
    """Works until stopped; `pulses` tell how it is doing."""

    def run(self) -> None: ...

    def stop(self) -> None: ...


def serve(
    jobs: Sequence[Job], pulses: Iterable[Pulse], port: int | None, told: Callable[[], None]
) -> None:
    """Runs the jobs, a thread each, until SIGTERM or SIGINT; or until one of them ends by itself or
    says nothing: then with exit code 1, for whoever starts it again. `told` is called once they
    run. Raises InvalidInput, and nothing has run, for a port that is not to be had.
    """
    told_to_stop: list[int] = []  # no lock: a signal may come while this very thread holds it
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: told_to_stop.append(number))
    threads = [threading.Thread(target=job.run, daemon=True) for job in jobs]
    told_by = list(pulses)
    with shown(port, told_by, threads):
        for thread in threads:
            thread.start()
        told()
        stuck: list[str] = []
        while not told_to_stop and len(stuck) < LOOKS:
            time.sleep(LOOKED)  # a signal just before a wait without end would not end it
            stuck = [*stuck, found] if (found := _stuck(threads, told_by)) else []
        for job in jobs:
            job.stop()
        deadline = time.monotonic() + STOPPED_WITHIN
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
    if not told_to_stop:
        LOGGER.error("this process ends, and is to be started again: %s", stuck[-1])
        raise SystemExit(1)


def _stuck(threads: Sequence[threading.Thread], pulses: Sequence[Pulse]) -> str:
    """What goes on no more; nothing while all do."""
    silent = [pulse.name for pulse in pulses if pulse.gone]
    if silent:
        return f"nothing is heard of {', '.join(silent)}"
    return "" if all(thread.is_alive() for thread in threads) else "one of its jobs has ended"


def relay(office: Office, broker: Broker) -> Duty:
    """The log on its way to the topic."""
    from workflow.bus.kafka import Publisher  # noqa: PLC0415  # an extra

    publisher = Publisher(broker)
    carrying = Relay(office.ledger, publisher, broker.partitions)
    return Duty(office.database, carrying.name, carrying.turns, POLL, publisher.give_up)


def clock(office: Office, wake: Callable[[], None] = lambda: None) -> Duty:
    """The ticker; it ticks in a thread of its own while this process has the duty, and gives the
    duty up where a tick is stuck.
    """

    @contextmanager
    def ticking() -> Iterator[Callable[[], bool]]:
        def turn() -> bool:
            ticker.check()
            duty.pulse.finds(there=ticker.well)
            return False

        zone = office.rulebook.in_force(office.clock()).zone
        ticker = Ticker(office.ledger, zone, wake=wake)
        ticker.start()
        try:
            yield turn
        finally:
            ticker.stop()
            duty.pulse.finds(there=True)

    duty = Duty(office.database, "clock", ticking, 1.0)
    return duty


def sender(office: Office, wake: Callable[[], None] = lambda: None) -> Sender:
    """The loop that sends what waits in the outbox; it has a lease of its own."""
    return Sender(office.ledger, office.channels(), wake)


class Address(NamedTuple):
    """Where the console answers."""

    host: str
    port: int


class Desks(NamedTuple):
    """The desks in a browser: their jobs, and the address people type."""

    jobs: Sequence[Job]
    url: str


def desks(office: Office, at: Address, wake: Callable[[], None] = lambda: None) -> Desks:
    """The console, and what tells its open pages of changes. `wake`: this process's own
    consumers, told of each step. Raises InvalidInput for an address that is not to be had, or
    for a single sign-on that will not do.
    """
    from console.accounts.single import Issuer  # noqa: PLC0415  # the commands need no web
    from console.uploads import forget_old  # noqa: PLC0415
    from console.web.app import create_app  # noqa: PLC0415
    from console.web.live import Hub  # noqa: PLC0415
    from console.web.site import PATIENCE, Site  # noqa: PLC0415

    if office.settings.oidc_issuer is not None:
        Issuer(office.settings)  # refused here, not once somebody wants to sign in
    hub = Hub(office, partial(forget_old, office.data))
    site = Site(_at_its_address(office, at), hub, wake, patience=PATIENCE)
    serving = _serving(create_app(site), office, at)
    return Desks([serving, hub], serving.address)


def _serving(app: FastAPI, office: Office, at: Address) -> Serving:
    """Raises InvalidInput for an address that is not to be had."""
    from console.places import AT_A_SERVER, BY_ITSELF  # noqa: PLC0415
    from console.web.serving import Serving  # noqa: PLC0415

    room = BY_ITSELF if office.settings.database is None else AT_A_SERVER
    return Serving(app, at.host, at.port, office.settings.proxy, room)


def _at_its_address(office: Office, at: Address) -> Office:
    """With links that lead to this console, where nobody has said what it is called outside."""
    if at.port == 0 or "url" in office.settings.model_fields_set:
        return office
    url = f"http://{f'[{at.host}]' if ':' in at.host else at.host}:{at.port}"
    return replace(office, settings=office.settings.model_copy(update={"url": url}))


def citizens(office: Office, at: Address) -> Desks:
    """The citizen's page alone. Raises InvalidInput for an address that is not to be had."""
    from console.web.citizens.app import create_page  # noqa: PLC0415  # the commands need no web
    from console.web.live import Hub  # noqa: PLC0415
    from console.web.site import Site  # noqa: PLC0415

    app = create_page(Site(office, Hub(office)))
    serving = _serving(app, office, at)
    return Desks([serving], serving.address)


class Whole(NamedTuple):
    """All the jobs of one process; `wake` tells them of a step; `stands_by`: another one is at
    them now.
    """

    jobs: Sequence[Job]
    pulses: Sequence[Pulse]
    wake: Callable[[], None]
    stands_by: bool = False


def embedded(office: Office) -> Whole:
    """Consumers that read the log itself, clock and sender."""
    bus = office.bus()
    duty = clock(office, bus.wake)
    sending = sender(office, bus.wake)
    jobs: list[Job] = [bus, duty, sending]
    pulses = [bus.pulse, duty.pulse, sending.pulse]
    return Whole(jobs, pulses, bus.wake, bus.stands_by())


def over_kafka(office: Office, broker: Broker) -> Whole:
    """Relay, consumers of the topic, collecting, clock and sender."""
    from producers.topic import Collecting  # noqa: PLC0415  # an extra
    from workflow.bus.topic import TopicBus  # noqa: PLC0415  # an extra

    bus = TopicBus(office.ledger, office.consumers(), broker)
    carrying = relay(office, broker)
    collecting = Collecting(office.ledger, office.desk, broker)
    duty = clock(office, carrying.wake)
    sending = sender(office, carrying.wake)
    jobs: list[Job] = [carrying, bus, collecting, duty, sending]
    pulses = [carrying.pulse, *bus.pulses, collecting.pulse, duty.pulse, sending.pulse]
    return Whole(jobs, pulses, carrying.wake)


def named(office: Office, names: Sequence[str]) -> tuple[Consumer, ...]:
    """The consumers of these names; `all` means every one. Raises InvalidInput."""
    return office.consumers() if "all" in names else tuple(map(office.consumer, names))
