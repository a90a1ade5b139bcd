"""归集: a file taken in by the bulk path, batch by batch; a kill costs nothing, the next run
goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from producers.apart import apart
from producers.files.refused import is_own, write_refused
from producers.platforms import Batch, read_batches
from producers.sources import Source
from producers.sources import source as source_named
from schemas.rating import Refusal
from workflow import said
from workflow.answers import Answers
from workflow.collection import collect_ready
from workflow.errors import InvalidInput
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


@dataclass(frozen=True, slots=True)
class Receipt:
    """How far an import has come: the last line taken in, and what became of the rows so far."""

    id: str
    source: str
    name: str
    rows_done: int = 0
    """The last line taken in, from the header (1) on."""
    accepted: int = 0
    repeats: int = 0
    conflicts: int = 0
    refused: int = 0
    complaints: int = 0
    started_at: int = 0
    finished_at: int | None = None

    @property
    def rows(self) -> int:
        """Answered so far."""
        return self.accepted + self.repeats + self.conflicts + self.refused

    def after(self, answers: Answers, last_row: int) -> Receipt:
        """The receipt with one more batch."""
        return replace(
            self,
            rows_done=last_row,
            accepted=self.accepted + answers.count("accepted"),
            repeats=self.repeats + answers.count("repeat"),
            conflicts=self.conflicts + answers.count("conflict"),
            refused=self.refused + answers.count("refused"),
            complaints=self.complaints + answers.complaints,
        )


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
    what was taken in before stays.
    """
    receipt = _begun(ledger, path, source, name or path.name)
    for batch in batches(path, source, desk, receipt.rows_done):
        for part in _parts(ledger.database, batch):
            receipt = _take(ledger, desk, receipt, part)
        on_batch(receipt, batch)
    finished = replace(receipt, finished_at=ledger.clock())
    with ledger.database.write() as conn:
        _save(conn, finished)
    return finished


def _id_of(path: Path, source: Source) -> str:
    """What an import is known by: the source and the file's content."""
    try:
        with path.open("rb") as file:
            return f"{source.name}/{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise InvalidInput("文件", path.name, f"打不开：{said.of_system(error)}") from error


def _begun(ledger: Ledger, path: Path, source: Source, name: str) -> Receipt:
    """The unfinished receipt of the same content from the same source, or a new one: each run
    that begins anew has its own.
    """
    known = _id_of(path, source)
    with ledger.database.read() as conn:
        runs = conn.execute(select(imports).where(_run_of(known))).mappings().all()
    for row in runs:
        if row["finished_at"] is None:
            return Receipt(**row)
    own = f"{known}/{len(runs) + 1}" if runs else known
    return Receipt(own, source.name, name, started_at=ledger.clock())


def _run_of(known: str) -> ColumnElement[bool]:
    return or_(imports.c.id == known, imports.c.id.startswith(f"{known}/", autoescape=True))


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


def _take(ledger: Ledger, desk: Desk, receipt: Receipt, batch: ReadyBatch) -> Receipt:
    grown = receipt

    def save(conn: Connection, answers: Answers) -> None:
        nonlocal grown
        grown = receipt.after(answers, batch.last_row)
        _save(conn, grown)

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


def _save(conn: Connection, receipt: Receipt) -> None:
    values = {name: getattr(receipt, name) for name in Receipt.__slots__}
    statement = insert(imports).values(values)
    conn.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


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
    runs = select(imports.c.id).where(_run_of(_id_of(path, source)))
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
