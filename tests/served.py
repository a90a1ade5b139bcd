"""The console for stories: in a process of its own, or in this one on a city's clock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from servers import free_port

from console.processes import Address, desks
from console.wiring import Office

BIHUAN = str(Path(sys.executable).with_name("bihuan"))
HOST = "127.0.0.1"


@contextmanager
def process(folder: Path, *command: str) -> Iterator[str]:
    """The address of `bihuan serve`, or another command with a console, over this data folder
    while it runs; at the end it has to stop in order.
    """
    port = free_port()
    address = f"http://{HOST}:{port}"
    called = [BIHUAN, *(command or ("serve",)), "--port", str(port)]
    environment = {**os.environ, "BIHUAN_DATA": str(folder)}
    running = subprocess.Popen(called, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(address, running)
        yield address
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0
    finally:
        running.kill()
        running.wait()


@contextmanager
def here(office: Office) -> Iterator[str]:
    """The address of the console over this office while it runs, in threads: the office's clock
    is the console's.
    """
    web = desks(office, Address(HOST, 0))
    threads = [threading.Thread(target=job.run, daemon=True) for job in web.jobs]
    for thread in threads:
        thread.start()
    try:
        _wait_for(web.url)
        yield web.url
    finally:
        for job in web.jobs:
            job.stop()
        for thread in threads:
            thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


def _wait_for(address: str, running: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{address}/health").close()
        except URLError:
            assert running is None or running.poll() is None, "it ended before it answered"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return
