"""命令: how a long-running process is doing, over HTTP: /health (restart me if not), /ready."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from workflow.bus.pulse import Pulse
from workflow.errors import InvalidInput


@contextmanager
def shown(
    port: int | None, pulses: Sequence[Pulse], threads: Sequence[threading.Thread]
) -> Iterator[None]:
    """Answers on this port while open, if one is given: 200 where all is well, else 503; the body
    says what each job does. Raises InvalidInput for a port that is not to be had.
    """
    if port is None:
        yield
        return
    try:
        server = ThreadingHTTPServer(("", port), _handler(pulses, threads))
    except (OSError, OverflowError) as error:
        raise InvalidInput("port", port, "这个端口用不了，可能已有程序在用") from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=[0.2], name="health", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _handler(
    pulses: Sequence[Pulse], threads: Sequence[threading.Thread]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = {"/health": "alive", "/ready": "ready"}.get(self.path)
            if asked is None:
                self.send_error(404)
                return
            running = all(thread.is_alive() for thread in threads)
            well = running and all(getattr(pulse, asked) for pulse in pulses)
            body = json.dumps({pulse.name: pulse.doing for pulse in pulses}).encode()
            self.send_response(200 if well else 503)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """A probe every few seconds is no news."""

    return Handler
