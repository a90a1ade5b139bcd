"""归集: each run of a file's import has a receipt, which says how far it is and what came of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from producers.sources import Source
from workflow import said
from workflow.answers import Answers
from workflow.errors import InvalidInput
from workflow.ledger import Ledger
from workflow.storage.models import imports


class Overtaken(Exception):
    """Another run of the same file has moved the receipt meanwhile."""


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


def id_of(path: Path, source: Source) -> str:
    """What an import is known by: the source and the file's content."""
    try:
        with path.open("rb") as file:
            return f"{source.name}/{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise InvalidInput("文件", path.name, f"打不开：{said.of_system(error)}") from error


def unfinished(ledger: Ledger, known: str) -> Receipt | None:
    """The receipt of a run of the same content from the same source that was cut off."""
    query = select(imports).where(run_of(known), imports.c.finished_at.is_(None))
    with ledger.database.read() as conn:
        row = conn.execute(query.limit(1)).mappings().one_or_none()
    return None if row is None else Receipt(**row)


def new_receipt(ledger: Ledger, known: str, source: Source, name: str) -> Receipt:
    """A receipt of its own for a run that begins anew."""
    query = select(func.count()).select_from(imports).where(run_of(known))
    with ledger.database.read() as conn:
        runs = conn.execute(query).scalar_one()
    own = f"{known}/{runs + 1}" if runs else known
    return Receipt(own, source.name, name, started_at=ledger.clock())


def run_of(known: str) -> ColumnElement[bool]:
    return or_(imports.c.id == known, imports.c.id.startswith(f"{known}/", autoescape=True))


def save_receipt(conn: Connection, receipt: Receipt, kept: Receipt | None) -> None:
    """Puts it in the place of what is `kept` of it. Raises Overtaken where that has moved."""
    values = {name: getattr(receipt, name) for name in Receipt.__slots__}
    if kept is None:
        saved = conn.execute(insert(imports).values(values).on_conflict_do_nothing())
    else:
        mine = imports.c.id == kept.id, imports.c.rows_done == kept.rows_done
        there = update(imports).where(*mine, imports.c.finished_at.is_(None))
        saved = conn.execute(there.values(values))
    if saved.rowcount == 0:
        raise Overtaken
