"""Why Kafka's client got nowhere, in its own words. What it raises when it finds no way in says
only that its time is over; why each try failed it tells its log.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any

from workflow.errors import Away, InvalidInput, Transient, Unwritable

GONE = "消息服务（Kafka）暂时连不上，请稍后重试"
LATELY = 10.0
"""Seconds for which the reason of a try stands for what came of it."""
_MOST = 200
_PLAIN = "KafkaConnectionError"
"""Also when the broker only hangs up on one whom it has just told why."""
_OVER = ("KafkaTimeoutError", "RequestTimedOutError")
"""They say nothing of why."""
_LARGE = ("MessageSizeTooLargeError", "RecordListTooLargeError")
_MISTAKES = {
    "InvalidReplicationFactorError": "replication",
    "InvalidPartitionsError": "partitions",
    "InvalidConfigurationError": "topic",
    "InvalidTopicError": "topic",
    "PolicyViolationError": "topic",
}
"""What a broker says of topics that it will not make, and of which setting."""
_ANSWERED = re.compile(r"error_message=(['\"])(.+?)\1")
WRITE, READ, CREATE = "写入（Write）", "读取（Read）", "建立（Create）"
DESCRIBE, CONFIGS = "查看（Describe）", "查看设置（DescribeConfigs）"
"""Rights at the broker, beside our word for each its own."""


Received = tuple[bytes, Exception | None]


class Heard(logging.Handler):
    """The client's log, kept for its last reason alone."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._reason: Exception | None = None
        self._at = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        said = record.args if isinstance(record.args, tuple) else ()
        for error in said:
            if not isinstance(error, Exception) or type(error).__name__ in _OVER:
                continue
            if _telling(error) or not _telling(self.lately()):
                self._reason, self._at = error, time.monotonic()

    def lately(self) -> Exception | None:
        return self._reason if time.monotonic() - self._at < LATELY else None


HEARD = Heard()
_CONNECTING = logging.getLogger("kafka.net.manager")
"""The part of the client that makes connections; nobody else hears it."""
_CONNECTING.handlers, _CONNECTING.propagate = [HEARD], False
_CONNECTING.setLevel(logging.WARNING)


def heard_out(*transports: Any) -> None:
    """The client's classes of connections read from now on what a broker says just before it hangs
    up: they would throw it away where both come at once, and nobody would learn why.
    """
    for transport in transports:
        transport._sock_recv = _heard_first(transport._sock_recv)


def _heard_first(received: Callable[[Any], Received]) -> Callable[[Any], Received]:
    def heard(connection: Any) -> Received:
        data, error = received(connection)
        return data, None if data else error  # which comes again with the next

    return heard


class TooLarge(Away):
    """消息太大，消息服务（Kafka）不收。"""


def failed(error: Exception, topic: str, right: str) -> Transient:
    """What came of it: that we may not, that it is too large, or that the broker is away."""
    if type(error).__name__ in _LARGE:
        return TooLarge()
    if _refused(error):
        return Unwritable(told(error, topic, right))
    return Away(f"{GONE}（{why(error)}）")


def mistaken(error: Exception) -> InvalidInput | None:
    """The setting that the broker will make no topic by, in its own words; nothing where it is
    something else that is wrong.
    """
    field = _MISTAKES.get(type(error).__name__)
    if field is None:
        return None
    down = "；如有节点没起来，起来后再试" if field == "replication" else ""
    return InvalidInput(field, "", f"消息服务（Kafka）不建这样的主题（{why(error)}）{down}")


def told(error: Exception, topic: str, right: str) -> str:
    """For the log: which right is missing, or the client's own word."""
    if not _refused(error):
        return why(error)
    if type(error).__name__.startswith("Group"):
        return _lacking(f"消费组 {error.args[0]}", READ)
    return lacking(topic, right)


def lacking(topic: str, right: str) -> str:
    """Which right at the broker is missing, for which topic."""
    return _lacking(f"主题 {topic}", right)


def _lacking(what: str, right: str) -> str:
    return f"消息服务（Kafka）没有授权：对{what} 的{right}；授权后即可继续"


def _refused(error: Exception) -> bool:
    return type(error).__name__.endswith("AuthorizationFailedError")


def why(error: Exception) -> str:
    """Class and text in a line; of a request and its answer only what the broker says: what was
    asked is no one's business.
    """
    if type(error).__name__ in _OVER:
        error = HEARD.lately() or error
    name, text = type(error).__name__, str(error)
    answered = _ANSWERED.search(text)
    said = answered[2] if answered else text.rpartition(f"{name}: ")[2].partition("Request '")[0]
    said = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    return name if not said or said.endswith(name) else f"{name}：{said[:_MOST]}"


def _telling(error: Exception | None) -> bool:
    return error is not None and (type(error).__name__ != _PLAIN or "SSL" in str(error))
