"""通知: messages written with an event's effects, sent afterwards under the event's own id."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Row, bindparam, select, text, update

from schemas import ReevaluationInvited
from schemas.envelope import Role
from workflow import links
from workflow.complaint import Complaint, load
from workflow.errors import IllegalStep
from workflow.ledger import Actor, Ledger, Posting
from workflow.storage.models import complaints, outbox

DESK = "desk"
"""The default channel: people read the outbox itself, so that a message is shown once written."""

CITIZEN = "citizen"
"""The recipient of an invitation; the sender finds the number in the vault when it sends."""

TRIES = 5
LOGGER = logging.getLogger("bihuan.outbox")
SENDER = Actor("notifications", Role.CONSUMER)

POST = text(
    """
    INSERT INTO outbox
      (event_id, subject, channel, recipient, body, created_at, status, tries)
    VALUES
      (:event_id, :subject, :channel, :recipient, :body, :created_at,
       CASE :channel WHEN 'desk' THEN 'shown' ELSE 'waiting' END, 0)
    ON CONFLICT (event_id, channel, recipient) DO NOTHING
    """
)
"""Writes a message; a repeat of the same event's message writes none."""

POST_ROW = ("event_id", "subject", "channel", "recipient", "body", "created_at")
_SETTLE = (
    update(outbox)
    .where(outbox.c.id == bindparam("of_id"), outbox.c.status == "waiting")
    .values(
        status=bindparam("status"),
        tries=outbox.c.tries + 1,
        sent_at=bindparam("sent_at"),
    )
)


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is handed. `link` is made anew for each try and never stored."""

    event_id: str
    subject: str
    recipient: str
    body: str
    link: str | None = None


class Channel(Protocol):
    """A way out. `send` answers the receipt's status; the event id makes a repeat harmless."""

    def send(self, message: Message) -> str: ...


def deliver(ledger: Ledger, channels: Mapping[str, Channel], limit: int = 100) -> int:
    """Tries each waiting message of these channels once, oldest first; answers how many it tried.

    A failed try is made again by the next call, `TRIES` in all. A citizen's invitation counts from
    its receipt; if it cannot be delivered, a call-back task takes its place.
    """
    query = (
        select(outbox)
        .where(outbox.c.status == "waiting", outbox.c.channel.in_(sorted(channels)))
        .order_by(outbox.c.id)
        .limit(limit)
    )
    with ledger.database.read() as conn:
        waiting = conn.execute(query).all()
    for row in waiting:
        status = _sent(ledger, channels[row.channel], row)
        with ledger.transaction() as posting:
            _settle(posting, row, status)
    return len(waiting)


def _sent(ledger: Ledger, channel: Channel, row: Row[Any]) -> str:
    try:
        return channel.send(
            Message(row.event_id, row.subject, row.recipient, row.body, _link(ledger, row))
        )
    except Exception:
        LOGGER.exception("message %s of %s was not sent", row.id, row.event_id)
        return "failed" if row.tries + 1 >= TRIES else "waiting"


def _link(ledger: Ledger, row: Row[Any]) -> str | None:
    if row.channel != "link" or row.recipient != CITIZEN:
        return None
    with ledger.database.read() as conn:
        query = select(complaints.c.fold).where(complaints.c.id == row.subject)
        complaint = load(conn.execute(query).scalar_one())
    expires_at = _expires_at(complaint)
    if expires_at is None:
        return None
    return links.make(ledger.keys.link, complaint.id, complaint.round, expires_at)


def _expires_at(complaint: Complaint) -> int | None:
    limit = complaint.limits.get("reevaluate")
    return None if limit is None else limit.due_at


def _settle(posting: Posting, row: Row[Any], status: str) -> None:
    """The receipt, and with it the invitation, in one transaction."""
    sent_at = None if status in ("waiting", "failed") else posting.now
    values = {"of_id": row.id, "status": status, "sent_at": sent_at}
    mine = posting.conn.execute(_SETTLE, values).rowcount
    if mine and row.recipient == CITIZEN and status != "waiting":
        channel = "call" if status == "failed" else row.channel
        until = None if channel == "call" else _expires_at(posting.complaint(row.subject))
        try:
            fact = ReevaluationInvited(channel=channel, expires_at=until)
            posting.record(row.subject, fact, SENDER, cause=row.event_id)
        except IllegalStep:
            LOGGER.info("%s was answered before its invitation arrived", row.subject)
