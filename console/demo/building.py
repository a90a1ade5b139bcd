"""演示：the scenes are built in a second process while the first acts are being told."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from console.demo.build import DESK, Built, Taken, build_desk, build_quarter
from workflow.errors import Transient

Watch = Callable[[Taken | Built], None]


class Building:
    """What the building process has told so far."""

    def __init__(self, receiving: Connection, watch: Watch) -> None:
        self._receiving, self._watch = receiving, watch
        self._built: dict[str, Built] = {}
        self._news = threading.Condition()
        self._ended = False
        self._failure = ""

    def wait(self, name: str) -> Built:
        """The scene of this name once it stands. Transient if the building process ended early."""
        with self._news:
            self._news.wait_for(lambda: name in self._built or self._ended)
        if name not in self._built:
            raise Transient(f"建立演示的进程意外中止，请重新运行演示。{self._failure}")
        return self._built[name]

    def listen(self) -> None:
        """Hears what is told until the other process ends."""
        with suppress(EOFError, OSError):
            while True:
                self._hear(self._receiving.recv())
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _hear(self, news: Taken | Built | str) -> None:
        if isinstance(news, str):
            self._failure = news
            return
        self._watch(news)
        if isinstance(news, Built):
            with self._news:
                self._built[news.name] = news
                self._news.notify_all()


@contextmanager
def building(folder: Path, seed: int, watch: Watch) -> Iterator[Building]:
    """Builds the quarter in `folder` and the desk below it; both processes end with this."""
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_build, args=(sending, folder, seed))
    child.start()
    sending.close()
    found = Building(receiving, watch)
    ear = threading.Thread(target=found.listen, name="building", daemon=True)
    ear.start()
    try:
        yield found
    finally:
        child.terminate()
        child.join()
        ear.join()
        receiving.close()
        child.close()


def _build(sending: Connection, folder: Path, seed: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(50_000, 20, 20)  # rows live for one batch: most looks find nothing
    with suppress(BrokenPipeError):
        try:
            build_quarter(folder, seed, sending.send)
            build_desk(folder / DESK, seed, sending.send)
        except Exception as error:
            sending.send(f"{type(error).__name__}: {error}")
            raise
