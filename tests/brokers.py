"""A real Kafka broker for stories: given in the environment, or in a container."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from docker.errors import DockerException
from servers import none_to_be_had
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import ExecWaitStrategy

NONE = "no Kafka broker to be had"
IMAGE = "apache/kafka:4.3.0"
LISTENING = ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9092"]
"""Asked inside: outside, the engine takes connections before there is anybody to talk to."""


@contextmanager
def kafka() -> Iterator[str]:
    """The broker's address while it runs: the one of BIHUAN_TEST_KAFKA, else a container's."""
    if given := os.environ.get("BIHUAN_TEST_KAFKA"):
        yield given
        return
    port = free_port()
    try:
        container = _container(port).start()
    except DockerException:
        none_to_be_had(NONE)
    with container:
        yield f"127.0.0.1:{port}"


def _container(port: int) -> DockerContainer:
    """The port is chosen first: a broker that is stopped and started keeps its address."""
    settings = {
        "NODE_ID": "1",
        "PROCESS_ROLES": "broker,controller",
        "LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "AUTO_CREATE_TOPICS_ENABLE": "false",
        "OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "OFFSETS_TOPIC_NUM_PARTITIONS": "4",
        "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "BROKER_SESSION_TIMEOUT_MS": "2000",
        "BROKER_HEARTBEAT_INTERVAL_MS": "500",
        "HEAP_OPTS": "-Xms128m -Xmx384m",
    }
    container = DockerContainer(IMAGE)
    container.ports["9092/tcp"] = ("127.0.0.1", port)
    for name, value in settings.items():
        container = container.with_env(f"KAFKA_{name}", value)
    return container.waiting_for(ExecWaitStrategy(LISTENING))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
