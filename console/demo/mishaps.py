"""演示：the normal life of collecting: rows sent again, in conflict, refused at first, or late."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from console.demo.desks import Row

REPEATED: Final = 1 / 500
"""Rows sent a second time, word for word."""
CONFLICTING: Final = 1 / 20_000
"""Rows whose key comes a second time with other content: kept beside the first."""
BROKEN: Final = 1 / 6_000
"""Rows that come wrong at first, are refused, and come right later on the same day."""
LATE: Final = 1 / 300
"""Rows that arrive one to three days after their day; a rating may so precede its service."""

Change = Callable[[Row], Row]


@dataclass(frozen=True, slots=True)
class Batch:
    """A day's rows of one kind, and what of them is not new."""

    rows: list[Row]
    repeats: int
    conflicts: int
    refused: int


def held_back(rows: list[Row], day: date, last: date, rng: Random) -> list[tuple[date, Row]]:
    """Takes a few rows out of the list, each with the day on which it will arrive after all."""
    held: list[tuple[date, Row]] = []
    for index in sorted(_draw(rows, LATE, rng), reverse=True):
        arrives = min(day + timedelta(days=rng.randint(1, 3)), last)
        if arrives > day:
            held.append((arrives, rows.pop(index)))
    return held


def disturbed(rows: list[Row], changes: "Changes", rng: Random) -> Batch:
    """The rows with the day's mishaps: broken ones first, repeats and conflicts after the rest."""
    broken = [rng.choice(changes.broken)(rows[i]) for i in _draw(rows, BROKEN, rng)]
    conflicts = [changes.conflict(rows[i]) for i in _draw(rows, CONFLICTING, rng)]
    repeats = [rows[i] for i in _draw(rows, REPEATED, rng)]
    every = broken + rows + conflicts + repeats
    return Batch(every, len(repeats), len(conflicts), len(broken))


def _draw(rows: Sequence[Row], share: float, rng: Random) -> list[int]:
    number = int(len(rows) * share + rng.random())
    return rng.sample(range(len(rows)), min(number, len(rows)))


@dataclass(frozen=True, slots=True)
class Changes:
    """How rows of one kind go wrong."""

    broken: tuple[Change, ...]
    conflict: Change


def _with(place: int, text: str) -> Change:
    def change(row: Row) -> Row:
        columns = list(row)
        columns[place] = text
        return tuple(columns)

    return change


def _another_second(row: Row) -> Row:
    return (*row[:-1], row[-1][:-2] + ("58" if row[-1].endswith("59") else "59"))


def _another_level(row: Row) -> Row:
    return (*row[:-4], "4" if row[-4] == "5" else "5", "", "补充：整体满意", row[-1])


def _wrong_reason(row: Row) -> Row:
    return (*row[:-3], "214", "", row[-1])


SERVICES: Final = Changes(
    (
        _with(-1, "2021-13-01 09:00:00"),
        _with(-1, ""),
        _with(-2, "特快件"),
        _with(3, "某单位（未登记）"),
    ),
    _another_second,
)
RATINGS: Final = Changes(
    (
        _with(-4, "9"),
        _with(-6, "77"),
        _wrong_reason,
        _with(-1, "2021-02-30 10:00:00"),
        _with(4, "某单位（未登记）"),
    ),
    _another_level,
)
