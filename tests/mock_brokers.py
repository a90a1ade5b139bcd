"""librdkafka's mock cluster: three brokers in this process that say what a healthy one never does,
and whose leaders change at a word. Nothing of it stays on a disk.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import confluent_kafka
import pytest
from kafka.net.connection import KafkaConnection

from workflow.bus.broker import TOPICS, Broker

BROKERS, NOBODY = 3, -1
ASKS = {
    "produce": 0,
    "fetch": 1,
    "list offsets": 2,
    "metadata": 3,
    "commit": 8,
    "fetch offsets": 9,
    "find coordinator": 10,
    "join": 11,
    "heartbeat": 12,
    "sync": 14,
    "init producer": 22,
}
"""What a client asks for, by its number in the protocol."""
_SPOKEN = {
    **{0: 8, 1: 11, 2: 5, 3: 8, 8: 7, 9: 5, 10: 2, 11: 5, 12: 3},
    **{13: 3, 14: 3, 18: 2, 22: 1, 24: 2, 25: 2, 26: 2, 28: 2},
}
"""The version of each up to which its answers are well formed; it says that it knows later ones."""


class MockBrokers:
    """The cluster, until closed; `broker` is the way there."""

    def __init__(self, partitions: int = 4) -> None:
        self._does = _library()
        said = ctypes.create_string_buffer(512)
        self._client = self._does.rd_kafka_new(0, self._does.rd_kafka_conf_new(), said, len(said))
        assert self._client, said.value
        self._cluster = self._does.rd_kafka_mock_cluster_new(self._client, BROKERS)
        for key, version in _SPOKEN.items():
            self._does.rd_kafka_mock_set_apiversion(self._cluster, key, 0, version)
        servers = self._does.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        self.broker = Broker(servers, partitions, BROKERS)
        for name in TOPICS:
            self._does.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, BROKERS)
        self._does.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)
        self._does.rd_kafka_mock_start_request_tracking(self._cluster)

    def will_answer(self, ask: str, *codes: int) -> None:
        """The next requests of this kind, one with each of these codes."""
        listed = (ctypes.c_int * len(codes))(*codes)
        self._does.rd_kafka_mock_push_request_errors_array(
            self._cluster, ASKS[ask], len(codes), listed
        )

    def asked(self, ask: str) -> int:
        """How often it was."""
        many = ctypes.c_size_t()
        found = self._does.rd_kafka_mock_get_requests(self._cluster, ctypes.byref(many))
        listed = ctypes.cast(found, ctypes.POINTER(ctypes.c_void_p))[: many.value] if found else ()
        keys = [self._does.rd_kafka_mock_request_api_key(request) for request in listed]
        self._does.rd_kafka_mock_request_destroy_array(found, many)
        return keys.count(ASKS[ask])

    def leads(self, topic: str, number: int) -> None:
        """This broker, or nobody, leads all partitions of the topic from now on."""
        for partition in range(self.broker.partitions):
            self._does.rd_kafka_mock_partition_set_leader(
                self._cluster, topic.encode(), partition, number
            )

    def coordinates(self, group: str, number: int) -> None:
        """This broker does."""
        self._does.rd_kafka_mock_coordinator_set(self._cluster, b"group", group.encode(), number)

    @contextmanager
    def without(self, number: int) -> Iterator[None]:
        """This broker hangs up on everybody meanwhile."""
        self._does.rd_kafka_mock_broker_set_down(self._cluster, number)
        try:
            yield
        finally:
            self._does.rd_kafka_mock_broker_set_up(self._cluster, number)

    def close(self) -> None:
        self._does.rd_kafka_mock_cluster_destroy(self._cluster)
        self._does.rd_kafka_destroy(self._client)


def asks_as_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our client begins with the newest question after versions, whose answer the mock garbles."""
    made = KafkaConnection.__init__

    def begins(self: KafkaConnection, *given: object, **named: object) -> None:
        made(self, *given, **named)
        self._api_versions_idx = _SPOKEN[18]

    monkeypatch.setattr(KafkaConnection, "__init__", begins)


def _library() -> ctypes.CDLL:
    """The one in the wheel of confluent-kafka."""
    folder = Path(confluent_kafka.__file__).parents[1] / "confluent_kafka.libs"
    does = ctypes.CDLL(str(next(folder.glob("librdkafka-*.so*"))))
    at, word, many = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    short, whole = ctypes.c_int16, ctypes.c_int32
    for name, answer, *given in (
        ("rd_kafka_conf_new", at),
        ("rd_kafka_new", at, whole, at, word, many),
        ("rd_kafka_destroy", None, at),
        ("rd_kafka_mock_cluster_new", at, at, whole),
        ("rd_kafka_mock_cluster_destroy", None, at),
        ("rd_kafka_mock_cluster_bootstraps", word, at),
        ("rd_kafka_mock_set_apiversion", whole, at, short, short, short),
        ("rd_kafka_mock_topic_create", whole, at, word, whole, whole),
        ("rd_kafka_mock_push_request_errors_array", None, at, short, many, at),
        ("rd_kafka_mock_group_initial_rebalance_delay_ms", None, at, whole),
        ("rd_kafka_mock_start_request_tracking", None, at),
        ("rd_kafka_mock_get_requests", at, at, at),
        ("rd_kafka_mock_request_destroy_array", None, at, many),
        ("rd_kafka_mock_request_api_key", short, at),
        ("rd_kafka_mock_partition_set_leader", whole, at, word, whole, whole),
        ("rd_kafka_mock_coordinator_set", whole, at, word, word, whole),
        ("rd_kafka_mock_broker_set_down", whole, at, whole),
        ("rd_kafka_mock_broker_set_up", whole, at, whole),
    ):
        function = getattr(does, name)
        function.restype, function.argtypes = answer, given
    return does
