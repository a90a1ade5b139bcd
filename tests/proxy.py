"""A way to a PostgreSQL server that can be cut exactly at a COMMIT: before the server has it, or
after it has answered and before the client knows. It understands that much of the protocol.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from sqlalchemy import make_url

Cut = Literal["before", "after"]
ENCRYPTION = (80877103, 80877104)
"""SSLRequest and GSSENCRequest: declined."""

READY = b"Z\x00\x00\x00\x05"
"""ReadyForQuery: the server has done what it was asked."""


class Proxy:
    """Open until closed. `cut` is asked at each COMMIT, with its number."""

    def __init__(self, address: str) -> None:
        """`address`: a server's, without a database's name."""
        url = make_url(address)
        self._server = (url.host or "127.0.0.1", url.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.cut: Callable[[int], Cut | None] = lambda _: None
        self.commits, self.cuts = 0, 0
        self._turn = threading.Lock()
        self._ways: set[_Way] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def way_to(self, database: str) -> str:
        """The address of a database of this server, by this way."""
        here = make_url(database).set(host="127.0.0.1", port=self._listener.getsockname()[1])
        return here.render_as_string(hide_password=False)

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        way = _Way(client, self._decide)
        with self._turn:
            self._ways.add(way)
        try:
            with suppress(OSError, EOFError):
                way.open(socket.create_connection(self._server))
        finally:
            way.close()
            with self._turn:
                self._ways.discard(way)

    def _decide(self) -> Cut | None:
        with self._turn:
            self.commits += 1
            decided = self.cut(self.commits)
            self.cuts += decided is not None
            return decided

    def close(self) -> None:
        self._listener.close()
        with self._turn:
            ways = list(self._ways)
        for way in ways:
            way.close()


class _Way:
    """One connection, there and back."""

    def __init__(self, client: socket.socket, decide: Callable[[], Cut | None]) -> None:
        self._client, self._decide = client, decide
        self._server: socket.socket | None = None
        self._muted = threading.Event()

    def open(self, server: socket.socket) -> None:
        """Carries until either side ends, or it is cut; at once, message by message."""
        self._server = server
        for end in (self._client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = threading.Thread(target=self._back, args=[server], daemon=True)
        server.sendall(self._greeting())
        back.start()
        while True:
            kind = self._read(1)
            size = self._read(4)
            body = self._read(int.from_bytes(size, "big") - 4)
            decided = self._decide() if kind in b"QP" and b"COMMIT" in body[:12] else None
            if decided == "before":
                return
            if decided == "after":
                self._muted.set()
            server.sendall(kind + size + body)

    def _greeting(self) -> bytes:
        """The client's first message, without encryption."""
        while True:
            size = self._read(4)
            body = self._read(int.from_bytes(size, "big") - 4)
            if int.from_bytes(body[:4], "big") not in ENCRYPTION:
                return size + body
            self._client.sendall(b"N")

    def _back(self, server: socket.socket) -> None:
        said = b""
        with suppress(OSError):
            while data := server.recv(65536):
                if not self._muted.is_set():
                    self._client.sendall(data)
                    continue
                said += data
                if READY in said:
                    break
        self.close()

    def _read(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            more = self._client.recv(size - len(found))
            if not more:
                raise EOFError
            found += more
        return found

    def close(self) -> None:
        for end in (self._client, self._server):
            if end is not None:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
