"""The parts, in the order they are measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from bench import (
    collecting,
    curve,
    demonstration,
    growth,
    human,
    on_kafka,
    on_postgres,
    pages,
    steps,
)
from bench.figures import Figure
from bench.lab import Lab

PARTS: Mapping[str, Callable[[Lab], Iterator[Figure]]] = {
    "collect": collecting.measured,
    "steps": steps.measured,
    "human": human.measured,
    "growth": growth.measured,
    "postgres": on_postgres.measured,
    "kafka": on_kafka.measured,
    "curve": curve.measured,
    "pages": pages.measured,
    "pages-tenfold": pages.measured_tenfold,
    "demo": demonstration.measured,
}
"""`growth` holds the deadlines too: both are measured on the same two stores."""
