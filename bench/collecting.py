"""Rows taken in a second, services and ratings alike: a real file, and the bulk function alone."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench.figures import Figure, Goal, over
from bench.files import write_file
from bench.floor import recorded, replayed, same_rows
from bench.lab import Lab
from bench.stores import Stopwatch, audited, count, expect, store
from console.wiring import Office
from producers.importing import import_file, ready_batches
from producers.runs import Receipt
from producers.sources import source
from workflow.collection import collect_ready

PART = "collect"
SOURCE = "bihuan"
WARM = 2000


def imported(folder: str, rows: int) -> dict[str, Any]:
    """A file of so many rows, imported as the command does it: a second process reads it."""
    file, warm = Path(folder) / "rows.csv", Path(folder) / "warm.csv"
    bad = write_file(file, rows, 1) + write_file(warm, WARM, 2)
    with store(Path(folder) / "data") as office:
        _import(office, warm)
        watch = Stopwatch()
        receipt = _import(office, file)
        lap = watch.lap()
        expect("rows accepted", receipt.accepted, rows)
        _sound(office, rows + WARM, bad)
    return {"rows": rows, **lap._asdict()}


def _import(office: Office, path: Path) -> Receipt:
    return import_file(office.ledger, office.desk(), path, source(SOURCE), lambda *_: None)


def _sound(office: Office, rows: int, bad: int) -> None:
    """Raises Unsound unless every row is there, and counted, and each bad one has a complaint."""
    office.drain()
    for table, wanted in (("services", rows // 2), ("ratings", rows // 2), ("complaints", bad)):
        expect(f"rows of {table}", count(office, table), wanted)
    expect("ratings' personal data", count(office, "vault WHERE field = 'rating'"), rows // 2)
    audited(office)


def alone(folder: str, rows: int) -> dict[str, Any]:
    """The bulk function on rows that are ready, and the raw driver writing what it wrote."""
    first, second = Path(folder) / "product", Path(folder) / "floor"
    file = Path(folder) / "rows.csv"
    bad = write_file(file, rows, 1)
    with store(first) as office:
        batches = list(ready_batches(file, SOURCE, office.desk(), 0))
        gc.freeze()  # rows waiting their turn are the measurement's, not the product's
        with recorded(office) as tape:
            watch = Stopwatch()
            for batch in batches:
                collect_ready(office.ledger, office.desk(), SOURCE, batch.rows)
            lap = watch.lap()
        floor = replayed(second, [], tape.commits)
        same_rows(first, second)
        _sound(office, rows, bad)
    return {"rows": rows, "product": lap._asdict(), "floor": floor._asdict()}


def measured(lab: Lab) -> Iterator[Figure]:
    rows = lab.size(200_000) // 2 * 2
    files, bulk, floors = [], [], []
    for _ in range(lab.runs):
        with lab.new_folder() as folder:
            done = lab.run(
                "bench.collecting:imported", label="import", folder=str(folder), rows=rows
            )
        files.append(done["rows"] / done["seconds"])
        with lab.new_folder() as folder:
            done = lab.run("bench.collecting:alone", folder=str(folder), rows=rows // 2)
        bulk.append(done["rows"] / done["product"]["seconds"])
        floors.append(done["rows"] / done["floor"]["seconds"])
    yield Figure(PART, "a file imported", "rows/s", files, Goal(20_000))
    beside = {"floor": median(over(bulk, floors))}
    yield Figure(PART, "the bulk function alone", "rows/s", bulk, beside=beside)
    yield Figure(PART, "floor: the same rows by the raw driver", "rows/s", floors)
