"""Complaints taken the whole way round the loop: what people record, and the runner behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import schemas as s
from bench.case import EVENTS, PLATFORM, SOURCE, STEPS, Made, Signal
from bench.stores import Lap, Stopwatch, audited, count, expect, steps_in
from console.wiring import Office
from workflow.bus.embedded import EmbeddedBus
from workflow.ledger import Posting
from workflow.storage.numbers import next_number

NO_ROWS = "0" * 32


class Round(NamedTuple):
    """Complaint events committed, and what they took in wall and CPU seconds."""

    steps: int
    seconds: float
    cpu: float

    @classmethod
    def of(cls, complaints: int, laps: Sequence[Lap]) -> Round:
        """So many complaints taken all the way in these laps."""
        return cls(
            EVENTS * complaints,
            sum(lap.seconds for lap in laps),
            sum(lap.cpu for lap in laps),
        )


def subjects(first: int, complaints: int) -> list[str]:
    """The ids of so many complaints."""
    return [f"CP21-{number:07d}" for number in range(first, first + complaints)]


def go_round(office: Office, bus: EmbeddedBus, ids: Sequence[str], per_commit: int) -> Round:
    """Takes new complaints all the way, people's signals `per_commit` in a transaction; after
    each of the six steps the runner brings every consumer to the end of the log.

    The clock runs from a step's first transaction until every consumer's progress equals the log;
    making the next step's signals is not in it.
    """
    laps = []
    for made in STEPS:
        parts = list(_parts(made, ids, office.clock(), per_commit))
        watch = Stopwatch()
        for part in parts:
            with office.ledger.transaction() as posting:
                _record(posting, part)
        expect("the runner has the lease", bus.drain(), True)
        laps.append(watch.lap())
    return Round.of(len(ids), laps)


def _parts(
    made: Made, ids: Sequence[str], now: int, size: int
) -> Iterator[list[tuple[str, Signal]]]:
    signals = [(subject, signal) for subject in ids for signal in made(subject, now)]
    for start in range(0, len(signals), size):
        yield signals[start : start + size]


def _record(posting: Posting, part: Sequence[tuple[str, Signal]]) -> None:
    posting.prefetch(subject for subject, _ in part)
    for subject, signal in part:
        posting.record(subject, signal.fact, signal.actor, texts=signal.texts)
    if isinstance(part[0][1].fact, s.ReviewCollected):
        close_batch(posting, len(part))


def close_batch(posting: Posting, complaints: int) -> None:
    """Complaints are opened by batches; the auditor counts them."""
    number = next_number(posting.conn, "batch")
    posting.append(f"batch/{number}", 1, batch_of(number, complaints, posting.now), PLATFORM)


def batch_of(number: int, complaints: int, received_at: int) -> s.BatchCollected:
    """The event of a batch that opened so many complaints; their ratings' rows are the collecting
    part's.
    """
    return s.BatchCollected(
        source=SOURCE,
        batch=number,
        received_at=received_at,
        services=0,
        ratings=0,
        repeats=0,
        conflicts=0,
        refused=0,
        complaints=complaints,
        services_digest=NO_ROWS,
        ratings_digest=NO_ROWS,
    )


def record_first(office: Office, ids: Sequence[str]) -> None:
    """Collects these complaints and goes no further."""
    for part in _parts(STEPS[0], ids, office.clock(), 100):
        with office.ledger.transaction() as posting:
            _record(posting, part)


def sound(office: Office, complaints: int) -> None:
    """Raises Unsound unless so many complaints went all the way, with every row they write."""
    expect("steps", steps_in(office), EVENTS * complaints)
    rows = {
        "complaints": complaints,
        "complaint_facts": complaints,
        "order_facts": complaints,
        "outbox": 4 * complaints,
        "vault": 6 * complaints,
        "deadlines": 0,
    }
    for table, wanted in rows.items():
        expect(f"rows of {table}", count(office, table), wanted)
    audited(office)
