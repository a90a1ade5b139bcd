"""消息: what lies in the outbox, to whom and what became of it, as people read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select

from console import wording
from console.cli_outbox import STATUSES
from workflow.outbox import CITIZEN, DESK
from workflow.said import of_failure
from workflow.storage.models import outbox
from workflow.unit_list import UnitList

CHANNELS = {DESK: "站内", "message": "短信", "link": "链接短信"}


@dataclass(frozen=True, slots=True)
class Message:
    """One message; instants in microseconds UTC. `receipt`: what the gateway said, or why not."""

    event: str
    subject: str
    channel: str
    to: str
    body: str
    at: int
    status: str
    word: str
    tries: int
    receipt: str


def messages(
    conn: Connection, units: UnitList, *where: ColumnElement[bool], most: int = 50, after: int = 0
) -> tuple[Message, ...]:
    """Messages that meet the conditions, the newest first: `most`, after the first `after`."""
    query = select(outbox).where(*where).order_by(outbox.c.id.desc()).offset(after).limit(most)
    return tuple(
        Message(
            row.event_id,
            row.subject,
            CHANNELS.get(row.channel, row.channel),
            recipient(row.recipient, units),
            row.body,
            row.created_at,
            row.status,
            STATUSES.get(row.status, row.status),
            row.tries,
            of_failure(row.receipt or "") or row.receipt or "",
        )
        for row in conn.execute(query)
    )


def of_events(conn: Connection, units: UnitList, ids: Iterable[str]) -> tuple[Message, ...]:
    """What these events had sent."""
    return messages(conn, units, outbox.c.event_id.in_(list(ids)), most=500)


def recipient(to: str, units: UnitList) -> str:
    """Whom a message is for: a role, a unit by its name, the citizen."""
    kind, _, name = to.partition(":")
    if kind == "role":
        return wording.role_name(name)
    if kind == "unit":
        unit = units.by_code.get(name)
        return name if unit is None else unit.name
    return "群众" if to == CITIZEN else to
