"""What a million complaints cost: the rate of steps, and a tick, beside a store of ten thousand;
the steps on PostgreSQL too.

Both stores are seeded outside the timed part and take turns, so that noise hits both.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text

from bench.figures import Figure, Goal, over
from bench.lab import Lab
from bench.rounds import go_round, subjects
from bench.servers import NoServer, postgres
from bench.stores import START, Stopwatch, audited, count, expect, store
from console.wiring import server_at
from producers.clock import tick
from workflow.clock import DAY
from workflow.settings import ADDRESS
from workflow.storage.models import deadlines
from workflow.storage.moving import copy_all
from workflow.storage.schema import upgrade

PART, TICKS = "growth", "deadlines"
FEW, MANY = 10_000, 1_000_000
DUE = 1_000
"""Complaints of each early group: their timers fall due together."""

THERE = ", PostgreSQL"

LATER = 35
"""Days until the rest are collected, whose timers are all still pending at every tick."""

WARM, IDLE = 200, 200
SLACK = 1.25
"""Where a tick costs what is due, the two stores' ratio is 1; above this it would not be so."""


def groups(complaints: int, early: int, due: int) -> list[tuple[int, int]]:
    """Early groups, enough for every tick, and all the others long after them."""
    first = [(due, START + number * 7 * DAY) for number in range(early)]
    return [*first, (complaints, START + LATER * DAY)]


