"""The parts, in the order they are measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from bench import collecting, growth, steps
from bench.figures import Figure
from bench.lab import Lab

PARTS: Mapping[str, Callable[[Lab], Iterator[Figure]]] = {
    "collect": collecting.measured,
    "steps": steps.measured,
    "growth": growth.measured,
}
