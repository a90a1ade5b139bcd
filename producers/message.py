"""归集: one message of the topic `ratings`: a 办件 or a 评价 as a JSON object in its source's field
names; the source stands in a header or in the object.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from producers.platforms import json_record, read_json
from producers.sources import source as source_named
from schemas.rating import Refusal
from schemas.text import tidied
from workflow.answers import Answers
from workflow.bus.broker import UNREAD, Message
from workflow.bus.parking import NONE, check_reason
from workflow.collection import collect_ready
from workflow.errors import InvalidInput
from workflow.intake import Desk, Ready
from workflow.ledger import Ledger
from workflow.said import of_kind
from workflow.storage import messages

MOST_BYTES = 256 << 10
SOURCE = "source"


class Reading(NamedTuple):
    """A message understood: its row made ready, or why that is refused; or why it is no row."""

    number: int
    source: str = ""
    row: Ready | None = None
    refusal: Refusal | None = None
    error: str = ""


def read_all(messages: Sequence[Message], desk: Desk) -> list[Reading]:
    """Read, numbered from 1. Never raises for what was sent."""
    return [_read_safely(number, message, desk) for number, message in enumerate(messages, 1)]


def _read_safely(number: int, message: Message, desk: Desk) -> Reading:
    try:
        return _read(number, message, desk)
    except InvalidInput as wrong:
        return Reading(number, error=str(wrong))


def _read(number: int, message: Message, desk: Desk) -> Reading:
    if unread := dict(message.headers).get(UNREAD):
        raise InvalidInput("正文", "", tidied(unread.decode(errors="replace")))
    if message.value is None:
        raise InvalidInput("正文", "", "消息没有正文")
    row = read_json(message.value, MOST_BYTES)
    if not isinstance(row, dict):
        raise InvalidInput("正文", of_kind(row), "应为一个对象：一条办件或评价")
    source = source_named(_source(message, row))
    record = json_record(source, None, row, number)
    made = record if isinstance(record, Refusal) else desk.ready(number, record)
    if isinstance(made, Refusal):
        return Reading(number, source.name, refusal=made)
    return Reading(number, source.name, row=made)


def _source(message: Message, row: dict[str, object]) -> str:
    """The header's, else the object's, which is then no field of the row."""
    inside = row.pop(SOURCE, None)
    named = [value or b"" for name, value in message.headers if name == SOURCE]
    if len(named) > 1:
        raise InvalidInput(SOURCE, "", "消息头 source 写了两次")
    for value in named:
        try:
            return value.decode()
        except ValueError:
            raise InvalidInput(SOURCE, repr(value), "来源名须是 UTF-8") from None
    if not isinstance(inside, str):
        raise InvalidInput(SOURCE, "", "没有写明来源：写在消息头 source 或对象的 source 里")
    return inside


def reason_of(refusal: Refusal) -> str:
    """Field, masked value and reason in a line."""
    return str(InvalidInput(refusal.field or "正文", refusal.value, refusal.reason))


def retry(ledger: Ledger, desk: Desk, partition: int, position: int, *, by: str) -> str:
    """Takes a parked message in once more, noting who does; answers its place. If it is refused
    again nothing is done, and InvalidInput says why.
    """
    with ledger.database.read() as conn:
        parked = _parked(conn, partition, position)
    parcel = messages.opened(ledger.vault, parked)
    if parcel is None:
        raise InvalidInput("parked", f"{partition}/{position}", "保存期已过，内容已删除，只能放弃")
    sent = Message(parcel.topic, partition, parcel.key, parcel.value, parcel.headers)
    again = _read(1, sent, desk)
    rows = [again.row] if again.row is not None else []

    def settle(conn: Connection, answers: Answers) -> None:
        refusal = answers.rows[0].refusal
        if refusal is not None:
            raise InvalidInput(refusal.field or "正文", refusal.value, refusal.reason)
        if not messages.settle(conn, parked, "replayed", by, ledger.now(conn)):
            raise InvalidInput("parked", f"{partition}/{position}", NONE)

    refusals = [again.refusal] if again.refusal is not None else []
    collect_ready(ledger, desk, again.source, rows, refusals, also=settle)
    return parcel.owner


def discard(ledger: Ledger, partition: int, position: int, reason: str, *, by: str) -> None:
    """Gives a parked message up, noting who does and why. Raises InvalidInput."""
    check_reason(reason)
    with ledger.database.write() as conn:
        parked = _parked(conn, partition, position)
        messages.settle(conn, parked, "discarded", f"{by}：{reason}", ledger.now(conn))


def _parked(conn: Connection, partition: int, position: int) -> Row[Any]:
    row = messages.parked_at(conn, partition, position)
    if row is None:
        raise InvalidInput("parked", f"{partition}/{position}", NONE)
    return row
