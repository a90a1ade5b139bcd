"""通知: a gateway that is a program of the office's own: one message a call, JSON on its input."""

from __future__ import annotations

import codecs
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import IO, Final

from workflow.outbox import Message

CHANNELS: Final = frozenset({"message", "link"})
"""What goes through the gateway; a call needs none."""

SECONDS: Final = 8.0
"""How long it may take: less than the sender's lease."""

KEPT: Final = 1000
"""Bytes of what it prints: more than a receipt holds."""

_LOOK: Final = 0.02
_AT_ONCE: Final = 1 << 16
"""As much as a pipe holds."""


class NotTaken(Exception):
    """The gateway's exit code; what it printed may name the citizen and is not kept."""


class ProgramGateway:
    """Runs the program for each message; exit code 0 means taken, its first line is the receipt.

    It is handed `event_id` (the idempotency key: a message it has seen must not go out twice),
    `channel`, `phone`, `body`, the citizen's `code` and, for a link, its token `link`. Where it is
    known where citizens find their page, `url` is the whole address of the link, or of the page.
    """

    def __init__(self, program: Path, citizen_url: str | None = None) -> None:
        self._program, self._place = program, citizen_url

    def send(self, message: Message) -> str:
        words = asdict(message) | {"url": self._url(message)}
        with _running(self._program) as program:
            printed = _told(program, json.dumps(words, ensure_ascii=False).encode())
        if program.returncode:
            raise NotTaken(program.returncode)
        return (_text(printed).splitlines() or [""])[0]

    def _url(self, message: Message) -> str | None:
        if self._place is None:
            return None
        place = self._place.rstrip("/")
        return place if message.link is None else f"{place}/{message.link}"


@contextmanager
def _running(program: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The program, and what it has started with it: killed if it has not ended by then."""
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(
        [str(program)], bufsize=0, stdin=pipe, stdout=pipe, stderr=nowhere, process_group=0
    ) as running:
        try:
            yield running
        finally:
            if running.returncode is None:
                os.killpg(running.pid, signal.SIGKILL)


def _told(program: subprocess.Popen[bytes], words: bytes) -> bytes:
    """Hands it the words; the beginning of what it prints until it ends. The rest is thrown away,
    and nobody waits for what it leaves running.
    """
    given, output = program.stdin, program.stdout
    assert given is not None
    assert output is not None
    with suppress(BrokenPipeError), given:
        given.write(words)
    return _beginning(program, output, time.monotonic() + SECONDS)


def _beginning(program: subprocess.Popen[bytes], output: IO[bytes], until: float) -> bytes:
    """Reads as long as the program runs, not until its output is closed."""
    os.set_blocking(output.fileno(), False)
    kept, ended = b"", False
    with DefaultSelector() as selector:
        selector.register(output, EVENT_READ)
        while not ended:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(program.args, SECONDS)
            selector.select(_LOOK)
            ended = program.poll() is not None
            part = output.read(_AT_ONCE)
            if part == b"":  # it has closed its output
                ended = program.wait(max(until - time.monotonic(), 0)) is not None
            kept = (kept + (part or b""))[:KEPT]
    return kept


def _text(printed: bytes) -> str:
    """In UTF-8, or else GB18030; a sign that was cut through at the end is left out."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(printed)
    except UnicodeDecodeError:
        return codecs.getincrementaldecoder("gb18030")("replace").decode(printed)
