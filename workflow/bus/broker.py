"""Where Kafka is, its topics, and what a message is; the client itself is in `kafka.py` alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_DAY = 86_400_000
TOPICS: Mapping[str, Mapping[str, str]] = {
    "ratings": {"retention.ms": str(7 * _DAY), "compression.type": "producer"},
    "complaints": {"retention.ms": str(30 * _DAY), "compression.type": "producer"},
    "parked": {"retention.ms": str(90 * _DAY), "compression.type": "producer"},
}
"""in · out and between consumers · a copy of what is parked. The log in the database is the truth:
what a topic forgets is read from there.
"""


PARTITIONS = 4
"""Unless said otherwise: as many members of a group can be at work. Of a small batch each partition
is packed, sent, and read by every consumer, for itself: with sixteen an event is handled later.
"""


UNREAD = "bihuan-unread"
"""The header of a message that is a whole batch left packed, and says why."""


@dataclass(frozen=True)
class Broker:
    """Where Kafka is and how to get in; `options` go to the client as they are."""

    servers: str
    partitions: int = PARTITIONS
    replication: int = 1
    prefix: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def topic(self, name: str) -> str:
        return self.prefix + name

    @property
    def client(self) -> dict[str, Any]:
        return {
            "bootstrap_servers": self.servers.split(","),
            "client_id": "bihuan",
            "reconnect_backoff_max_ms": 500,
            "bootstrap_timeout_ms": 3000,
            **self.options,
        }


class Message(NamedTuple):
    """What is sent, or was received (then with its offset). To partition -1 means: to any."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    offset: int = -1