def rounds(folder: str, complaints: int) -> dict[str, Any]:
    """More complaints taken round in a store that has others, after a few to warm up."""
    with store(Path(folder), START + (LATER + 1) * DAY) as office:
        stood, number, bus = count(office, "events"), count(office, "complaints"), office.bus()
        first = go_round(office, bus, subjects(number + 1, WARM), 100)
        done = go_round(office, bus, subjects(number + 1 + WARM, complaints), 100)
        batches = -(-WARM // 100) - (-complaints // 100)
        wanted = stood + first.steps + done.steps + batches
        expect("events", count(office, "events"), wanted)
    return done._asdict()


def ticked(folder: str, due: int) -> dict[str, Any]:
    """The next timers of an early group fall due: they fire, and nothing else. Then ticks with
    nothing due.
    """
    with store(Path(folder), START + (LATER + 2) * DAY) as office:
        with office.database.read() as conn:
            query = select(func.count(deadlines.c.next_at), func.min(deadlines.c.next_at))
            pending, at = conn.execute(query).one()
        fired, watch = 0, Stopwatch()
        while looked_at := tick(office.ledger, at):
            fired += looked_at
        lap = watch.lap()
        expect("timers that fired", fired, due)
        idle = Stopwatch()
        for _ in range(IDLE):
            expect("timers that fired", tick(office.ledger, at), 0)
        idle_lap = idle.lap()
        office.drain()
    return {"pending": pending, "idle": idle_lap.seconds / IDLE, **lap._asdict()}


def audit_of(folder: str) -> dict[str, Any]:
    """The whole store, from its first row to its last."""
    with store(Path(folder), START + (LATER + 3) * DAY) as office:
        watch = Stopwatch()
        audited(office)
        return {"complaints": count(office, "complaints"), **watch.lap()._asdict()}


def measured(lab: Lab) -> Iterator[Figure]:
    """The figures of both parts come from the same two stores; they stand only if both stores
    pass their audit at the end.
    """
    due = lab.size(DUE)
    with ExitStack() as stack:
        stores = {name: str(stack.enter_context(lab.new_folder())) for name in ("few", "many")}
        for name, complaints in (("few", lab.size(FEW)), ("many", lab.size(MANY))):
            lab.run(
                "bench.seeding:seeded",
                folder=stores[name],
                groups=groups(complaints, lab.runs, due),
            )
        rates = _by_turns(lab, stores, "rounds", complaints=lab.size(1000))
        ticks = _by_turns(lab, stores, "ticked", due=due)
        audits = _audits(lab, stores)
        yield from _growth(rates, audits)
        yield from _ticks(ticks, due)
        yield from _on_a_server(lab, stores)


def _on_a_server(lab: Lab, stores: dict[str, str]) -> Iterator[Figure]:
    """The same stores, moved."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres())
        except NoServer as none:
            yield Figure(PART, f"steps{THERE}", "", missing=str(none))
            return
        lab.servers["postgresql"] = server.version()
        there = {name: stack.enter_context(lab.new_folder()) for name in stores}
        for name, folder in there.items():
            stack.enter_context(server.database(folder))
            lab.run("bench.growth:moved", folder=stores[name], to=str(folder))
        moved_to = {name: str(folder) for name, folder in there.items()}
        rates = _by_turns(lab, moved_to, "rounds", THERE, complaints=lab.size(500))
        yield from _growth(rates, _audits(lab, moved_to, THERE), THERE)


def moved(folder: str, to: str) -> dict[str, Any]:
    """The store's rows, copied into the database that the other folder names, with its key."""
    shutil.copy(Path(folder) / "bihuan.key", to)
    server = server_at((Path(to) / ADDRESS).read_text(encoding="utf-8"))
    with closing(server), store(Path(folder)) as office:
        with office.database.read() as source, server.write() as target:
            upgrade(target)
            copy_all(source, target)
        with server.write() as target:
            target.execute(text("ANALYZE"))
    return {}


def _audits(lab: Lab, stores: dict[str, str], where: str = "") -> dict[str, dict[str, Any]]:
    return {
        name: lab.run(
            "bench.growth:audit_of", label=f"check, {name} complaints{where}", folder=folder
        )
        for name, folder in stores.items()
    }


Runs = dict[str, list[dict[str, Any]]]


def _by_turns(
    lab: Lab, stores: dict[str, str], what: str, where: str = "", **arguments: Any
) -> Runs:
    found: Runs = {name: [] for name in stores}
    for number in range(lab.runs):
        turn = list(stores) if number % 2 else list(reversed(stores))
        for name in turn:
            done = lab.run(
                f"bench.growth:{what}",
                label=f"{what}, {name} complaints{where}",
                folder=stores[name],
                **arguments,
            )
            found[name].append(done)
    return found


def _growth(runs: Runs, audits: dict[str, dict[str, Any]], where: str = "") -> Iterator[Figure]:
    rates = {name: [d["steps"] / d["seconds"] for d in done] for name, done in runs.items()}
    cpu = {name: [d["steps"] / d["cpu"] for d in done] for name, done in runs.items()}
    for name, found in rates.items():
        stored = audits[name]["complaints"]
        yield Figure(PART, f"steps beside {stored:,} complaints{where}", "steps/s", found)
    ratio = over(rates["many"], rates["few"])
    yield Figure(PART, f"many over few{where}", "×", ratio, Goal(0.9))
    yield Figure(PART, f"many over few: by CPU time{where}", "×", over(cpu["many"], cpu["few"]))
    stored = audits["many"]["complaints"]
    yield Figure(PART, f"check of {stored:,} complaints{where}", "s", [audits["many"]["seconds"]])


def _ticks(runs: Runs, due: int) -> Iterator[Figure]:
    pending = {name: runs[name][0]["pending"] for name in runs}
    for name, done in runs.items():
        told = f"{due:,} due of {pending[name]:,} pending"
        yield Figure(TICKS, told, "ms", [d["seconds"] * 1e3 for d in done])
    for name, done in runs.items():
        told = f"none due of {pending[name]:,} pending"
        yield Figure(TICKS, told, "ms", [d["idle"] * 1e3 for d in done])
    few, many = ([d["cpu"] for d in runs[name]] for name in ("few", "many"))
    yield Figure(TICKS, "many over few: by CPU time", "×", over(many, few), Goal(SLACK, most=True))
