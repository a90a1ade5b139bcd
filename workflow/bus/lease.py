"""A lease: one process does a job, others stand by and take over when it ends, however it ends."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from workflow.bus.progress import EVERYTHING, Share
from workflow.bus.pulse import Pulse
from workflow.clock import SECOND, system_clock
from workflow.errors import Transient
from workflow.storage.database import Database
from workflow.storage.models import leases

LOGGER = logging.getLogger("bihuan.lease")
SECONDS = 10
_HOST = socket.gethostname()


def _place() -> str:
    """Where a process's number means this process and no other: hosts may bear one name, and every
    container counts from one.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{_HOST}:{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:  # no Linux
        return _HOST


_PLACE = _place()
_PROCESS = os.urandom(4).hex()
"""Tells this process from an earlier one with its number: in a container every one has the same."""


class Lease:
    """One name's lease in the table; its time is the server's, on a file the host's, never the
    demo's clock.

    `acquire` answers None while somebody else holds it, else whether the last holder ended cleanly.
    """

    def __init__(self, database: Database, name: str, clock: Callable[[], int]) -> None:
        self.database, self.name, self._clock = database, name, clock
        self.taken = ("", 0)
        """By whom, and until when, as it stood when it was last asked for in vain."""
        self.holder = f"{_PLACE}/{os.getpid()}/{_PROCESS}-{id(self):x}"

    def acquire(self) -> bool | None:
        with self.database.write() as conn:
            self.database.alone(conn)
            row = conn.execute(select(leases).where(leases.c.name == self.name)).one_or_none()
            if row is None:
                conn.execute(insert(leases), {"name": self.name, **self._held(conn)})
                return True
            if self._taken(conn, row):
                self.taken = (row.holder, row.expires_at)
                return None
            self._write(conn, **self._held(conn))
            return bool(row.clean)

    def elsewhere(self) -> bool:
        """Whether somebody else holds it now."""
        with self.database.read() as conn:
            row = conn.execute(select(leases).where(leases.c.name == self.name)).one_or_none()
            return row is not None and self._taken(conn, row)

    def now(self, conn: Connection) -> int:
        """What all who look at the table agree on: hosts' clocks may not."""
        return self.database.now(conn, self._clock)

    def _taken(self, conn: Connection, row: Row[Any]) -> bool:
        return row.holder != self.holder and not runs_out(row, self.now(conn))

    def renew(self) -> bool:
        """False when it was lost meanwhile: stop working."""
        with self.database.write(patient=True) as conn:
            return self.hold(conn)

    def keep(self, stopped: threading.Event, pulses: Sequence[Pulse]) -> None:
        """Renews it until stopped; a lost one is no matter where others may work beside. The jobs
        that work under it are told whether the database is there.
        """
        while not stopped.wait(SECONDS / 3):
            there = False
            with suppress(Transient):
                self.renew()
                there = True
            for pulse in pulses:
                pulse.finds(there=there)

    def hold(self, conn: Connection) -> bool:
        """The same within a transaction of the holder's own work."""
        query = select(leases.c.holder).where(leases.c.name == self.name)
        if conn.execute(query).scalar() != self.holder:
            return False
        self._write(conn, **self._held(conn))
        return True

    def release(self, *, clean: bool = True) -> None:
        """The end of work: clean if nothing was in hand. While the database is away it runs out by
        itself.
        """
        with suppress(Transient), self.database.write() as conn:
            conn.execute(
                update(leases)
                .where(leases.c.name == self.name, leases.c.holder == self.holder)
                .values(expires_at=0, clean=clean)
            )

    def calm(self) -> None:
        """What the last holder may have left in hand is done."""

    def share(self, conn: Connection) -> Share:  # noqa: ARG002
        """The holder's part of the lanes: nobody else works."""
        return EVERYTHING

    def _held(self, conn: Connection) -> dict[str, object]:
        until = self.now(conn) + SECONDS * SECOND
        return {"holder": self.holder, "expires_at": until, "clean": False}

    def _write(self, conn: Connection, **values: object) -> None:
        conn.execute(update(leases).where(leases.c.name == self.name).values(**values))


def seat(
    database: Database, name: str, stopped: threading.Event, pulses: Sequence[Pulse]
) -> tuple[Lease, bool] | None:
    """A lease of this process's own, where many may run: the first of this host's name that nobody
    holds, so that a process that is started again after a kill knows it; who may be gone is waited
    for. Answers with it whether its last holder ended cleanly; None once stopped before that.
    """
    number, first = 0, None
    lease = Lease(database, f"{name}@{_HOST}/{number}", system_clock)
    while not stopped.is_set():
        try:
            clean = lease.acquire()
        except Transient as away:  # perhaps it is ours all the same: the same one asks again
            LOGGER.warning("%s waits: %s", name, away)
            _wait(stopped, pulses)
            continue
        if clean is not None:
            return lease, clean
        holder, until = lease.taken
        first = until if first is None else first
        if _here(holder) or until > first:
            number, first = number + 1, None
            lease = Lease(database, f"{name}@{_HOST}/{number}", system_clock)
        else:  # it lives elsewhere and will renew it, or it was killed: in a container, say
            _wait(stopped, pulses)
    return None


def _wait(stopped: threading.Event, pulses: Sequence[Pulse]) -> None:
    for pulse in pulses:
        pulse.beats("waiting")
    stopped.wait(1.0)


def runs_out(row: Row[Any], now: int) -> bool:
    """Nobody holds it: its time is over, or its holder is."""
    return bool(row.expires_at <= now) or _dead(row.holder)


def _dead(holder: str) -> bool:
    """The holder was a process of this place that is gone: no need to wait for the lease to run
    out.
    """
    _, pid, which = holder.rsplit("/", 2)
    if not _here(holder):
        return False
    if int(pid) == os.getpid():
        return not which.startswith(_PROCESS)
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _here(holder: str) -> bool:
    return holder.rsplit("/", 2)[0] == _PLACE
