"""归集: what a system delivers in one request, taken in batch by batch; a repeat of its key gets
the first answer.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic_core import to_json
from sqlalchemy import Connection

from producers.importing import made_ready
from producers.platforms import parse_json_rows
from producers.sources import Kind
from producers.sources import source as source_named
from schemas.rating import Refusal
from workflow.answers import Answer, Answers
from workflow.collection import MOST, collect_ready
from workflow.errors import InvalidInput
from workflow.intake import Desk, Ready
from workflow.ledger import Ledger
from workflow.storage import receipts
from workflow.storage.receipts import Receipt


class Delivery(NamedTuple):
    """Rows as they were sent: `body` a JSON array in the source's field names. `unit`: the only
    one whose rows this sender may bring; `key`: its own name for the delivery.
    """

    sender: str
    source: str
    kind: Kind
    body: bytes
    unit: str | None = None
    key: str | None = None


@dataclass
class Told:
    """What the sender is told, row by row; a unit is not told which ratings are complaints."""

    source: str
    names_complaints: bool
    rows: list[Answer] = field(default_factory=list)

    def json(self) -> bytes:
        counts = dict.fromkeys(("accepted", "repeat", "conflict", "refused"), 0)
        for row in self.rows:
            counts[row.outcome] += 1
        shown = [self._row(row) for row in sorted(self.rows, key=lambda row: row.number)]
        return to_json({"source": self.source, **counts, "rows": shown})

    def _row(self, answer: Answer) -> dict[str, Any]:
        shown: dict[str, Any] = {"row": answer.number, "outcome": answer.outcome}
        if answer.complaint is not None and self.names_complaints:
            shown["complaint"] = answer.complaint
        if answer.refusal is not None:
            names = ("field", "value", "reason")
            errors = [dict(zip(names, one, strict=True)) for one in answer.refusal.errors]
            shown |= errors[0] | {"errors": errors}
        return shown


def deliver(ledger: Ledger, desk: Desk, sent: Delivery) -> bytes:
    """Takes the rows in, at most a thousand a transaction, and answers each: everything answered
    is committed. The answer is JSON.

    Raises InvalidInput for a body that is no such array or an unknown source, KeyReused for a key
    that stood for something else. If it fails in the middle nothing was answered; what is sent
    again then is a repeat.
    """
    source = source_named(sent.source)
    receipt = _receipt(ledger, sent)
    if receipt is not None:
        with ledger.database.read() as conn:
            first = receipts.answered(conn, receipt)
        if first is not None:
            return first.encode()
    batch = made_ready(parse_json_rows(sent.body, source, sent.kind), desk)
    if not batch.last_row:
        raise InvalidInput("正文", "", "至少要有一条")
    rows, foreign = _of_unit(batch.rows, sent.unit)
    told = Told(source.name, names_complaints=sent.unit is None)
    parts = list(_parts(rows, [*batch.refused, *foreign], batch.last_row))
    for number, (part, refused) in enumerate(parts, 1):
        done = _Committing(ledger, told, receipt, first=number == 1, last=number == len(parts))
        collect_ready(ledger, desk, source.name, part, refused, also=done)
        told.rows += done.rows
    return told.json() if receipt is None else _first_answer(ledger, receipt, told)


def _receipt(ledger: Ledger, sent: Delivery) -> Receipt | None:
    if sent.key is None:
        return None
    whole = b"\x1f".join((sent.source.encode(), sent.kind.value.encode(), sent.body))
    fingerprint = hmac.digest(ledger.keys.match, b"delivery:" + whole, "sha256").hex()
    return Receipt(sent.sender, sent.key, fingerprint)


def _first_answer(ledger: Ledger, receipt: Receipt, told: Told) -> bytes:
    """Of two that came at once, the one that was kept."""
    with ledger.database.read() as conn:
        kept = receipts.answered(conn, receipt)
    return told.json() if kept is None else kept.encode()


def _of_unit(rows: Sequence[Ready], unit: str | None) -> tuple[list[Ready], list[Refusal]]:
    if unit is None:
        return list(rows), []
    foreign = [row for row in rows if row.unit != unit]
    reason = "这个令牌只能报送本单位的，请写明本单位"
    refused = [Refusal(row.number, "proDepart", row.unit or "", reason) for row in foreign]
    return [row for row in rows if row.unit == unit], refused


def _parts(
    rows: Sequence[Ready], refused: Sequence[Refusal], last: int
) -> Iterator[tuple[list[Ready], list[Refusal]]]:
    """By a thousand places of the delivery."""
    for start in range(0, last, MOST):
        places = range(start + 1, start + MOST + 1)
        yield (
            [row for row in rows if row.number in places],
            [refusal for refusal in refused if refusal.row in places],
        )


@dataclass
class _Committing:
    """Written with each batch's rows: that the key is taken, and with the last one the answer."""

    ledger: Ledger
    told: Told
    receipt: Receipt | None
    first: bool
    last: bool
    rows: list[Answer] = field(default_factory=list)

    def __call__(self, conn: Connection, answers: Answers) -> None:
        self.rows = list(answers.rows)
        if self.receipt is None:
            return
        if self.first:
            receipts.claim(conn, self.receipt, self.ledger.now(conn))
        if self.last:
            whole = Told(self.told.source, self.told.names_complaints, self.told.rows + self.rows)
            receipts.settle(conn, self.receipt, whole.json().decode())
