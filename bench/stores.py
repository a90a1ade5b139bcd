"""New offices to measure in, on a clock that starts in the circular's quarter; and their audit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, select, text

from console.wiring import Office, office
from workflow import audit
from workflow.clock import Clock, micros
from workflow.storage.models import events, lanes, parked, progress

START = micros(datetime.fromisoformat("2021-09-16T10:00:00+08:00"))


def clock_from(start: int = START) -> Clock:
    """A clock that stands at `start` now and goes on at the host's pace."""
    behind = start - time.perf_counter_ns() // 1000
    return lambda: behind + time.perf_counter_ns() // 1000


@contextmanager
def store(folder: Path, start: int = START) -> Iterator[Office]:
    """The office of this folder, prepared on first use."""
    with office(folder, clock_from(start)) as opened:
        yield opened


class Lap(NamedTuple):
    """What a stretch of work took: wall and CPU seconds of this process."""

    seconds: float
    cpu: float


class Stopwatch:
    """Runs from its making; `lap` tells what has passed."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def lap(self) -> Lap:
        return Lap(time.perf_counter() - self._wall, time.process_time() - self._cpu)


class Unsound(Exception):
    """What a run left behind is not as it should be: there is no figure."""


def expect(what: str, found: object, wanted: object) -> None:
    """Raises Unsound unless the two are equal."""
    if found != wanted:
        raise Unsound(f"{what}: {found}, expected {wanted}")


def steps_in(opened: Office) -> int:
    """Complaint events in the log."""
    with opened.database.read() as conn:
        query = select(func.count()).where(events.c.state != "")
        return conn.execute(query).scalar_one()


def count(opened: Office, table: str) -> int:
    """Rows of a table."""
    with opened.database.read() as conn:
        return int(conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def audited(opened: Office) -> None:
    """Every consumer's progress equals the log, nothing is parked, and `check` finds nothing."""
    with opened.database.read() as conn:
        heads = {row.lane: row.pos for row in conn.execute(select(lanes))}
        behind = [
            row.consumer for row in conn.execute(select(progress)) if row.pos != heads[row.lane]
        ]
        expect("consumers behind the log", sorted(set(behind)), [])
        waiting = conn.execute(select(func.count()).select_from(parked)).scalar_one()
        expect("parked records", waiting, 0)
        found = audit.check(conn, opened.keys)
    expect("findings of check", [f"{f.kind} {f.where}: {f.message}" for f in found[:3]], [])
