"""核对: what must still lie in the vault: only what ended was erased, and no more than the log
says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cached_property
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, select

from workflow.audit_finding import Finding, streamed
from workflow.storage.models import events, sequences, vault

LOST = "不见了，日志里却没有删除过"
_TEXTS = (
    *("text", "words", "note", "reason", "legal_basis", "facts", "cause", "measures"),
    *("reply", "signed_by", "question", "answer", "phone"),
)
_DIGEST = re.compile(r"[0-9a-f]{32}")
_SILENT = (
    "BatchCollected",
    "ComplaintAnalysed",
    "VerificationRequested",
    "DepartmentAssigned",
    "DeadlineWarned",
    "DeadlineMissed",
    "DeadlineRecomputed",
    "PersonalDataErased",
    "CalendarRevised",
    "PolicyProposed",
    "PolicyTakenIntoForce",
)
_ENDS = ("DISMISSED", "CLOSED")
_PAGE = 500


class Erased:
    """What erasures account for: as many rows as the log says went, in whichever part of the check
    they are missed, and what came for a day whose time was over, which was never kept.
    """

    def __init__(self, conn: Connection) -> None:
        self._conn, self._missed = conn, 0

    @cached_property
    def _rows(self) -> int:
        told = select(events.c.data).where(events.c.type == "PersonalDataErased")
        return sum(json.loads(row.data)["rows"] for row in streamed(self._conn, told))

    @cached_property
    def _to(self) -> str:
        reached = select(sequences.c.value).where(sequences.c.name == "erased/ratings")
        done = self._conn.execute(reached).scalar()
        return date.fromordinal(done).isoformat() if done else ""

    def accounts_for(self, day: str | None = None) -> bool:
        """Whether one more missing row, a rating's of this day, may be one of them."""
        if day is not None and day <= self._to:
            return True
        self._missed += 1
        return self._missed <= self._rows


def kept(conn: Connection, erased: Erased) -> Iterator[Finding]:
    """Every text an event vouches for lies in the vault, or was erased."""
    query = select(events.c.subject, events.c.version, events.c.data)
    rows = streamed(conn, query.where(*(events.c.type != name for name in _SILENT)))
    while page := list(islice(rows, _PAGE)):
        missing = _missing(conn, page)
        ended = _ended(conn, {row.subject for row, _ in missing})
        for row, field in missing:
            if row.subject not in ended or not erased.accounts_for():
                where = f"保密库 {row.subject}-{row.version} 的 {field}"
                yield Finding("vault", where, LOST)


def _missing(conn: Connection, page: Sequence[Row[Any]]) -> list[tuple[Row[Any], str]]:
    stated = [(row, field) for row in page for field in _texts(json.loads(row.data))]
    owners = {f"{row.subject}-{row.version}" for row, _ in stated}
    lying = select(vault.c.owner, vault.c.field).where(vault.c.owner.in_(owners))
    there = {tuple(row) for row in conn.execute(lying)} if owners else set()
    return [(row, f) for row, f in stated if (f"{row.subject}-{row.version}", f) not in there]


def _texts(data: dict[str, Any]) -> list[str]:
    """The fields that stand for a text in the vault."""
    return [name for name in _TEXTS if _DIGEST.fullmatch(str(data.get(name)))]


def _ended(conn: Connection, subjects: set[str]) -> set[str]:
    """Those that ended at least once: only what ended can have been erased."""
    if not subjects:
        return set()
    query = select(events.c.subject).where(events.c.subject.in_(subjects))
    return set(conn.execute(query.where(events.c.state.in_(_ENDS)).distinct()).scalars())
