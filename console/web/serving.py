"""网页: the console as a job beside the others of a process."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

from workflow.errors import InvalidInput

LOOPBACK = ("127.0.0.1", "::1", "localhost")
LAST_ANSWERS = 3
"""Seconds that open answers have when the console stops; streams end at once."""


class Serving:
    """Answers on one address until stopped."""

    def __init__(self, app: FastAPI, host: str, port: int, proxies: str | None = None) -> None:
        self.listener = _listening(host, port)
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
        self.server.run([self.listener])

    def stop(self) -> None:
        self.server.should_exit = True


def _listening(host: str, port: int) -> socket.socket:
    """Raises InvalidInput where this host or port is not to be had."""
    try:
        return socket.create_server((host, port), backlog=512)
    except OSError as error:
        raise InvalidInput("port", f"{host}:{port}", "这个地址用不了，可能已有程序在用") from error
