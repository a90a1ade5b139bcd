"""kill -9 of any process at random points, round after round: one code, three sizes."""

from __future__ import annotations

import os
import time
from collections import Counter
from random import Random
from typing import Any

from cluster import Cluster

ROUNDS = int(os.environ.get("BIHUAN_FAULT_ROUNDS", "1"))
"""Of each fault: 1 in `make test`, more where it is asked for."""

WHOLE = ROUNDS > 1 or "BIHUAN_WHOLE" in os.environ
"""Every story, on every database, at every width: in the gate, and wherever it is asked for."""

KILLS = int(os.environ.get("BIHUAN_KILL_ROUNDS", ROUNDS))
"""Of each kill -9, where it is to be more than of the other faults."""

AN_OFFICE = 5
"""Rounds of each kill that one story tells, of an office of its own."""

OFFICES = range(-(-KILLS // AN_OFFICE))


def seed() -> str:
    """Of this run; with it in BIHUAN_FAULT_SEED another one makes the same choices."""
    return os.environ["BIHUAN_FAULT_SEED"]


def some_of(points: int, storage: Any) -> range:
    """Of so many points of a story each one, or, where ROUNDS are few, each so-manieth of the
    storage's stride, and half of these in the shortest run: other ones in each run, so that runs
    together try all.
    """
    step = max(1, storage.stride // ROUNDS) * (1 if WHOLE else 2)
    return range(1 + Random(seed()).randrange(step), points + 1, step)


def killed_at_random(cluster: Cluster, number: int) -> Counter[str]:
    """Each process, the client and everything at once, in any order, so that all OFFICES together
    have it as often as KILLS says; in the shortest run half of them, other ones each time.
    """
    rng, done = Random(f"{seed()}/{number}"), Counter[str]()
    rounds = min(AN_OFFICE, KILLS - number * AN_OFFICE)
    victims = [*cluster.commands, "client", "everything"]
    of_them = len(victims) if WHOLE else (len(victims) + 1) // 2
    turns = [victim for _ in range(rounds) for victim in rng.sample(victims, of_them)]
    for turn, victim in enumerate(turns):
        try:
            _round(cluster, victim, rng)
        except BaseException as error:
            error.add_note(f"round {turn}, {victim} killed, BIHUAN_FAULT_SEED={seed()}")
            raise
        done[victim] += 1
    assert cluster.told()["event"] > 0
    assert cluster.told()["projects"] > 0
    assert cluster.ways <= cluster.told().keys()
    return done


def _round(cluster: Cluster, victim: str, rng: Random) -> None:
    """Killed after some answers and a moment more, and missing for some answers: the console, by
    which they come, for a moment.
    """
    cluster.start(*(cluster.commands.keys() - cluster.children.keys()))
    cluster.asks(4)
    cluster.answers(rng.randint(0, 8))
    time.sleep(rng.uniform(0.0, 0.2))
    names = list(cluster.children) if victim == "everything" else [victim]
    cluster.kill(*names)
    if victim == "console":
        time.sleep(rng.uniform(0.0, 1.0))
    elif "client" in cluster.children:
        cluster.answers(rng.randint(0, 4))
    cluster.start(*(name for name in names if name != "client"))
    cluster.is_answered()
    cluster.settles()
