"""Where Kafka is, its topics, and what a message is; the client itself is in `kafka/` alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from workflow.bus import causes
from workflow.errors import Away, InvalidInput, Unwritable

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


_UNKNOWN, _HIDDEN = 3, 29
"""How a broker says that a topic is not there, and that we may not know."""

FOR_EVER = -1
"""What Kafka calls a retention without end."""

LEAST, UNCLEAN = "min.insync.replicas", "unclean.leader.election.enable"
"""Of how many brokers that have all of a partition the client waits for each message; whether one
that has not all of it may lead.
"""

_ALTER = "用 kafka-configs.sh --alter 改回"

UNREAD = "bihuan-unread"
"""The header of a message that is a whole batch left packed, or has a header whose name is no text:
it says why.
"""

PARKED_FROM, PARKED_ERROR = "parked-from", "parked-error"
"""The headers that a copy of what is parked has beside its own."""


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
        safe = {LEAST: str(_least(self.replication))}
        return {
            "num_partitions": self.partitions,
            "replication_factor": self.replication,
            "configs": {**TOPICS[name], **safe},
        }

    @property
    def topics(self) -> list[str]:
        return [self.topic(name) for name in TOPICS]

    def missing(self, told: Sequence[Mapping[str, Any]]) -> list[str]:
        """Our names for those that the broker says are not there. Raises Unwritable."""
        found = self._seen(told)
        return [name for name in TOPICS if found[self.topic(name)]["error_code"] == _UNKNOWN]

    def check(
        self, told: Sequence[Mapping[str, Any]], configs: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Raises InvalidInput where the topics and their settings as the broker tells them would
        not do, with all that is wrong, Unwritable where it does not tell us, Away where they would
        but brokers are missing.
        """
        found, wrong = self._seen(told), list[InvalidInput]()
        if lacking := [topic for topic in self.topics if found[topic]["error_code"]]:
            said = "没有这个主题，请先运行 bihuan topics create"
            raise InvalidInput("topic", "、".join(lacking), said)
        for name, topic in zip(TOPICS, self.topics, strict=True):
            if not configs[topic]:
                raise Unwritable(causes.lacking(topic, causes.CONFIGS))
            copies = [len(one["replica_nodes"]) for one in found[topic]["partitions"]]
            settings = {key: one["value"] for key, one in configs[topic].items()}
            wrong += self._unfit(name, copies, settings)
        if len(wrong) == 1:
            raise wrong[0]
        if wrong:
            said = "。".join(f"{one.value}：{one.reason}" for one in wrong)
            raise InvalidInput("topic", "", said)
        for topic in self.topics:
            _served(topic, found[topic]["partitions"], int(configs[topic][LEAST]["value"] or 1))

    def _seen(self, told: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
        hidden = [str(one["name"]) for one in told if one["error_code"] == _HIDDEN]
        if hidden:
            raise Unwritable(causes.lacking("、".join(sorted(hidden)), causes.DESCRIBE))
        return {one["name"]: one for one in told}

    def _unfit(
        self, name: str, copies: Sequence[int], configs: Mapping[str, str | None]
    ) -> Iterator[InvalidInput]:
        """What is wrong with a topic that has so many copies of each partition; it may have more of
        them, and keep for longer.
        """
        topic, partitions = self.topic(name), len(copies)
        if partitions != self.partitions:
            yield InvalidInput(
                "partitions",
                f"{topic}：{partitions}",
                f"应为 {self.partitions} 个分区；改回原来的设置，或换一个前缀新建主题再切换",
            )
        if min(copies) < self.replication:
            said = f"每个分区应有 {self.replication} 份；用 kafka-reassign-partitions.sh 增加"
            yield InvalidInput("replication", f"{topic}：{min(copies)}", said)
        if int(configs[LEAST] or 1) > min(copies):
            said = f"{LEAST} 应至多为 {min(copies)}，否则写不进；{_ALTER}"
            yield InvalidInput("topic", f"{topic}：{configs[LEAST]}", said)
        if int(configs[LEAST] or 1) < _least(self.replication):
            said = f"{LEAST} 应至少为 {_least(self.replication)}，否则收下的可能会丢"
            yield InvalidInput("topic", f"{topic}：{configs[LEAST]}", f"{said}；{_ALTER}")
        if configs.get(UNCLEAN) == "true" and min(copies) > 1:
            said = f"{UNCLEAN} 应为 false，否则收下的可能会丢；{_ALTER}"
            yield InvalidInput("topic", f"{topic}：true", said)
        for setting, ours in TOPICS[name].items():
            given = configs.get(setting)
            if given != ours and not (setting == "retention.ms" and _longer(given, ours)):
                ought = "应至少为" if setting == "retention.ms" else "应为"
                said = f"{setting} {ought} {ours}；{_ALTER}"
                yield InvalidInput("topic", f"{topic}：{given}", said)

    def lacks(self, name: str, partitions: int) -> str:
        """What is told of a topic that has so many; nothing where they are enough."""
        topic = self.topic(name)
        if not partitions:
            return f"没有主题 {topic}：请运行 bihuan topics create，建好后会自行继续"
        if partitions < self.partitions:
            few = f"主题 {topic} 只有 {partitions} 个分区，应为 {self.partitions} 个"
            return f"{few}：请运行 bihuan topics check 核对，改好后会自行继续"
        return ""

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
            "max_in_flight_requests_per_connection": 1,  # a later one must not overtake
            "request_timeout_ms": 10_000,
        }


def _least(replication: int) -> int:
    """With one broker away all goes on, and what was taken is on another one."""
    return max(1, replication - 1)


def _served(topic: str, partitions: Sequence[Mapping[str, Any]], least: int) -> None:
    """Raises Away unless each has its leader, and brokers enough that have all of it."""
    for what, lacks in (
        ("没有 leader，收发不了", [p for p in partitions if p["leader_id"] < 0]),
        (
            f"跟上的副本不足 {least} 份（{LEAST}），写不进",
            [p for p in partitions if len(p["isr_nodes"]) < least],
        ),
    ):
        if lacks:
            listed = "、".join(str(one["partition_index"]) for one in lacks)
            raise Away(f"主题 {topic} 的分区 {listed} {what}：请看 Kafka 各节点，好了会自行继续")


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
