"""A warmed process that forks children for stories which end in SIGKILL: starting one takes
milliseconds. Requests and answers are lines of JSON on its standard streams.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


@dataclass
class Child:
    """A forked process; `wait` answers its exit code, -9 when it was killed."""

    zygote: Zygote
    pid: int

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> int:
        self.signal(signal.SIGKILL)
        return self.wait()

    def wait(self) -> int:
        return int(self.zygote.ask(wait=self.pid)["exit"])


class Zygote:
    """The test's side."""

    def __init__(self, errors: Path) -> None:
        paths = os.pathsep.join([str(HERE), str(HERE.parent)])
        self._errors = errors.open("w")
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, "PYTHONPATH": paths},
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def start(self, call: str, **values: Any) -> Child:
        """Runs `module:function(**values)` in a child of its own."""
        return Child(self, self.ask(call=call, values=values)["pid"])

    def run(self, call: str, **values: Any) -> int:
        return self.start(call, **values).wait()

    def told(self) -> str:
        """What the children wrote to their standard error last."""
        return Path(self._errors.name).read_text(encoding="utf-8")[-4000:]

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()


def acknowledge(path: str, **said: Any) -> None:
    """One line outside the database, on the disk when this returns: what a caller was told."""
    line = json.dumps({**said, "at": time.monotonic()}, ensure_ascii=False) + "\n"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(handle, line.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def acknowledged(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _serve() -> None:
    importlib.import_module("scenarios").warm()
    running: set[int] = set()
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            _, status = os.waitpid(request["wait"], 0)
            running.discard(request["wait"])
            answer = {"exit": os.waitstatus_to_exitcode(status)}
        else:
            pid = os.fork()
            if pid == 0:
                _child(request)
            running.add(pid)
            answer = {"pid": pid}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in running:  # the tests are over, however they ended
        os.kill(pid, signal.SIGKILL)


def _child(request: dict[str, Any]) -> None:
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the answers are not the child's
    code = 1
    try:
        module, name = request["call"].split(":")
        getattr(importlib.import_module(module), name)(**request["values"])
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
