"""网页: the console as a job beside the others of a process."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys

import uvicorn
from fastapi import FastAPI

from console.places import BY_ITSELF, Room, open_places
from workflow.clock import TURN
from workflow.errors import InvalidInput

CYCLES = 5_000
"""New objects after which those that hold each other are looked for: a page's macros do. Everybody
waits meanwhile, of fifty thousand a tenth of a second.
"""

LAST_ANSWERS = 3
"""Seconds that open answers have when the console stops; streams end at once."""


class Serving:
    """Answers on one address until stopped."""

    def __init__(
        self, app: FastAPI, host: str, port: int, proxies: str | None = None, room: Room = BY_ITSELF
    ) -> None:
        self.listener, self._room = _listening(host, port), room
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=proxies is not None,
            forwarded_allow_ips=proxies,
            timeout_graceful_shutdown=LAST_ANSWERS,
            lifespan="off",
        )
        self.server = uvicorn.Server(config)

    @property
    def address(self) -> str:
        host, port = self.listener.getsockname()[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def run(self) -> None:
        sys.setswitchinterval(TURN)
        gc.collect()
        gc.freeze()  # what is there now stays, and need not be looked through again
        gc.set_threshold(CYCLES, 20, 20)
        with asyncio.Runner(loop_factory=self.server.config.get_loop_factory()) as runner:
            runner.run(self._answer())

    async def _answer(self) -> None:
        open_places(self._room)
        await self.server.serve([self.listener])

    def stop(self) -> None:
        self.server.should_exit = True


def _listening(host: str, port: int) -> socket.socket:
    """Raises InvalidInput where this host or port is not to be had."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=512)
        # asyncio does so only where the protocol is named; a body waits 40 ms for its head else
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        raise InvalidInput("port", f"{host}:{port}", "这个地址用不了，可能已有程序在用") from error
