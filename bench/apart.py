"""Each measured run in a process of its own, which tells its memory's high-water mark at its end.

`python -m bench.apart MODULE:FUNCTION JSON` calls the function with these arguments.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from importlib import import_module
from typing import Any, NamedTuple

from bench.stores import Unsound

UNSOUND = 3


class Told(NamedTuple):
    """What a run answered, and the most memory (MB) it and its own children ever held."""

    answer: dict[str, Any]
    megabytes: float
    children_megabytes: float


def run_apart(what: str, **arguments: Any) -> Told:
    """Calls the function in a new process. Raises Unsound if it did, RuntimeError if it failed."""
    return told(start_apart(what, **arguments))


def start_apart(what: str, **arguments: Any) -> subprocess.Popen[str]:
    """The process, going on by itself."""
    command = [sys.executable, "-m", "bench.apart", what, json.dumps(arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)


def told(process: subprocess.Popen[str]) -> Told:
    """What the process says at its end. Raises as `run_apart` does."""
    out, err = process.communicate()
    if process.returncode == UNSOUND:
        raise Unsound(err.strip())
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, process.args))}: {err.strip()}")  # type: ignore[arg-type]
    return Told(*json.loads(out.splitlines()[-1]))


def megabytes() -> float:
    """This process's high-water mark since it began its program."""
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def main(what: str, arguments: str) -> int:
    module, _, name = what.partition(":")
    try:
        answer = getattr(import_module(module), name)(**json.loads(arguments))
    except Unsound as reason:
        sys.stderr.write(f"{reason}\n")
        return UNSOUND
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    sys.stdout.write(json.dumps([answer, megabytes(), children]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
