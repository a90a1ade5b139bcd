"""归集: what importing a file would come to, found out by the bulk path itself; nothing stays."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection

from producers.importing import Progress, ReadyBatch, batches
from producers.runs import Receipt
from producers.sources import Source
from schemas.rating import Refusal
from workflow.answers import Answers, Outcome
from workflow.collection import collect_ready
from workflow.intake import Desk, Ready
from workflow.ledger import Ledger
from workflow.storage.collected import complaints_of


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The receipt there would be, and the first rows that would be refused."""

    receipt: Receipt
    refused: tuple[Refusal, ...]


def rehearse(
    ledger: Ledger, desk: Desk, path: Path, source: Source, on_batch: Progress, listed: int
) -> Rehearsal:
    """What importing the file would answer, with nothing stored; names the first `listed` refused
    rows.

    Each batch goes in as in earnest and is rolled back: people wait no longer for it than then.
    """
    receipt = Receipt("", source.name, path.name, started_at=ledger.clock())
    refused: list[Refusal] = []
    with closing(_Earlier()) as earlier:
        for batch in batches(path, source, desk, 0):
            answers = _rehearsed(ledger, desk, source, batch, earlier)
            receipt = receipt.after(answers, batch.last_row)
            said = (answer.refusal for answer in answers.rows if answer.refusal is not None)
            refused += islice(said, listed - len(refused))
            on_batch(receipt, batch)
    return Rehearsal(receipt, tuple(refused))


class _RolledBack(Exception):
    """Ends a rehearsed batch: its transaction is rolled back on purpose."""


def _rehearsed(
    ledger: Ledger, desk: Desk, source: Source, batch: ReadyBatch, earlier: _Earlier
) -> Answers:
    kept: list[Answers] = []

    def roll_back(conn: Connection, answers: Answers) -> None:
        kept.append(answers)
        accepted = earlier.correct(answers, batch.rows)
        bad = {row.key[:3] for row in accepted if row.bad}
        known = complaints_of(conn, source.name, [key[1] for key in bad])
        answers.complaints = earlier.open(bad - known.keys())
        raise _RolledBack

    with suppress(_RolledBack):
        collect_ready(ledger, desk, source.name, batch.rows, batch.refused, also=roll_back)
    return kept[0]


class _Earlier:
    """What earlier batches of the file would have stored, in a temporary file of SQLite's own:
    a million rows are too many to remember in memory.
    """

    def __init__(self) -> None:
        self._conn = sqlite3.connect("", isolation_level=None)
        self._conn.execute("CREATE TABLE row (key TEXT PRIMARY KEY, digest TEXT) WITHOUT ROWID")
        self._conn.execute("CREATE TABLE complaint (key TEXT PRIMARY KEY) WITHOUT ROWID")
        self._conn.execute("BEGIN")

    def correct(self, answers: Answers, rows: Iterable[Ready]) -> list[Ready]:
        """Answers rows that meet an earlier batch's as they would be; the ones still accepted."""
        sent = {row.number: row for row in rows}
        accepted = []
        for place, answer in enumerate(answers.rows):
            if answer.outcome == "refused":
                continue
            row = sent[answer.number]
            first = self._digest(row)
            if first is not None:
                outcome: Outcome = "repeat" if first == row.digest else "conflict"
                answers.rows[place] = answer._replace(outcome=outcome, complaint=None)
            elif answer.outcome == "accepted":
                accepted.append(row)
        values = [("\x1f".join(row.key), row.digest) for row in accepted]
        self._conn.executemany("INSERT INTO row VALUES (?, ?)", values)
        return accepted

    def _digest(self, row: Ready) -> str | None:
        query = "SELECT digest FROM row WHERE key = ?"
        found = self._conn.execute(query, ("\x1f".join(row.key),)).fetchone()
        return None if found is None else str(found[0])

    def open(self, services: Iterable[tuple[str, ...]]) -> int:
        """How many of these services have no complaint yet; they have one now."""
        values = [("\x1f".join(key),) for key in services]
        done = self._conn.executemany("INSERT OR IGNORE INTO complaint VALUES (?)", values)
        return max(0, done.rowcount)

    def close(self) -> None:
        self._conn.close()
