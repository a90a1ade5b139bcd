"""外部数字: figures that only others know, shown as such and never computed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from console.reports.periods import Period

_FILE = Path(__file__).with_name("outside.toml")


@dataclass(frozen=True, slots=True)
class OutsideFigure:
    """A figure somebody else published, and where."""

    name: str
    value: str
    source: str


def outside_figures(period: Period, tier: str, area: str) -> tuple[OutsideFigure, ...]:
    """What others published for exactly this period, tier and area."""
    wanted = (period.label, tier, area)
    return tuple(
        OutsideFigure(row["name"], row["value"], row["source"])
        for row in _listed()
        if (row["period"], row["tier"], row["area"]) == wanted
    )


@cache
def _listed() -> tuple[dict[str, str], ...]:
    return tuple(tomllib.loads(_FILE.read_text(encoding="utf-8"))["figure"])
