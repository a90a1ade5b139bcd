"""Recorded steps a second with all consumers running, beside their floor and a peer."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.apart import run_apart
from bench.rounds import go_round, sound, subjects
from bench.stores import store

WARM = 100


def product(folder: str, complaints: int, per_commit: int) -> dict[str, Any]:
    """One run in a new store, after a few complaints to warm up."""
    with store(Path(folder)) as office:
        bus = office.bus()
        go_round(office, bus, subjects(1, WARM), per_commit)
        done = go_round(office, bus, subjects(WARM + 1, complaints), per_commit)
        sound(office, WARM + complaints)
    return done._asdict()


def measured() -> None:
    for per_commit, complaints in ((100, 2000), (1, 500)):
        for _ in range(3):
            with tempfile.TemporaryDirectory() as folder:
                told = run_apart(
                    "bench.steps:product",
                    folder=folder,
                    complaints=complaints,
                    per_commit=per_commit,
                )
            run = told.answer
            steps = run["steps"]
            sys.stdout.write(
                f"{per_commit:>4} signals a commit: {steps / run['seconds']:8,.0f} steps/s "
                f"{run['cpu'] / steps * 1e6:7.0f} µs CPU a step, {told.megabytes:.0f} MB\n"
            )
