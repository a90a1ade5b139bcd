"""归集: batches made in a second process: one core reads and prepares, the other takes in."""

import fcntl
import gc
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from workflow.errors import InvalidInput, Transient

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
        child.terminate()
        child.join()
        child.close()


def _widen(pipe: Connection) -> None:
    """Room for a few batches, where the system lets us: else the reader waits for every commit."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, ROOM)


def _make(sending: Connection, make: Callable[..., Iterator[Any]], arguments: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Rows are no cycles: looking for some every 700 objects costs a fifth of the time.
    gc.freeze()
    gc.set_threshold(100_000)
    with suppress(BrokenPipeError):
        try:
            for made in make(*arguments):
                sending.send(made)
            sending.send(None)
        except InvalidInput as wrong:
            sending.send(wrong)


def _received(receiving: Connection, died: str) -> Any:
    try:
        made = receiving.recv()
    except (EOFError, OSError) as error:
        raise Transient(died) from error
    if isinstance(made, InvalidInput):
        raise made
    return made
