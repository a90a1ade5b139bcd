"""The same figures on PostgreSQL, beside COPY and the raw driver; and two processes beside one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from bench import peer
from bench.apart import start_apart
from bench.figures import Figure, Goal, over
from bench.floor import Commit, recorded
from bench.lab import Lab
from bench.rounds import Round, go_round, record_first, subjects
from bench.servers import NoServer, Postgres, postgres
from bench.steps import WARM
from bench.stores import Lap, Stopwatch, audited, expect, store
from workflow.bus.runner import BATCH
from workflow.settings import ADDRESS
from workflow.storage.models import METADATA

PART = "postgres"
COPIED, PER_COMMIT = ("services", "ratings"), 1000
"""What COPY writes again: the rows alone, without vault, tallies, complaints and log."""

PEERS = {"peer": 1, "peer, batched by hand": BATCH}
"""Events a commit of its consumers'."""


def copied(folder: str) -> dict[str, Any]:
    """The rows an import stored, by COPY into tables with the same indexes, as many a commit."""
    with _connected(Path(folder) / "data") as conn:
        rows = {t: conn.execute(f"SELECT * FROM {t}").fetchall() for t in COPIED}
        for table in COPIED:
            conn.execute(f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING ALL)")
        conn.commit()
        watch = Stopwatch()
        for table in COPIED:
            for start in range(0, len(rows[table]), PER_COMMIT):
                with conn.cursor().copy(f"COPY floor_{table} FROM STDIN") as copying:
                    for row in rows[table][start : start + PER_COMMIT]:
                        copying.write_row(row)
                conn.commit()
        lap = watch.lap()
    return {"rows": sum(map(len, rows.values())), **lap._asdict()}


def floor(first: str, second: str, complaints: int) -> dict[str, Any]:
    """What the product wrote, written again by the raw driver into a second database."""
    with store(Path(first)) as office, recorded(office) as tape:
        bus = office.bus()
        go_round(office, bus, subjects(1, WARM), 100)
        warm = len(tape.commits)
        done = go_round(office, bus, subjects(WARM + 1, complaints), 100)
    shutil.copy(Path(first) / "bihuan.key", second)  # the same seals
    with store(Path(second)):
        pass
    with _connected(Path(second)) as conn:
        _replay(conn, tape.commits[:warm])
        watch = Stopwatch()
        _replay(conn, tape.commits[warm:])
        lap: Lap = watch.lap()
    expect("rows the floor wrote", _counts(Path(second)), _counts(Path(first)))
    return Round(done.steps, *lap)._asdict()


def _replay(conn: psycopg.Connection[Any], commits: Sequence[Commit]) -> None:
    for commit in commits:
        with conn.cursor() as cursor:
            for sql, values, many in commit:
                if many:
                    cursor.executemany(sql, values)
                else:
                    cursor.execute(sql, values)
        conn.commit()


def package(folder: str, complaints: int, batch: int) -> dict[str, Any]:
    """The peer's run; its consumers take `batch` events a commit."""
    where = peer.on_server((Path(folder) / ADDRESS).read_text(encoding="utf-8"))
    return peer.run(where, WARM, complaints, 100, batch)._asdict()


def _counts(folder: Path) -> dict[str, int]:
    tables = [table for table in sorted(METADATA.tables) if table != "leases"]
    with _connected(folder) as conn:
        found = [conn.execute(f"SELECT count(*) FROM {table}").fetchall() for table in tables]
    return {table: rows[0][0] for table, rows in zip(tables, found, strict=True)}


def _connected(folder: Path) -> psycopg.Connection[Any]:
    address = (folder / ADDRESS).read_text(encoding="utf-8")
    return psycopg.connect(address.replace("+psycopg", ""))


def behind(folder: str, complaints: int) -> dict[str, Any]:
    """Complaints collected, and no consumer has seen them yet."""
    with store(Path(folder)) as office:
        expect("the runners have joined", office.drain(), True)
        record_first(office, subjects(1, complaints))
    return {}


def draining(folder: str, name: str) -> dict[str, Any]:
    """Tells that it is there, waits until told, and drains; answers when it was done."""
    path = Path(folder)
    with store(path) as office:
        bus = office.bus()
        (path / name).touch()
        while not (path / "go").exists():
            time.sleep(0.002)
        began = time.monotonic()
        bus.drain()
        ended = time.monotonic()
    return {"began": began, "ended": ended}


def after(folder: str) -> dict[str, Any]:
    with store(Path(folder)) as office:
        office.drain()
        audited(office)
    return {}


def measured(lab: Lab) -> Iterator[Figure]:
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres())
        except NoServer as none:
            yield Figure(PART, "everything", "", missing=str(none))
            return
        lab.servers["postgresql"] = server.version()
        yield from _collecting(lab, server)
        yield from _steps(lab, server)
        yield from _beside(lab, server)


