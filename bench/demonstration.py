"""The demo as a newcomer runs it, with its own timings."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

from bench.figures import Figure, Goal
from bench.lab import Lab
from bench.stores import Stopwatch, Unsound

PART = "demo"
_COMMAND = (sys.executable, "-c", "from console.cli import main; main()")
_TOOK = re.compile(r"生成和归集 (\d+) 秒")
_HELD = re.compile(r"前台 (\d+) MB，后台 (\d+) MB")
DESK = "desk"


def measured(lab: Lab) -> Iterator[Figure]:
    """Once, whatever the number of runs: it has a whole quarter in it."""
    with lab.new_folder() as folder:
        watch = Stopwatch()
        said = _bihuan("demo", "--data", str(folder / "demo"))
        seconds = watch.lap().seconds
        for data in (folder / "demo", folder / "demo" / DESK):
            _bihuan("check", "--data", str(data))
    took, held = _TOOK.search(said), _HELD.search(said)
    if took is None or held is None:
        raise Unsound("the demo's last act does not say what it took")
    lab.memory |= {"demo, in front": float(held[1]), "demo, behind": float(held[2])}
    yield Figure(PART, "data generated and taken in", "s", [float(took[1])], Goal(90, most=True))
    yield Figure(PART, "the whole demo", "s", [seconds], Goal(150, most=True))


def _bihuan(*words: str) -> str:
    done = subprocess.run([*_COMMAND, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unsound(f"bihuan {words[0]}: exit code {done.returncode} {done.stderr[-300:]}")
    return done.stdout
