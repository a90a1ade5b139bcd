"""Recorded steps a second with all consumers running, beside their floor and the peer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench import peer
from bench.figures import Figure, Goal, over
from bench.floor import recorded, replayed, same_rows
from bench.lab import Lab
from bench.rounds import Round, go_round, sound, subjects
from bench.stores import store
from workflow.bus.runner import BATCH

PART = "steps"
WARM = 100


def product(folder: str, complaints: int, per_commit: int) -> dict[str, Any]:
    """One run in a new store, after a few complaints to warm up."""
    with store(Path(folder)) as office:
        bus = office.bus()
        go_round(office, bus, subjects(1, WARM), per_commit)
        done = go_round(office, bus, subjects(WARM + 1, complaints), per_commit)
        sound(office, WARM + complaints)
    return done._asdict()


def floor(folder: str, complaints: int, per_commit: int) -> dict[str, Any]:
    """What the product wrote, written again by the raw driver into a second store."""
    first, second = Path(folder) / "product", Path(folder) / "floor"
    with store(first) as office, recorded(office) as tape:
        bus = office.bus()
        go_round(office, bus, subjects(1, WARM), per_commit)
        warm = len(tape.commits)
        done = go_round(office, bus, subjects(WARM + 1, complaints), per_commit)
    second.mkdir()
    shutil.copy(first / "bihuan.key", second)  # the same seals
    lap = replayed(second, tape.commits[:warm], tape.commits[warm:])
    same_rows(first, second)
    return Round(done.steps, *lap)._asdict()


def package(folder: str, complaints: int, per_commit: int, batch: int) -> dict[str, Any]:
    """The peer's run; its consumers take `batch` events a commit."""
    done = peer.run(peer.on_file(f"{folder}/peer.db"), WARM, complaints, per_commit, batch)
    return done._asdict()


def measured(lab: Lab) -> Iterator[Figure]:
    """Batched first, then single commits; product, floor and peer by turns."""
    yield from _compared(lab, "100 signals a commit", 100, lab.size(2000), goals=True)
    yield from _compared(lab, "1 signal a commit", 1, lab.size(300), goals=False)


def _compared(
    lab: Lab, how: str, per_commit: int, complaints: int, *, goals: bool
) -> Iterator[Figure]:
    size = {"complaints": complaints, "per_commit": per_commit}
    kinds: dict[str, dict[str, Any]] = {
        "product": size,
        "floor": size,
        "peer": {**size, "complaints": lab.size(200), "batch": 1},  # it commits each event
        "peer, batched by hand": {**size, "batch": BATCH},
    }
    rates: dict[str, list[float]] = {kind: [] for kind in kinds}
    cpu: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(lab.runs):
        for kind, arguments in kinds.items():
            done = _run(lab, kind, **arguments)
            rates[kind].append(done["steps"] / done["seconds"])
            cpu[kind].append(done["cpu"] / done["steps"] * 1e6)
    own = rates["product"]
    others = [kind for kind in kinds if kind != "product"]
    ratios = {kind: over(own, rates[kind]) for kind in others}
    beside = {kind: median(found) for kind, found in ratios.items()}
    dearer = {kind: median(over(cpu["product"], cpu[kind])) for kind in others}
    yield Figure(PART, how, "steps/s", own, Goal(6000) if goals else None, beside)
    yield Figure(PART, f"{how}: CPU", "µs/step", cpu["product"], beside=dearer)
    for kind in others:
        yield Figure(PART, f"{how}: {kind}", "steps/s", rates[kind])
    if goals:
        yield Figure(PART, f"{how}: over the floor", "×", ratios["floor"], Goal(1 / 3))
    yield Figure(PART, f"{how}: over the peer", "×", ratios["peer"], Goal(3) if goals else None)


def _run(lab: Lab, kind: str, **arguments: Any) -> dict[str, Any]:
    function = {"product": "product", "floor": "floor"}.get(kind, "package")
    label = "steps" if kind == "product" else None
    with lab.new_folder() as folder:
        return lab.run(f"bench.steps:{function}", label=label, folder=str(folder), **arguments)
