"""通知: messages written with an event's effects, sent afterwards, each under an id of its own."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Row, bindparam, literal_column, select, text, update

from schemas import ReevaluationInvited
from schemas.envelope import Role
from schemas.text import tidied
from workflow import links
from workflow.advance import advance
from workflow.aside import Aside
from workflow.clock import HOUR, MINUTE
from workflow.complaint import Complaint, Event
from workflow.contact import phone_of
from workflow.errors import IllegalStep, InvalidInput, Transient
from workflow.ledger import Actor, Ledger, Posting
from workflow.states import State
from workflow.storage.models import outbox
from workflow.storage.rows import as_it_stands

DESK = "desk"
"""The default channel: people read the outbox itself, so that a message is shown once written."""

CITIZEN = "citizen"
"""The recipient of an invitation; the sender finds the number in the vault when it sends."""

OPERATORS = f"role:{Role.OPERATOR}"
UNDELIVERED = "再评价邀请没有送达，请另行联系群众"
INVITATION = "您反映的政务服务问题已有整改反馈，请评价整改结果。"

WAITS = (0, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR)
"""Microseconds from writing a message to each try; when the last one fails, it has failed."""

RECEIPT = 120
"""Characters of a receipt that are kept."""

LOGGER = logging.getLogger("bihuan.outbox")
SENDER = Actor("notifications", Role.CONSUMER)

POST_ROW = ("event_id", "subject", "channel", "recipient", "body", "created_at")
POST = text(
    """
    INSERT INTO outbox
      (event_id, subject, channel, recipient, body, created_at, status, tries)
    VALUES
      (:event_id, :subject, :channel, :recipient, :body, :created_at,
       CASE :channel WHEN 'desk' THEN 'shown' ELSE 'waiting' END, 0)
    ON CONFLICT (event_id, channel, recipient) DO NOTHING
    """
).bindparams(*(bindparam(name, type_=outbox.c[name].type) for name in POST_ROW))
"""Writes a message; a repeat of the same event's message writes none."""

