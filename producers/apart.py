"""Work done in a second process: of a file, one core reads and prepares, the other takes in; and
what would else hold up the first.
"""

import fcntl
import gc
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

from workflow.errors import InvalidInput, Transient

Given = TypeVar("Given")
Made = TypeVar("Made")

ROOM = 1 << 20
"""Bytes under way: five batches of a thousand rows; what an unprivileged process may ask for."""

DIED = "读文件的进程意外中止，请重新导入，会从中断处继续"


def apart(
    make: Callable[..., Iterator[Made]], *arguments: Any, died: str = DIED
) -> Generator[Made]:
    """What `make(*arguments)` yields, a few ahead, in a process of its own that ends with this
    iterator.

    `make` is a module's function; arguments and results are pickled. An InvalidInput it raises is
    raised here; Transient, with the words `died`, if the process dies.
    """
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    _widen(sending)
    child = context.Process(target=_make, args=(sending, make, arguments), daemon=True)
    child.start()
    sending.close()
    try:
        while (made := _received(receiving, died)) is not None:
            yield made
    finally:
        receiving.close()
        _end(child)


class Beside(Generic[Given, Made]):
    """`work(given, *arguments)`, called in a process of its own: one may be given ahead."""

    def __init__(self, work: Callable[..., Made], *arguments: Any, died: str = DIED) -> None:
        self._died = died
        context = get_context("spawn")
        given, self._giving = context.Pipe(duplex=False)
        self._taking, made = context.Pipe(duplex=False)
        _widen(self._giving)
        _widen(made)
        ends = (given, made, work, arguments)
        self._child = context.Process(target=_answer, args=ends, daemon=True)
        self._child.start()
        given.close()
        made.close()

    def give(self, given: Given) -> None:
        """The next one, once what was made of the last has been taken. Raises Transient if the
        process has died.
        """
        try:
            self._giving.send(given)
        except OSError as error:
            raise Transient(self._died) from error

    def ready(self, seconds: float) -> bool:
        """Whether `take` need not wait, be it that the process has died; waits so long for it."""
        return self._taking.poll(seconds)

    def take(self) -> Made:
        """What was made of the one given. Raises Transient if the process died of it."""
        made: Made = _received(self._taking, self._died)
        return made

    def end(self) -> None:
        """Ends the process; whoever waits to take hears of it, and closes."""
        self._child.kill()

    def close(self) -> None:
        """Ends the process."""
        self._giving.close()
        self._taking.close()
        _end(self._child)


def _end(child: SpawnProcess) -> None:
    child.kill()  # also one that stands still
    child.join()
    child.close()


def _answer(
    given: Connection, made: Connection, work: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    _rows_only()
    with suppress(Exception):  # whoever waits for it does it again; its words may show a row
        while True:
            made.send(work(given.recv(), *arguments))


def _widen(pipe: Connection) -> None:
    """Room for a few batches, where the system lets us: else the reader waits for every commit."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, ROOM)


def _make(sending: Connection, make: Callable[..., Iterator[Any]], arguments: Any) -> None:
    _rows_only()
    with suppress(BrokenPipeError):
        try:
            for made in make(*arguments):
                sending.send(made)
            sending.send(None)
        except InvalidInput as wrong:
            sending.send(wrong)


def _rows_only() -> None:
    """Rows are no cycles: looking for some every 700 objects costs a fifth of the time. Ctrl-C is
    the first process's to hear.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    gc.set_threshold(100_000)


def _received(receiving: Connection, died: str) -> Any:
    try:
        made = receiving.recv()
    except (EOFError, OSError) as error:
        raise Transient(died) from error
    if isinstance(made, InvalidInput):
        raise made
    return made
