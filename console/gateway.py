"""通知: a gateway that is a program of the office's own: one message a call, JSON on its input."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Final

from workflow.outbox import Message

CHANNELS: Final = frozenset({"message", "link"})
"""What goes through the gateway; a call needs none."""

SECONDS: Final = 8.0
"""How long it may take: less than the sender's lease."""


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
        done = subprocess.run(
            [str(self._program)],
            input=json.dumps(asdict(message) | {"url": self._url(message)}, ensure_ascii=False),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
        if done.returncode:
            raise NotTaken(done.returncode)
        return (done.stdout.splitlines() or [""])[0].strip() or "sent"

    def _url(self, message: Message) -> str | None:
        if self._place is None:
            return None
        place = self._place.rstrip("/")
        return place if message.link is None else f"{place}/{message.link}"
