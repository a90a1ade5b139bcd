"""A figure: one value a run, its median, its goal, and what it is set against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Goal:
    """At least or at most so much."""

    limit: float
    most: bool = False

    def holds(self, value: float) -> bool:
        return value <= self.limit if self.most else value >= self.limit

    def __str__(self) -> str:
        return f"{'≤' if self.most else '≥'} {number(self.limit)}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One value a run; with none, `missing` says why there is no figure.

    `beside` are ratios to the floor and the peer of the same runs, this figure over theirs.
    """

    part: str
    name: str
    unit: str
    values: Sequence[float] = ()
    goal: Goal | None = None
    beside: Mapping[str, float] = field(default_factory=dict)
    missing: str = ""

    @property
    def value(self) -> float | None:
        return median(self.values) if self.values else None

    @property
    def reached(self) -> bool | None:
        """None where there is no goal; a goal without a figure is not reached."""
        if self.goal is None:
            return None
        return self.value is not None and self.goal.holds(self.value)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "unit": self.unit,
            "value": rounded(self.value),
            "goal": None if self.goal is None else str(self.goal),
            "reached": self.reached,
            "runs": len(self.values),
            "least": rounded(min(self.values, default=None)),
            "most": rounded(max(self.values, default=None)),
            "beside": {name: rounded(ratio) for name, ratio in self.beside.items()},
            "missing": self.missing or None,
        }


def over(own: Sequence[float], others: Sequence[float]) -> list[float]:
    """The ratio of each pair of runs: the machine's noise hits both of a pair."""
    return [mine / other for mine, other in zip(own, others, strict=True)]


def rounded(value: float | None) -> float | None:
    """To three significant places or whole numbers."""
    if value is None or value == 0:
        return value
    return round(value) if abs(value) >= 100 else float(f"{value:.3g}")


def number(value: float | None) -> str:
    """As printed."""
    short = rounded(value)
    return "–" if short is None else f"{short:,}" if abs(short) >= 100 else f"{short:g}"
