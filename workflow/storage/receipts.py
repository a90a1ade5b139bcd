"""归集: what a system was answered to a delivery, kept for a week under the system's own key."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from workflow.clock import DAY
from workflow.errors import KeyReused
from workflow.storage.models import receipts

KEPT = 7 * DAY
"""Microseconds for which a repeat gets the first answer."""


class Receipt(NamedTuple):
    """Whose delivery, under which key, and a keyed digest of what was sent."""

    sender: str
    key: str
    fingerprint: str


def answered(conn: Connection, receipt: Receipt) -> str | None:
    """The first answer; None if there is none yet. Raises KeyReused if something else was sent."""
    row = _row(conn, receipt)
    return None if row is None else row.answer


def claim(conn: Connection, receipt: Receipt, now: int) -> None:
    """The key stands for this delivery from now on; old ones are forgotten. Raises KeyReused."""
    conn.execute(delete(receipts).where(receipts.c.received_at < now - KEPT))
    new = insert(receipts).values(**receipt._asdict(), received_at=now)
    conn.execute(new.on_conflict_do_nothing(index_elements=["sender", "key"]))
    _row(conn, receipt)


def settle(conn: Connection, receipt: Receipt, answer: str) -> None:
    """Keeps the answer, if nobody has been answered yet."""
    mine = receipts.c.sender == receipt.sender, receipts.c.key == receipt.key
    conn.execute(update(receipts).where(*mine, receipts.c.answer.is_(None)).values(answer=answer))


def _row(conn: Connection, receipt: Receipt) -> Any:
    query = select(receipts.c.fingerprint, receipts.c.answer).where(
        receipts.c.sender == receipt.sender, receipts.c.key == receipt.key
    )
    row = conn.execute(query).one_or_none()
    if row is not None and row.fingerprint != receipt.fingerprint:
        raise KeyReused(receipt.key)
    return row
