"""归集: a file parsed in a second process: one core reads it while the other takes it in."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from producers.platforms import Batch, Record, read_batches
from producers.sources import Source
from producers.sources.profile import Profile
from schemas.rating import Rating, ServiceRecord
from workflow.errors import InvalidInput, Transient

_FIELDS_SET = {model: set(model.model_fields) for model in (ServiceRecord, Rating)}


def read_batches_apart(
    path: Path, source: Source, *, size: int = 1000, after_row: int = 0
) -> Iterator[Batch]:
    """As `read_batches`, one batch ahead in a process of its own, which ends with this iterator.

    Transient if that process dies.
    """
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    arguments = (sending, path, source.profile, size, after_row)
    child = context.Process(target=_parse, args=arguments, daemon=True)
    child.start()
    sending.close()
    try:
        while (message := _received(receiving)) is not None:
            yield _unpacked(*message)
    finally:
        receiving.close()
        child.terminate()
        child.join()
        child.close()


def _parse(sending: Connection, path: Path, profile: Profile, size: int, after_row: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(BrokenPipeError):
        try:
            for batch in read_batches(path, Source(profile), size=size, after_row=after_row):
                sending.send(_packed(batch))
            sending.send(None)
        except InvalidInput as wrong:
            sending.send(("refused", wrong.field, str(wrong.value), wrong.reason, wrong.row))


def _received(receiving: Connection) -> tuple[Any, ...] | None:
    try:
        message: tuple[Any, ...] | None = receiving.recv()
    except (EOFError, OSError) as error:
        raise Transient("读文件的进程意外中止，请重新导入，会从中断处继续") from error
    if message is not None and message[0] == "refused":
        _, field, value, reason, row = message
        raise InvalidInput(field, value, reason, row)
    return message


def _packed(batch: Batch) -> tuple[Any, ...]:
    """Plain dicts with equal values shared: the models themselves cost five times as much."""
    same: dict[str, str] = {}
    rows = [(type(row) is Rating, _shared(row.__dict__, same)) for row in batch.rows]
    place = (batch.first_row, batch.last_row, batch.bytes_read, batch.total_bytes)
    return rows, batch.numbers, batch.refused, place


def _shared(row: dict[str, Any], same: dict[str, str]) -> dict[str, Any]:
    share = same.setdefault
    return {name: share(v, v) if type(v) is str else v for name, v in row.items()}


def _unpacked(
    rows: Sequence[tuple[bool, dict[str, Any]]], numbers: Any, refused: Any, place: Any
) -> Batch:
    records = [_revived(Rating if is_rating else ServiceRecord, row) for is_rating, row in rows]
    return Batch(records, numbers, refused, *place)


def _revived(model: type[Record], row: dict[str, Any]) -> Record:
    record = model.__new__(model)
    record.__setstate__(
        {
            "__dict__": row,
            "__pydantic_fields_set__": _FIELDS_SET[model],
            "__pydantic_extra__": None,
            "__pydantic_private__": None,
        }
    )
    return record
