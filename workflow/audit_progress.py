"""核对: how far a consumer's tables may be held against the log, and what proves how far it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select

from workflow.audit_finding import Finding
from workflow.storage.models import parked, progress

_BESIDE = ("parked", "held", "discarded")
_SENDER = "notifications"
"""Records under this name when a message was delivered, whatever the consumer has handled."""


@dataclass(frozen=True)
class Reached:
    """Where a consumer stands in each lane, and the subjects of which it left something out."""

    lanes: dict[int, int]
    beside: frozenset[str]

    def handled(self, rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
        """Those of a subject's events that it has come past."""
        return [row for row in rows if row.pos <= self.lanes.get(row.lane, 0)]


def reached(conn: Connection, consumer: str) -> Reached:
    stood = select(progress.c.lane, progress.c.pos).where(progress.c.consumer == consumer)
    left = select(parked.c.subject).where(
        parked.c.consumer == consumer, parked.c.status.in_(_BESIDE)
    )
    lanes = {row.lane: row.pos for row in conn.execute(stood)}
    return Reached(lanes, frozenset(conn.execute(left).scalars()))


@dataclass
class Answered:
    """The furthest event of each lane that each consumer has answered with a step of its own."""

    furthest: dict[tuple[str, int], int] = field(default_factory=dict)

    def take(self, rows: Sequence[Row[Any]]) -> Iterator[Finding]:
        """One subject's events; a finding where one of them was answered twice alike."""
        places = {f"{row.subject}-{row.version}": row.pos for row in rows}
        answers: set[tuple[str, ...]] = set()
        for row in rows:
            if row.role != "consumer" or row.actor == _SENDER or row.cause not in places:
                continue
            key, answer = (row.actor, row.lane), (row.actor, row.cause, row.type, row.data)
            self.furthest[key] = max(self.furthest.get(key, 0), places[row.cause])
            if answer in answers:
                where = f"{row.subject}-{row.version}"
                yield Finding("repeat", where, f"{row.actor} 把事件 {row.cause} 办了两次")
            answers.add(answer)

    def ahead(self, conn: Connection) -> Iterator[Finding]:
        """Progress that stands before what its consumer has answered: it was set back."""
        for row in conn.execute(select(progress).order_by(progress.c.consumer, progress.c.lane)):
            answered = self.furthest.get((row.consumer, row.lane), 0)
            if row.pos < answered:
                where = f"{row.consumer} 第{row.lane}道"
                yield Finding("progress", where, f"进度{row.pos}，却已办过第{answered}位的事件")