def _collecting(lab: Lab, server: Postgres) -> Iterator[Figure]:
    rows = lab.size(200_000) // 2 * 2
    files, floors = [], []
    for _ in range(lab.runs):
        with lab.new_folder() as folder:
            data = folder / "data"
            data.mkdir()
            with server.database(data):
                done = lab.run(
                    "bench.collecting:imported",
                    label="import, PostgreSQL",
                    folder=str(folder),
                    rows=rows,
                )
                floor = lab.run("bench.on_postgres:copied", folder=str(folder))
        files.append(done["rows"] / done["seconds"])
        floors.append(floor["rows"] / floor["seconds"])
    beside = {"floor": median(over(files, floors))}
    yield Figure(PART, "a file imported", "rows/s", files, Goal(15_000), beside)
    yield Figure(PART, "floor: services and ratings alone, by COPY", "rows/s", floors)


def _steps(lab: Lab, server: Postgres) -> Iterator[Figure]:
    """Product, floor and peer by turns."""
    rates: dict[str, list[float]] = {kind: [] for kind in ("product", "floor", *PEERS)}
    cpu = []
    for _ in range(lab.runs):
        with lab.new_folder() as folder, server.database(folder):
            done = _product(lab, folder)
        cpu.append(done["cpu"] / done["steps"] * 1e6)
        found = {"product": done, "floor": _floor(lab, server)}
        for kind, batch in PEERS.items():
            with lab.new_folder() as folder, server.database(folder):
                found[kind] = _peer(lab, folder, batch)
        for kind, run in found.items():
            rates[kind].append(run["steps"] / run["seconds"])
    own = rates.pop("product")
    yield Figure(PART, "steps, 100 signals a commit", "steps/s", own, Goal(2000))
    yield Figure(PART, "steps: CPU of the process", "µs/step", cpu)
    yield Figure(PART, "steps: over the floor", "×", over(own, rates["floor"]), Goal(1 / 3))
    yield Figure(PART, "steps: over the peer", "×", over(own, rates["peer"]), Goal(3))
    for kind, others in rates.items():
        yield Figure(PART, f"steps: {kind}", "steps/s", others)


def _product(lab: Lab, folder: Path) -> dict[str, Any]:
    return lab.run(
        "bench.steps:product",
        label="steps, PostgreSQL",
        folder=str(folder),
        complaints=lab.size(1000),
        per_commit=100,
    )


def _peer(lab: Lab, folder: Path, batch: int) -> dict[str, Any]:
    """It is given fewer complaints where it commits each event."""
    complaints = lab.size(200 if batch == 1 else 1000)
    where = {"folder": str(folder), "complaints": complaints, "batch": batch}
    return lab.run("bench.on_postgres:package", label=None, **where)


def _floor(lab: Lab, server: Postgres) -> dict[str, Any]:
    """The product's rows, written again by the raw driver."""
    with (
        lab.new_folder() as first,
        lab.new_folder() as second,
        server.database(first),
        server.database(second),
    ):
        folders = {"first": str(first), "second": str(second)}
        return lab.run("bench.on_postgres:floor", **folders, complaints=lab.size(1000))


def _beside(lab: Lab, server: Postgres) -> Iterator[Figure]:
    """The same backlog worked off by one process, and by two."""
    complaints, took = lab.size(2000), {1: [0.0], 2: [0.0]}
    for number in range(lab.runs):
        for processes in (1, 2) if number % 2 else (2, 1):
            seconds = _drained(lab, server, complaints, processes)
            took[processes] = [*took[processes], seconds]
    one, two = ([seconds for seconds in took[n] if seconds] for n in (1, 2))
    yield Figure(PART, "a backlog, one process", "complaints/s", [complaints / s for s in one])
    yield Figure(PART, "a backlog, two processes", "complaints/s", [complaints / s for s in two])
    yield Figure(PART, "two processes over one", "×", over(one, two), Goal(1))


def _drained(lab: Lab, server: Postgres, complaints: int, processes: int) -> float:
    with lab.new_folder() as folder, server.database(folder):
        lab.run("bench.on_postgres:behind", folder=str(folder), complaints=complaints)
        names = [f"runner{n}" for n in range(processes)]
        started = [
            start_apart("bench.on_postgres:draining", folder=str(folder), name=name)
            for name in names
        ]
        while not all((folder / name).exists() for name in names):
            time.sleep(0.05)
        (folder / "go").touch()
        told = [lab.finish(process, "consumers, PostgreSQL") for process in started]
        lab.run("bench.on_postgres:after", folder=str(folder))
    return float(max(t["ended"] for t in told) - min(t["began"] for t in told))
