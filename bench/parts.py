"""The parts, in the order they are measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from bench import steps
from bench.figures import Figure
from bench.lab import Lab

PARTS: Mapping[str, Callable[[Lab], Iterator[Figure]]] = {
    "steps": steps.measured,
}
