"""Where Kafka is, its topics, and what a message is; the client itself is in `kafka.py` alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from workflow.errors import InvalidInput

_DAY = 86_400_000
_OURS = {"compression.type": "producer", "cleanup.policy": "delete", "retention.bytes": "-1"}
TOPICS: Mapping[str, Mapping[str, str]] = {
    "ratings": {"retention.ms": str(7 * _DAY), **_OURS},
    "complaints": {"retention.ms": str(30 * _DAY), **_OURS},
    "parked": {"retention.ms": str(90 * _DAY), **_OURS},
}
"""in · out and between consumers · a copy of what is parked. The log in the database is the truth:
what a topic forgets is read from there.
"""


PARTITIONS = 4
"""Unless said otherwise: as many members of a group can be at work. Of a small batch each partition
is packed, sent, and read by every consumer, for itself: with sixteen an event is handled later.
"""


FOR_EVER = -1
"""What Kafka calls a retention without end."""

UNREAD = "bihuan-unread"
"""The header of a message that is a whole batch left packed, or has a header whose name is no text:
it says why.
"""


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

    def sent(self, message: Message) -> tuple[Any, ...]:
        """What the client sends it by: topic, value, key, headers, partition."""
        partition = None if message.partition < 0 else message.partition
        headers = list(message.headers)
        return self.topic(message.topic), message.value, message.key, headers, partition

    def wanted(self, name: str) -> dict[str, Any]:
        """How this topic is made."""
        safe = {"min.insync.replicas": str(max(1, self.replication - 1))}
        return {
            "num_partitions": self.partitions,
            "replication_factor": self.replication,
            "configs": {**TOPICS[name], **safe},
        }

    def check(self, name: str, copies: Sequence[int], configs: Mapping[str, str | None]) -> None:
        """Raises InvalidInput where a topic that is there would not do, with so many copies of each
        partition; it may have more of them, and keep for longer.
        """
        topic, partitions = self.topic(name), len(copies)
        if partitions != self.partitions:
            raise InvalidInput(
                "partitions",
                f"{topic}：{partitions}",
                f"应为 {self.partitions} 个分区；改回原来的设置，或换一个前缀新建主题再切换",
            )
        if min(copies) < self.replication:
            said = f"每个分区应有 {self.replication} 份；用 kafka-reassign-partitions.sh 增加"
            raise InvalidInput("replication", f"{topic}：{min(copies)}", said)
        for setting, ours in TOPICS[name].items():
            given = configs.get(setting)
            if given != ours and not (setting == "retention.ms" and _longer(given, ours)):
                ought = "应至少为" if setting == "retention.ms" else "应为"
                said = f"{setting} {ought} {ours}；用 kafka-configs.sh --alter 改回"
                raise InvalidInput("topic", f"{topic}：{given}", said)

    @property
    def client(self) -> dict[str, Any]:
        return {
            "bootstrap_servers": self.servers.split(","),
            "client_id": "bihuan",
            "reconnect_backoff_max_ms": 500,
            "bootstrap_timeout_ms": 3000,
            **self.options,
        }

    @property
    def producing(self) -> dict[str, Any]:
        return {
            **self.client,
            "acks": "all",
            "linger_ms": 5,
            "batch_size": 128 << 10,
            "compression_type": "gzip",
            "max_block_ms": 5000,
            "delivery_timeout_ms": 20_000,
            "request_timeout_ms": 10_000,
        }


def _longer(given: str | None, ours: str) -> bool:
    return given is not None and (int(given) > int(ours) or int(given) == FOR_EVER)


class Message(NamedTuple):
    """What is sent, or was received (then with its offset). To partition -1 means: to any."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    offset: int = -1
