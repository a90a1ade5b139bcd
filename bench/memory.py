"""The most memory each of the product's processes held in the parts measured before."""

from __future__ import annotations

from collections.abc import Iterator

from bench.figures import Figure, Goal
from bench.lab import Lab
from bench.stores import Unsound

PART = "memory"


def measured(lab: Lab) -> Iterator[Figure]:
    """Last of all; with nothing measured before, there is nothing to tell."""
    if not lab.memory:
        raise Unsound("no other part was run")
    for label, megabytes in sorted(lab.memory.items()):
        yield Figure(PART, label, "MB", [megabytes], Goal(200, most=True))
