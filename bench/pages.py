"""What fifty people wait for at the console: pages, steps, and news of each other's, on one process
that has the console, the consumers and the clock, over a city's year; and over ten times as much.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.city import PEOPLE
from bench.figures import Figure, Goal
from bench.lab import Lab
from bench.stores import Unsound
from bench.visiting import FLOOR

PART, TENFOLD = "pages", "pages-tenfold"
COMPLAINTS, RATINGS = 100_000, 1_000_000
SECONDS, WARM = 60.0, 20.0
FEWEST = 10
"""Answers of a kind below which there is no percentile to speak of."""

GOALS = {
    "page": Goal(50, most=True),
    "step": Goal(30, most=True),
    "screen": Goal(300, most=True),
}

_SERVER = (sys.executable, "-c", "from console.cli import main; main()", "run", "--port", "0")


def measured(lab: Lab) -> Iterator[Figure]:
    """Of one store, which is checked whole before and after."""
    with lab.new_folder() as folder:
        told = _built(lab, folder, lab.size(COMPLAINTS), lab.size(RATINGS))
        label = f"check, {lab.size(RATINGS):,} ratings"
        lab.run("bench.city:checked", label=label, folder=str(folder / "data"))
        runs = [_run(lab, folder / "data") for _ in range(lab.runs)]
        lab.run("bench.city:checked", folder=str(folder / "data"))
    yield from figures(PART, runs, told, GOALS)


def measured_tenfold(lab: Lab) -> Iterator[Figure]:
    """The same of ten times as much, once: it has no goals, and is not checked, which would take
    far longer than all else.
    """
    with lab.new_folder() as folder:
        told = _built(lab, folder, lab.size(10 * COMPLAINTS), lab.size(10 * RATINGS))
        runs = [_run(lab, folder / "data")]
    yield from figures(TENFOLD, runs, told, {})


def _built(lab: Lab, folder: Path, complaints: int, ratings: int) -> str:
    """Of what size the store is that now stands in the folder."""
    store = str(folder / "data")
    lab.run("bench.city:built", folder=store, complaints=complaints, ratings=ratings)
    return f"{complaints:,} complaints, {ratings:,} ratings, {sum(PEOPLE.values())} people"


def figures(
    part: str, runs: list[dict[str, Any]], told: str, goals: Mapping[str, Goal]
) -> Iterator[Figure]:
    """By kind of page, beside the empty answer of the same server in the same run."""
    floors = [_percentile(run["pages"][FLOOR], 95) for run in runs]
    yield Figure(part, f"floor: {FLOOR} beside them, p95; {told}", "ms", floors)
    for kind in sorted(set().union(*(run["pages"] for run in runs)) - {FLOOR}):
        found = [_percentile(run["pages"].get(kind, []), 95) for run in runs]
        half = [median(run["pages"][kind]) for run in runs]
        floor = median(mine / other for mine, other in zip(found, floors, strict=True))
        yield Figure(part, f"{kind}, p95", "ms", found, goals.get("page"), {"floor": floor})
        yield Figure(part, f"{kind}, median", "ms", half)
    together = [
        [took for kind, times in run["pages"].items() if kind != FLOOR for took in times]
        for run in runs
    ]
    found = [_percentile(times, 95) for times in together]
    yield Figure(part, "all these pages together, p95", "ms", found, goals.get("page"))
    steps = [_percentile(run["steps"], 95) for run in runs]
    yield Figure(part, "a step, p95", "ms", steps, goals.get("step"))
    screens = [_percentile(run["screens"], 99) for run in runs]
    name = "from a step's sending to another's screen, p99"
    yield Figure(part, name, "ms", screens, goals.get("screen"))
    yield Figure(part, "answers a second", "1/s", [_answers(run) / SECONDS for run in runs])
    yield Figure(part, "CPU of the server's process a second", "s", [run["busy"] for run in runs])


def _answers(run: dict[str, Any]) -> int:
    return sum(map(len, run["pages"].values())) + len(run["steps"])


def _percentile(values: list[float], of: int) -> float:
    """Raises Unsound where there are too few to speak of one."""
    if len(values) < FEWEST:
        raise Unsound(f"only {len(values)} answers: a percentile says nothing")
    return quantiles(values, n=100, method="inclusive")[of - 1]


def _run(lab: Lab, store: Path) -> dict[str, Any]:
    people = lab.run("bench.city:peopled", folder=str(store))["people"]
    with _served(store) as (url, process):
        asked = {"url": url, "people": people, "seconds": SECONDS, "warm": WARM}
        before = _cpu(process)
        done = lab.run("bench.visiting:visited", label="fifty browsers", **asked)
        done["busy"] = (_cpu(process) - before) / (SECONDS + WARM)
        lab.memory["console, consumers and clock"] = _megabytes(process)
    if done["wrong"]:
        raise Unsound(f"answers that should not be: {done['wrong']}")
    return done


@contextmanager
def _served(store: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`bihuan run` on a port of the system's choosing; loopback alone."""
    command = [*_SERVER, "--data", str(store)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        if "http://" not in first:
            raise Unsound(f"the console did not start: {first.strip()}")
        yield "http://" + first.partition("http://")[2].strip(), process
    finally:
        process.terminate()
        process.wait()


def _cpu(process: subprocess.Popen[str]) -> float:
    """Seconds of CPU it has used so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _megabytes(process: subprocess.Popen[str]) -> float:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))
