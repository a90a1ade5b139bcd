"""`python -m bench [PART …]`: measures these parts, or all of them.

What was measured at full size is written to bench/latest.json, part by part, and from there to
docs/figures.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from rich.console import Console

from bench import parts
from bench.figures import Figure, Goal
from bench.lab import Lab, lab
from bench.machine import machine
from bench.report import LATEST, PAGE, as_page, show, write
from bench.stores import Unsound

RUNS = 3


def main(words: Sequence[str]) -> int:
    """Answers 1 if a figure is missing; a goal not reached is no error."""
    asked = _asked(words)
    names = asked.parts or list(parts.PARTS)
    figures: list[Figure] = []
    used: dict[str, str] = {}
    with lab(asked.runs, asked.scale) as place:
        where = machine(place.folder)
        for name in names:
            found = list(measured(place, name))
            figures += found
            used |= place.servers
            if asked.scale == 1 and asked.runs >= RUNS:
                said = write(LATEST, where | place.servers, found)
                PAGE.write_text(as_page(said), encoding="utf-8")
    not_run = [name for name in parts.PARTS if name not in names]
    show(Console(width=160), where | used, figures, not_run)
    return int(any(figure.missing for figure in figures))


def measured(place: Lab, name: str) -> Iterator[Figure]:
    """The figures of this part, and the most memory that each of the product's processes held in
    it; a run that left something unsound gives none.
    """
    sys.stderr.write(f"{name} …\n")
    place.memory.clear()
    place.servers.clear()
    try:
        yield from parts.PARTS[name](place)
    except Unsound as reason:
        yield Figure(name, "all that is missing", "", missing=str(reason))
    for label, megabytes in sorted(place.memory.items()):
        yield Figure(name, f"memory: {label}", "MB", [megabytes], Goal(200, most=True))


def _asked(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *parts.PARTS], metavar="PART")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of each, for the median")
    parser.add_argument("--scale", type=float, default=1.0, help="below 1: only to see it work")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
