"""归集: a file taken in by the bulk path, batch by batch; a kill costs nothing, the next run
goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, select, tuple_

from producers.apart import apart
from producers.files.refused import is_own, write_refused
from producers.platforms import Batch, read_batches
from producers.runs import Overtaken, Receipt, id_of, new_receipt, run_of, save_receipt, unfinished
from producers.sources import Source
from producers.sources import source as source_named
from schemas.rating import Refusal
from workflow.answers import Answers
from workflow.collection import collect_ready
from workflow.intake import Desk, Ready
from workflow.ledger import Ledger
from workflow.storage.database import Database
from workflow.storage.models import imports, refused

APART = 256 * 1024
"""Bytes from which a second process pays: starting one takes as long as parsing some thousand
rows.
"""

FEW = 100
"""Rows of a transaction while people wait."""


class ReadyBatch(NamedTuple):
    """A batch ready to be stored: rows, refusals, the last line, and how far the reading is."""

    rows: list[Ready]
    refused: list[Refusal]
    last_row: int
    bytes_read: int
    total_bytes: int


Progress = Callable[[Receipt, ReadyBatch], None]


def import_file(
    ledger: Ledger, desk: Desk, path: Path, source: Source, on_batch: Progress, name: str = ""
) -> Receipt:
    """Takes the whole file in; going on where an earlier run of the same file was cut off. The
    receipt bears the file's name, or that `name`.

    The receipt is committed with each batch. InvalidInput when the file as a whole is unreadable;
    what was taken in before stays. Where another run at the same time goes on under the same
    receipt, this one begins anew under its own.
    """
    known, anew = id_of(path, source), False
    while True:
        kept = None if anew else unfinished(ledger, known)
        begun = kept or new_receipt(ledger, known, source, name or path.name)
        try:
            return _taken(ledger, desk, path, source, (begun, kept), on_batch)
        except Overtaken:
            anew = True


def _taken(
    ledger: Ledger,
    desk: Desk,
    path: Path,
    source: Source,
    begun: tuple[Receipt, Receipt | None],
    on_batch: Progress,
) -> Receipt:
    """The file from where the receipt stands, `begun` with what of it is stored. Raises
    Overtaken.
    """
    receipt, kept = begun
    for batch in batches(path, source, desk, receipt.rows_done):
        for part in _parts(ledger.database, batch):
            receipt = kept = _take(ledger, desk, receipt, kept, part)
        on_batch(receipt, batch)
    finished = replace(receipt, finished_at=ledger.clock())
    with ledger.database.write() as conn:
        save_receipt(conn, finished, kept)
    return finished


def ready_batches(path: Path, source: str, desk: Desk, after_row: int) -> Iterator[ReadyBatch]:
    """The file's rows after this line, parsed, checked and made ready to be stored."""
    for batch in read_batches(path, source_named(source), after_row=after_row):
        yield made_ready(batch, desk)


def made_ready(batch: Batch, desk: Desk) -> ReadyBatch:
    """The batch's rows ready to be stored; refused where the desk refuses them."""
    made = [desk.ready(n, row) for n, row in zip(batch.numbers, batch.rows, strict=True)]
    rows = [row for row in made if isinstance(row, Ready)]
    bad = [row for row in made if isinstance(row, Refusal)]
    return ReadyBatch(
        rows, [*batch.refused, *bad], batch.last_row, batch.bytes_read, batch.total_bytes
    )


def batches(path: Path, source: Source, desk: Desk, after_row: int) -> Iterator[ReadyBatch]:
    """As `ready_batches`; made in a second process if the file is large enough for that to pay."""
    arguments = (path, source.name, desk, after_row)
    if path.exists() and path.stat().st_size >= APART:
        return apart(ready_batches, *arguments)
    return ready_batches(*arguments)


def _parts(database: Database, batch: ReadyBatch) -> Iterator[ReadyBatch]:
    """The batch in one piece, or a few rows at a time while people wait."""
    rest = batch
    while len(rest.rows) > FEW and database.pressed:
        last = rest.rows[FEW - 1].number
        now = [refusal for refusal in rest.refused if refusal.row <= last]
        yield rest._replace(rows=rest.rows[:FEW], refused=now, last_row=last)
        later = [refusal for refusal in rest.refused if refusal.row > last]
        rest = rest._replace(rows=rest.rows[FEW:], refused=later)
    yield rest


def _take(
    ledger: Ledger, desk: Desk, receipt: Receipt, kept: Receipt | None, batch: ReadyBatch
) -> Receipt:
    grown = receipt

    def save(conn: Connection, answers: Answers) -> None:
        nonlocal grown
        grown = receipt.after(answers, batch.last_row)
        save_receipt(conn, grown, kept)

    collect_ready(
        ledger,
        desk,
        receipt.source,
        batch.rows,
        batch.refused,
        import_id=receipt.id,
        also=save,
    )
    return grown


def refused_rows(ledger: Ledger, receipt: Receipt) -> Iterator[Refusal]:
    """The rows this import refused in its last run, in the file's order, each once."""
    last = 0
    own = refused.c.import_id == receipt.id, refused.c.received_at >= receipt.started_at
    for refusal in _refusals(ledger, *own):
        if refusal.row > last:
            last = refusal.row
            yield refusal


def _refusals(ledger: Ledger, *which: ColumnElement[bool]) -> Iterator[Refusal]:
    """These rows that were refused, in the order of their file."""
    place = tuple_(refused.c.row, refused.c.id)
    query = (
        select(refused.c.row, refused.c.field, refused.c.value, refused.c.reason, refused.c.id)
        .where(*which)
        .order_by(refused.c.row, refused.c.id)
        .limit(1000)
    )
    last = (0, 0)
    while True:
        with ledger.database.read() as conn:
            page = conn.execute(query.where(place > last)).all()
        if not page:
            return
        for row in page:
            yield Refusal(*row[:-1])
        last = (page[-1].row, page[-1].id)


def place_of_refused(ledger: Ledger, path: Path, source: Source, target: Path) -> Path:
    """Where this file's refused rows may be written: there, if nothing is there but a list of them
    that nobody has changed since; else under the first name like it for which that is so.
    """
    if not target.exists():
        return target
    runs = select(imports.c.id).where(run_of(id_of(path, source)))
    ever = refused.c.import_id.in_(runs)
    at, number = target, 1
    while at.exists() and not is_own(at, path, _refusals(ledger, ever)):
        number += 1
        at = target.with_name(f"{target.stem}-{number}{target.suffix}")
    return at


def write_refused_file(ledger: Ledger, receipt: Receipt, original: Path, target: Path) -> int:
    """The refused rows with line, field and reason, to be corrected and imported again; how
    many. No file is written where there are none.
    """
    rows = refused_rows(ledger, receipt)
    first = next(rows, None)
    return 0 if first is None else write_refused(target, original, chain([first], rows))
