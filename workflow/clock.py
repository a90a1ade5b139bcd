"""时间: the injected clock; nothing else in the engine asks what time it is."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], int]
"""Answers the present instant in microseconds since 1970-01-01T00:00:00Z."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
"""In the unit of instants, microseconds."""

TURN = 0.001
"""Seconds after which a thread that works lets another have the interpreter, in processes of many:
at Python's own five milliseconds an answer of thirty statements beside a slow one waits for it
thirty times.
"""


def system_clock() -> int:
    """The host's clock."""
    return time.time_ns() // 1000


def micros(instant: datetime) -> int:
    """An aware datetime as microseconds since the epoch."""
    past = instant - EPOCH
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds


def instant(at: int) -> datetime:
    """Microseconds since the epoch as an aware datetime in UTC."""
    return EPOCH + timedelta(microseconds=at)
