"""What ten million ratings cost: how fast more are taken in beside those that are there, tenth by
tenth, into one store on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.city import good_ratings
from bench.figures import Figure, Goal
from bench.lab import Lab
from bench.servers import NoServer, postgres
from bench.stores import Stopwatch, audited, count, expect, store
from console.wiring import Office
from workflow.collection import MOST, collect_ready
from workflow.intake import Ready, content_digest

PART = "curve"
RATINGS, TENTHS = 10_000_000, 10
STEP, ROOM = 2_654_435_761, 1 << 32
"""Case numbers come in no order: each new rating reads another leaf of the index."""


def filled(folder: str, ratings: int) -> dict[str, Any]:
    """Seconds that each tenth took, in commits of as many as there may be, once they are ready."""
    with store(Path(folder)) as office:
        # Of a year's first half: on the store's clock the rest is yet to come, and refused.
        models = good_ratings(office.desk(), 0, MOST, 2 * MOST)
        laps, share = [], ratings // TENTHS
        for tenth in range(TENTHS):
            laps.append(_taken_in(office, models, tenth * share, share))
        expect("ratings", count(office, "ratings"), share * TENTHS)
        office.drain()
        audited(office)
    return {"seconds": laps, "share": share}


def _taken_in(office: Office, models: Sequence[Ready], first: int, ratings: int) -> float:
    took, desk = 0.0, office.desk()
    for start in range(first, first + ratings, MOST):
        rows = [
            _like(office, model, start + n)
            for n, model in enumerate(models[: first + ratings - start])
        ]
        watch = Stopwatch()
        answers = collect_ready(office.ledger, desk, "bihuan", rows)
        took += watch.lap().seconds
        expect("ratings accepted", answers.count("accepted"), len(rows))
    return took


def _like(office: Office, model: Ready, number: int) -> Ready:
    """The same said of another case."""
    source, _, *rest = model.key
    key = (source, f"PJ{number * STEP % ROOM:010d}", *rest)
    said = model.content[:-1]
    content = (*said, content_digest(office.keys.match, key, said))
    return model._replace(key=key, content=content)


def measured(lab: Lab) -> Iterator[Figure]:
    """Once: it takes as long as all else."""
    ratings = lab.size(RATINGS) // (TENTHS * MOST) * TENTHS * MOST or TENTHS * MOST
    try:
        with postgres() as server, lab.new_folder() as folder, server.database(folder):
            lab.servers["postgresql"] = server.version()
            done = lab.run("bench.curve:filled", folder=str(folder), ratings=ratings)
    except NoServer as none:
        yield Figure(PART, "everything", "", missing=str(none))
        return
    rates = [done["share"] / seconds for seconds in done["seconds"]]
    for tenth, rate in enumerate(rates):
        beside = f"{tenth * done['share']:,}"
        yield Figure(PART, f"ratings beside {beside} there, PostgreSQL", "rows/s", [rate])
    yield Figure(PART, "the last tenth over the first", "×", [rates[-1] / rates[0]], Goal(0.9))
