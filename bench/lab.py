"""Where runs take place: a scratch folder on the disk that is measured, each run apart."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.apart import Told, run_apart, told

SCRATCH = Path(__file__).parent / "scratch"
"""On the working tree's own disk: a folder in memory would make every commit free."""


class Lab:
    """Runs functions apart, each in a folder of its own, and remembers what memory they took.

    `scale` below 1 makes every part smaller: enough to see that it works, no figure to quote.
    """

    def __init__(self, folder: Path, runs: int, scale: float = 1.0) -> None:
        self.folder, self.runs, self._scale = folder, runs, scale
        self.memory: dict[str, float] = {}
        self.servers: dict[str, str] = {}
        """Which version of each server the part at hand has used."""

    def size(self, full: int) -> int:
        """So many, at this scale."""
        return max(20, round(full * self._scale))

    def run(self, what: str, *, label: str | None = None, **arguments: Any) -> dict[str, Any]:
        """The answer of one run; `label` names its process where its memory counts.

        Raises Unsound.
        """
        ended = run_apart(what, **arguments)
        if label is not None:
            self._remember(label, ended)
        return ended.answer

    def finish(self, process: subprocess.Popen[str], label: str) -> dict[str, Any]:
        """The answer of a process that was started apart, once it ends. Raises Unsound."""
        ended = told(process)
        self._remember(label, ended)
        return ended.answer

    def _remember(self, label: str, ended: Told) -> None:
        self.memory[label] = max(self.memory.get(label, 0.0), ended.megabytes)
        if ended.children_megabytes:
            second = f"{label}, second process"
            self.memory[second] = max(self.memory.get(second, 0.0), ended.children_megabytes)

    @contextmanager
    def new_folder(self) -> Iterator[Path]:
        """A folder that is there until this ends."""
        made = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            yield made
        finally:
            shutil.rmtree(made)


@contextmanager
def lab(runs: int, scale: float = 1.0, folder: Path = SCRATCH) -> Iterator[Lab]:
    """A lab in a new folder below this one, which is removed at the end."""
    folder.mkdir(exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder))
    try:
        yield Lab(made, runs, scale)
    finally:
        shutil.rmtree(made)
