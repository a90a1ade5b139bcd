"""How long a person waits for a step while a file is imported and the consumers are busy.

Three processes on one database, as in real use: one imports files, one runs the consumers and the
clock, one is the door at which people stand.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from sqlalchemy import func, select

import schemas as s
from bench.apart import start_apart
from bench.case import OPERATOR
from bench.figures import Figure, Goal
from bench.files import write_file
from bench.lab import Lab
from bench.rounds import record_first, subjects
from bench.stores import Unsound, audited, expect, store
from console.wiring import Office
from producers.clock import Ticker
from producers.importing import import_file
from producers.sources import source
from workflow.door import Step, take
from workflow.storage.models import events

PART = "human"
ROWS, ONE_BAD_IN = 20_000, 40
"""Of each imported file: so many bad ratings that the consumers never rest."""

WRITTEN = bytes(32 * 1024)
"""As much as a step's commit appends to the database's log: eight pages."""

PAUSE = 0.01
PATIENCE = 120.0


def prepared(folder: str, complaints: int) -> dict[str, Any]:
    """Complaints waiting for an operator's call."""
    with store(Path(folder)) as office:
        record_first(office, subjects(1, complaints))
        expect("the runner has the lease", office.drain(), True)
    return {}


def importing(folder: str) -> dict[str, Any]:
    """Imports one file after another until told to stop."""
    path, rows, number = Path(folder), 0, 0
    with store(path) as office:
        while not _told(path, "stop"):
            number += 1
            file = path / f"rows{number}.csv"
            write_file(file, ROWS, number, ONE_BAD_IN)
            _tell(path, "importing")
            receipt = import_file(
                office.ledger, office.desk(), file, source("bihuan"), lambda *_: None
            )
            rows += receipt.accepted
    return {"rows": rows}


def running(folder: str) -> dict[str, Any]:
    """Consumers and clock, as `bihuan run` has them, until told to stop."""
    path = Path(folder)
    with store(path) as office:
        bus = office.bus()
        zone = office.rulebook.in_force(office.clock()).zone
        ticker = Ticker(office.ledger, zone, wake=bus.wake)
        worker = threading.Thread(target=bus.run, name="runner")
        worker.start()
        ticker.start()
        _tell(path, "running")
        while not _told(path, "stop"):
            time.sleep(0.05)
        ticker.stop()
        bus.stop()
        worker.join()
    return {}


def stepping(folder: str, complaints: int) -> dict[str, Any]:
    """Calls and confirms, one after the other, each timed from asking to its answer."""
    path = Path(folder)
    _await(path, "importing", "running")
    waits, disk = [], []
    with store(path) as office, (path / "probe").open("wb", buffering=0) as probe:
        before = _log(office)
        for subject in subjects(1, complaints):
            waits.append(_waited(office, subject, s.CallAttempted, outcome="answered"))
            given = {"by": "call", "reason_code": "115", "case_class": "clear"}
            waits.append(_waited(office, subject, s.ComplaintConfirmed, **given))
            disk.append(_synced(probe))
        beside = _log(office) - before - 2 * complaints
        _tell(path, "stop")
    return {"waits": waits, "disk": disk, "beside": beside}


def _waited(office: Office, subject: str, kind: Any, **values: Any) -> float:
    time.sleep(PAUSE)
    asked = time.perf_counter()
    take(office.ledger, subject, kind, OPERATOR, Step(), **values)
    return (time.perf_counter() - asked) * 1e3


def _synced(probe: FileIO) -> float:
    """What the disk itself takes, in ms, to keep as much as a step writes."""
    probe.seek(0)
    asked = time.perf_counter()
    probe.write(WRITTEN)
    os.fsync(probe.fileno())
    return (time.perf_counter() - asked) * 1e3


def afterwards(folder: str, complaints: int, rows: int) -> dict[str, Any]:
    """What the three left, drained: everything there, once."""
    with store(Path(folder)) as office:
        expect("the runner has the lease", office.drain(), True)
        with office.database.read() as conn:
            query = select(func.count()).where(events.c.type == "ComplaintConfirmed")
            expect("complaints confirmed", conn.execute(query).scalar_one(), complaints)
            there = conn.exec_driver_sql(
                "SELECT (SELECT count(*) FROM services) + (SELECT count(*) FROM ratings)"
            )
            expect("rows imported", there.scalar_one(), rows)
        audited(office)
    return {}


def measured(lab: Lab) -> Iterator[Figure]:
    complaints = lab.size(500)
    p99, p50, disk, beside = [], [], [], []
    for _ in range(lab.runs):
        with lab.new_folder() as folder:
            done = _run(lab, str(folder), complaints)
        p99.append(quantiles(done["waits"], n=100)[98])
        disk.append(quantiles(done["disk"], n=100)[98])
        p50.append(median(done["waits"]))
        beside.append(done["beside"] / (sum(done["waits"]) / 1e3 + 2 * complaints * PAUSE))
    yield Figure(PART, f"p99 of {2 * complaints} steps", "ms", p99, Goal(50, most=True))
    yield Figure(PART, "median", "ms", p50)
    yield Figure(PART, "floor: the disk's own fsync beside them, p99", "ms", disk)
    yield Figure(PART, "recorded beside them by the others", "events/s", beside)


def _run(lab: Lab, folder: str, complaints: int) -> dict[str, Any]:
    lab.run("bench.human:prepared", folder=folder, complaints=complaints)
    others = {
        "import beside people": start_apart("bench.human:importing", folder=folder),
        "consumers and clock": start_apart("bench.human:running", folder=folder),
    }
    try:
        done = lab.run("bench.human:stepping", label="people", folder=folder, complaints=complaints)
    finally:
        _tell(Path(folder), "stop")
        told = {label: lab.finish(process, label) for label, process in others.items()}
    rows = told["import beside people"]["rows"]
    lab.run("bench.human:afterwards", folder=folder, complaints=complaints, rows=rows)
    return done


def _tell(folder: Path, word: str) -> None:
    (folder / word).touch()


def _told(folder: Path, word: str) -> bool:
    return (folder / word).exists()


def _await(folder: Path, *words: str) -> None:
    until = time.monotonic() + PATIENCE
    while not all(_told(folder, word) for word in words):
        if time.monotonic() > until:
            raise Unsound("the processes beside did not start")
        time.sleep(0.05)


def _log(office: Office) -> int:
    with office.database.read() as conn:
        return int(conn.execute(select(func.count()).select_from(events)).scalar_one())
