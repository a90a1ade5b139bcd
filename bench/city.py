"""A city's year in one store: complaints in every state, the ratings they are among, and the people
who work on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import insert

from bench.fates import ENDED, OPEN, Fate, Life, Time, lived
from bench.files import ITEMS
from bench.rounds import subjects
from bench.seeding import copied, drained, models_of
from bench.stores import audited, count, expect
from console.accounts.register import insert_person, listed, person
from console.accounts.sessions import open_session
from console.wiring import STANDING_CLOCK, Office, office
from producers.clock import tick
from schemas.codes import Channel, Origin
from schemas.envelope import Role
from schemas.rating import Rating
from workflow.clock import DAY, micros
from workflow.collection import MOST, collect_ready
from workflow.intake import Desk, Ready
from workflow.storage.models import sequences

NOW = micros(datetime.fromisoformat("2021-12-15T10:00:00+08:00"))
UNITS = ("ZD-RSJ", "ZD-SCJG", "ZD-GAJ", "ZD-ZJJ", "ZD-WJJ", "ZD-YBJ", "ZD-XZSP", "ZD-ZRZY")
OPEN_OF = 100
"""One complaint in so many is open."""

WAVES = 4
"""Days, the last before now, on which the open ones were collected."""

GROUP = 8_000
UNKNOWN = ("unknown",)
"""Whose unit nobody knows: their orders wait to be assigned by hand."""

SATISFIED = 3
"""Of the ended ones so many for one that was dismissed."""

PEOPLE = {Role.OPERATOR: 25, Role.DEPARTMENT: 15, Role.SUPERVISOR: 10}


def built(folder: str, complaints: int, ratings: int) -> dict[str, Any]:
    """The store, whose clock stands where it ends until somebody works in it."""
    path, still_open = Path(folder), max(len(OPEN) * WAVES, complaints // OPEN_OF)
    first = _ended(path, complaints - still_open)
    _open(path, first, still_open)
    with office(path, lambda: NOW) as opened:
        _rated(opened, ratings)
        drained(opened)
        while tick(opened.ledger, NOW):
            drained(opened)
        with opened.database.write() as conn:
            conn.execute(insert(sequences).values(name=STANDING_CLOCK, value=NOW))
        expect("complaints", count(opened, "complaints"), complaints)
        expect("ratings", count(opened, "ratings"), ratings)
    return {}


def checked(folder: str) -> dict[str, Any]:
    """The whole store, from its first row to its last."""
    with office(Path(folder)) as opened:
        audited(opened)
    return {}


def _ended(path: Path, complaints: int) -> int:
    """Groups spread over the year before the open ones; the next number."""
    groups = max(12, -(-complaints // GROUP))
    first, units = 1, cycle(UNITS)
    fates = [*[ENDED["satisfied"]] * SATISFIED, ENDED["dismissed"]]
    for number in range(groups):
        size = complaints // groups + (number < complaints % groups)
        at = NOW - (WAVES + 4) * DAY - (groups - number) * (340 // groups) * DAY
        _group(path, first, size, at, fates, [next(units) for _ in fates])
        first += size
    return first


def _open(path: Path, first: int, complaints: int) -> None:
    units = cycle(UNITS)
    for number in range(WAVES):
        size = complaints // WAVES + (number < complaints % WAVES)
        at = NOW - (WAVES - number) * DAY - DAY // 24
        mine = [None if fate in UNKNOWN else next(units) for fate in OPEN]
        _group(path, first, size, at, list(OPEN.values()), mine)
        first += size


def _group(
    path: Path, first: int, size: int, at: int, fates: Sequence[Fate], units: Sequence[str | None]
) -> None:
    """Complaints collected together: a model of each fate, and its copies."""
    ids, time = subjects(first, size), Time(at)
    lives = [Life(*told) for told in zip(ids, units, fates, strict=False)]
    with office(path, time) as opened:
        lived(opened, time, lives)
        keys, models = opened.keys, models_of(opened, [life.subject for life in lives])
    rest = ids[len(lives) :]
    copied(path, keys, [(model, rest[n :: len(lives)]) for n, model in enumerate(models)])


def _rated(opened: Office, ratings: int) -> None:
    """Good ratings, spread over the year and all units: they name their unit, and nobody."""
    desk = opened.desk()
    for start in range(0, ratings, MOST):
        ready = good_ratings(desk, start, min(MOST, ratings - start), ratings)
        collect_ready(opened.ledger, desk, "bihuan", ready)


def good_ratings(desk: Desk, start: int, size: int, whole: int) -> list[Ready]:
    """So many of the year's `whole`, from this one on, ready to be taken in."""
    rows = [desk.ready(number, rating) for number, rating in _ratings(start, size, whole)]
    return [row for row in rows if isinstance(row, Ready)]


def _ratings(start: int, size: int, whole: int) -> Iterator[tuple[int, Rating]]:
    random, begin = Random(start), datetime.fromisoformat("2021-01-01T09:00:00+08:00")
    for number in range(start, start + size):
        yield (
            number + 1,
            Rating(
                source="bihuan",
                projectNo=f"PJ{number:09d}",
                serviceNumber="1",
                assessNumber="1",
                deptCode=random.choice(UNITS),
                taskName=random.choice(ITEMS),
                winName=f"{random.randrange(1, 40)}号窗口",
                pf=Channel.PAD,
                origin=random.choice((Origin.ONSITE_ACTIVE, Origin.REMOTE_ACTIVE)),
                satisfaction=random.choice((5, 5, 5, 5, 4, 3)),
                assessTime=begin + timedelta(minutes=number * 340 * 1440 // whole),
            ),
        )


def peopled(folder: str) -> dict[str, Any]:
    """Everybody signed in just now: (account, role, unit, the session's secret) of each."""
    made: list[tuple[str, str, str | None, str]] = []
    with office(Path(folder)) as opened, opened.database.write() as conn:
        now, known = opened.wall(), bool(listed(conn))
        for role, many in PEOPLE.items():
            for number in range(many):
                unit = UNITS[number % len(UNITS)] if role is Role.DEPARTMENT else None
                new = person(opened, f"{role}{number:02d}", f"{role}{number}", [role], unit)
                if not known:
                    insert_person(conn, new, "bench", now)
                made.append((new.account, role, unit, open_session(conn, new.account, role, now)))
    return {"people": made}
