"""演示：what the circular printed, as tables to compare with; the generator never reads these."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

Cell = tuple[str, str]
"""District and month, or department and column."""

ANNEX3_COLUMNS: Final = (
    "services_A",
    "ratings_M",
    "onsite_active_P",
    "printed_P_over_M_percent",
    "bad_D",
    "valid_bad_T",
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A figure of the circular's text: its name, as printed, and what we compute it by."""

    name: str
    printed: str
    figure: str


def annex3() -> Mapping[Cell, tuple[str, ...]]:
    """A, M, P, P/M, D, T by district and month, as printed."""
    return {
        (row["district"], row["month"]): tuple(row[name] for name in ANNEX3_COLUMNS)
        for row in _rows("annex3.csv")
    }


def annex4() -> tuple[tuple[str, str, str], ...]:
    """Rank, department, ratings entered, as printed."""
    return tuple(
        (row["rank"], row["department"], row["ratings_entered"]) for row in _rows("annex4.csv")
    )


def statements() -> tuple[Statement, ...]:
    """The figures of the text that a system can compute."""
    return tuple(Statement(**row) for row in _rows("text.csv"))


def _rows(name: str) -> list[dict[str, str]]:
    text = files("console.demo").joinpath("circular", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
