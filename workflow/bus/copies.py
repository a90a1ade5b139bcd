"""What is parked, copied to the topic `parked` for whoever looks there."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from workflow.bus.broker import PARKED_ERROR, PARKED_FROM, Broker, Message
from workflow.bus.causes import TooLarge
from workflow.bus.cloudevents import headers_of
from workflow.bus.kafka import Publisher
from workflow.bus.parking import MAX_ERROR
from workflow.errors import Transient

RESTS = 60.0
"""Seconds without a copy after one that the broker did not take."""

Poison = tuple[Message, str]
"""A message and what is wrong with it."""

LOGGER = logging.getLogger("bihuan.bus")


class Copies:
    """Copies of what is parked go to the topic `parked`, if the broker takes them: the database,
    or the log, has them anyway. `PARKED_FROM` says where, as `bihuan parked` names it. What is too
    large for that topic is told there without what it holds. Where it takes none, no more are
    offered for a minute: who takes in what is well must not wait for each that is not.
    """

    def __init__(self, broker: Broker) -> None:
        self._publisher, self._turn = Publisher(broker), threading.Lock()
        self._rests_until = 0.0

    def record(self, consumer: str, row: Row[Any], error: str) -> None:
        """An event that this consumer could not handle, as it stands on the topic."""
        key, value = row.subject.encode(), row.data.encode()
        self.keep([(Message(consumer, row.lane, key, value, headers_of(row), row.pos), error)])

    def keep(self, poison: Sequence[Poison]) -> None:
        """Of these messages, each with what is wrong with it."""
        for message, error in poison:
            LOGGER.warning("parked: %s: %s", _place(message).replace("/", " "), error)
        with self._turn:
            if not poison or time.monotonic() < self._rests_until:
                return
            try:
                self._send(poison)
            except Transient as away:
                LOGGER.warning("copies were not sent: %s", away)
                self._rests_until = time.monotonic() + RESTS

    def _send(self, poison: Sequence[Poison]) -> None:
        """Together; where one of them is too large each for itself, and that one bare."""
        try:
            self._publisher.publish([_copy(message, error) for message, error in poison])
        except TooLarge:
            for message, error in poison:
                if len(poison) > 1:
                    self._send([(message, error)])
                else:
                    self._publisher.publish([_bare(message, error)])

    def close(self) -> None:
        self._publisher.close()


def _copy(message: Message, error: str) -> Message:
    """A message of nothing cannot be sent: its value is empty then."""
    told = (*message.headers, *_bare(message, error).headers)
    headers = [(name, text or b"") for name, text in told]
    return Message("parked", -1, message.key, message.value or b"", headers)


def _bare(message: Message, error: str) -> Message:
    """Where it stood and what is wrong with it, alone."""
    said = [(PARKED_FROM, _place(message).encode()), (PARKED_ERROR, error[:MAX_ERROR].encode())]
    return Message("parked", -1, None, b"", said)


def _place(message: Message) -> str:
    return f"{message.topic}/{message.partition}/{message.offset}"