_SETTLE = (
    update(outbox)
    .where(outbox.c.id == bindparam("of_id"), outbox.c.status == "waiting")
    .values(
        status=bindparam("status"),
        receipt=bindparam("receipt"),
        tries=outbox.c.tries + 1,
        sent_at=bindparam("sent_at"),
    )
)
_UNSENT = select(outbox.c.event_id).where(
    outbox.c.subject == bindparam("of"),
    outbox.c.channel == bindparam("by"),
    outbox.c.recipient == CITIZEN,
    outbox.c.status == literal_column("'waiting'"),  # as the index has it
)
_WAITING = select(outbox).where(outbox.c.status == "waiting").order_by(outbox.c.id)


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is handed. `event_id` names this message and no other of its event's. `phone`,
    `link` and `code` are the citizen's; they are found anew for each try and never stored.
    """

    event_id: str
    subject: str
    channel: str
    recipient: str
    body: str
    phone: str | None = None
    link: str | None = None
    code: str | None = None


class Channel(Protocol):
    """A way out. `send` answers the receipt, and raises if the message was not taken; its id makes
    a repeat harmless.
    """

    def send(self, message: Message) -> str: ...


class Tried(NamedTuple):
    """What came of one try: waiting, sent, failed, or overtaken (nobody waits for it any more)."""

    status: str
    receipt: str | None = None


def invite(ledger: Ledger, subject: str, actor: Actor, channel: str) -> str:
    """Has an invitation sent on a channel of the profile's; answers the message's id.

    Asked again before it has gone out, it is the same message, whatever was done meanwhile. The
    invitation is recorded when it is delivered. Raises what recording it now would raise.
    """
    with ledger.transaction() as posting:
        complaint = posting.complaint(subject)
        if not complaint.reachable:
            raise InvalidInput("channel", channel, "匿名或没有电话，发不了；请事实核查")
        if complaint.wrong_number:
            raise InvalidInput("channel", channel, "拨过，号码有误，发出去会到别人手里")
        fact = ReevaluationInvited.model_validate({"channel": channel})
        event = Event("ReevaluationInvited", fact, actor.name, actor.role, posting.now)
        advance(complaint, subject, event, ledger.rulebook.rules_for(complaint, fact))
        waiting = posting.conn.execute(_UNSENT, {"of": subject, "by": channel}).scalar()
        event_id = waiting or f"{subject}-{complaint.version}"
        posting.run(POST, POST_ROW, (event_id, subject, channel, CITIZEN, INVITATION, posting.now))
    return _id(event_id, channel)


def _id(event_id: str, channel: str) -> str:
    """What a message goes out under: one event may have several, each on a channel of its own."""
    return f"{event_id}/{channel}"


def deliver(
    ledger: Ledger,
    channels: Mapping[str, Channel],
    limit: int = 100,
    aside: Aside | None = None,
) -> int:
    """Tries each waiting message whose time has come once, oldest first; answers how many it tried.

    The message goes out between two transactions: after a kill in between it goes out again, under
    the same id. A citizen's invitation counts from its receipt; if it cannot be delivered, for
    want of a channel too, a call-back task takes its place, or a word to the operators. One of
    which that cannot be recorded still waits, is told, and is left `aside`.
    """
    aside = Aside() if aside is None else aside
    with ledger.database.read() as conn:
        now, resting = ledger.now(conn), aside.resting()
        ripe = (row for row in conn.execute(_WAITING) if row.created_at + WAITS[row.tries] <= now)
        rows = list(islice((row for row in ripe if row.id not in resting), limit))
    for row in rows:
        try:
            tried = _tried(ledger, channels.get(row.channel), row)
            with ledger.transaction() as posting:
                _settle(posting, row, tried)
        except Transient:
            raise
        except Exception as error:
            LOGGER.warning("message %s is left aside: %s", row.id, type(error).__name__)
            aside.put(row.id)
    return len(rows)


def _tried(ledger: Ledger, channel: Channel | None, row: Row[Any]) -> Tried:
    if channel is None:
        return Tried("failed", "没有这个渠道的网关")
    try:
        message = _message(ledger, row)
        if message is None:
            return Tried("overtaken", "已不需要")
        if row.recipient == CITIZEN and message.phone is None:
            return Tried("failed", "没有能用的电话号码")
        return Tried("sent", tidied(channel.send(message))[:RECEIPT] or "sent")
    except Transient:
        raise
    except Exception as error:
        LOGGER.warning("message %s was not sent: %s", row.id, type(error).__name__)
        return Tried("failed" if row.tries + 1 >= len(WAITS) else "waiting", type(error).__name__)


def _message(ledger: Ledger, row: Row[Any]) -> Message | None:
    """The message as it goes out; None for an invitation nobody waits for any more."""
    plain = (_id(row.event_id, row.channel), row.subject, row.channel, row.recipient, row.body)
    if row.recipient != CITIZEN:
        return Message(*plain)
    with ledger.database.read() as conn:
        complaint = as_it_stands(conn, row.subject)
        wrong = complaint.wrong_number  # a stranger would have the link to answer by
        phone = None if wrong else phone_of(conn, ledger.vault, row.subject)
    until = _expires_at(complaint)
    if until is None:
        return None
    link = None
    if row.channel == "link":
        link = links.make(ledger.keys.link, complaint.id, complaint.round, until)
    return Message(*plain, phone, link, links.code_of(ledger.keys.link, row.subject))


def _expires_at(complaint: Complaint) -> int | None:
    limit = complaint.limits.get("reevaluate")
    return None if limit is None else limit.due_at


def _settle(posting: Posting, row: Row[Any], tried: Tried) -> None:
    """The receipt, and with it the invitation, in one transaction."""
    status, receipt = tried
    values = {"of_id": row.id, "status": status, "receipt": receipt}
    sent_at = posting.now if status == "sent" else None
    mine = posting.conn.execute(_SETTLE, {**values, "sent_at": sent_at}).rowcount
    if mine and row.recipient == CITIZEN and status in ("sent", "failed"):
        _invited(posting, row, delivered=status == "sent")


def _invited(posting: Posting, row: Row[Any], *, delivered: bool) -> None:
    """What the delivery, or its failure, comes to: an invitation, if somebody waits for an answer.
    Where the profile invites nobody by call, the operators are asked to see to it.
    """
    complaint = posting.complaint(row.subject)
    until = _expires_at(complaint) if delivered else None
    try:
        fact = ReevaluationInvited(channel=row.channel if delivered else "call", expires_at=until)
        posting.record(row.subject, fact, SENDER, cause=row.event_id)
    except IllegalStep:
        if complaint.state != State.REEVALUATING:
            LOGGER.info("%s was answered before its invitation arrived", row.subject)
            return
        LOGGER.warning("the invitation of %s could not be delivered", row.subject)
        event_id, body = _id(row.event_id, row.channel), f"{row.subject} {UNDELIVERED}"
        posting.run(POST, POST_ROW, (event_id, row.subject, DESK, OPERATORS, body, posting.now))
