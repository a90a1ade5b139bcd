"""A real Kafka for stories: given in the environment, or in a container."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from disks import Disk
from docker.errors import DockerException
from docker.models.containers import Container
from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from servers import free_port, none_to_be_had, sockets_left
from testcontainers.core.container import DockerContainer

from workflow.bus.broker import Broker

NONE = "no Kafka to be had"
_NUMBERS = count()


class NoText(str):
    """A header's name that the client sends as bytes which are no text."""

    __slots__ = ()

    def encode(self, *_: object, **__: object) -> bytes:
        return b"\xff\xfe"


@contextmanager
def kafka() -> Iterator[str]:
    """The address of a broker while it runs: the one of BIHUAN_TEST_KAFKA, else a container's."""
    if given := os.environ.get("BIHUAN_TEST_KAFKA"):
        yield given
        return
    with own() as (servers, _):
        yield servers


@contextmanager
def own() -> Iterator[tuple[str, Container]]:
    """A container's broker that nobody else uses, to be treated badly."""
    port = free_port()
    with sockets_left():
        try:
            container = _container(port).start()
        except DockerException:
            none_to_be_had(NONE)
    try:
        with sockets_left():
            _wait_for(f"127.0.0.1:{port}")
        yield f"127.0.0.1:{port}", container.get_wrapped_container()
    finally:
        with sockets_left():
            container.stop()
            del container


_MODULES = "org.apache.kafka.common.security"


@contextmanager
def locked(certificates: Path, password: str) -> Iterator[str]:
    """One that speaks TLS with `server.pem` of this folder alone, and lets `bihuan` in by PLAIN or
    SCRAM with this password.
    """
    outside = free_port()
    container = _behind_a_door(
        (free_port(), outside),
        "SASL_SSL",
        password,
        "PLAIN,SCRAM-SHA-256",
        SSL_KEYSTORE_TYPE="PEM",
        SSL_KEYSTORE_LOCATION="/locked/server.pem",
        LISTENER_NAME_LOCKED_SCRAM___SHA___256_SASL_JAAS_CONFIG=(
            f"{_MODULES}.scram.ScramLoginModule required;"
        ),
    ).with_volume_mapping(str(certificates), "/locked", "ro")
    with _started(container):
        with sockets_left():
            _let_in(container.get_wrapped_container(), password)
        yield f"127.0.0.1:{outside}"


@contextmanager
def guarded(password: str) -> Iterator[tuple[str, str]]:
    """One that lets `bihuan` in with this password, to do what its ACLs say, which is nothing: its
    address for him, and the one for whoever may do everything.
    """
    inside, outside = free_port(), free_port()
    container = _behind_a_door(
        (inside, outside),
        "SASL_PLAINTEXT",
        password,
        "PLAIN",
        AUTHORIZER_CLASS_NAME="org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        SUPER_USERS="User:ANONYMOUS",
    )
    with _started(container):
        with sockets_left():
            _wait_for(f"127.0.0.1:{inside}")
        yield f"127.0.0.1:{outside}", f"127.0.0.1:{inside}"


def _behind_a_door(
    ports: tuple[int, int], protocol: str, password: str, mechanisms: str, **more: object
) -> DockerContainer:
    """With a second listener, where this protocol is spoken."""
    inside, outside = ports
    name = "LISTENER_NAME_LOCKED"
    container = _container(
        inside,
        LISTENERS="PLAINTEXT://:9092,CONTROLLER://:9093,INSIDE://localhost:9095,LOCKED://:9094",
        ADVERTISED_LISTENERS=f"PLAINTEXT://127.0.0.1:{inside},INSIDE://localhost:9095"
        f",LOCKED://127.0.0.1:{outside}",
        LISTENER_SECURITY_PROTOCOL_MAP="CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,INSIDE:PLAINTEXT"
        f",LOCKED:{protocol}",
        **{
            f"{name}_SASL_ENABLED_MECHANISMS": mechanisms,
            f"{name}_PLAIN_SASL_JAAS_CONFIG": f"{_MODULES}.plain.PlainLoginModule required"
            f' user_bihuan="{password}";',
        },
        **more,
    )
    container.ports["9094/tcp"] = ("127.0.0.1", outside)
    return container


@contextmanager
def _started(container: DockerContainer) -> Iterator[None]:
    with sockets_left():
        try:
            container.start()
        except DockerException:
            none_to_be_had(NONE)
    try:
        yield
    finally:
        with sockets_left():
            container.stop()


def _let_in(container: Container, password: str) -> None:
    command = ["/opt/kafka/bin/kafka-configs.sh", "--bootstrap-server", "localhost:9095", "--alter"]
    command += ["--add-config", f"SCRAM-SHA-256=[password={password}]"]
    command += ["--entity-type", "users", "--entity-name", "bihuan"]
    deadline = time.monotonic() + 90
    while (done := container.exec_run(command)).exit_code:
        assert time.monotonic() < deadline, done.output
        time.sleep(0.5)


def _wait_for(servers: str) -> None:
    deadline = time.monotonic() + 90
    while True:
        try:
            KafkaAdminClient(bootstrap_servers=servers, bootstrap_timeout_ms=2000).close()
        except KafkaError:
            if time.monotonic() > deadline:
                raise
        else:
            return


@contextmanager
def away(container: Container, how: str) -> Iterator[None]:
    """The broker killed, stopped or paused, and there again at the end, at its old address."""
    {"kill": container.kill, "stop": container.stop, "pause": container.pause}[how]()
    try:
        yield
    finally:
        if how == "pause":
            container.unpause()
        else:
            container.start()


def _container(port: int, **more: object) -> DockerContainer:
    """The port is chosen first, so that the broker keeps its address when it is started again."""
    settings = {
        "NODE_ID": 1,
        "PROCESS_ROLES": "broker,controller",
        "LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093,INSIDE://localhost:9095",
        "ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port},INSIDE://localhost:9095",
        "INTER_BROKER_LISTENER_NAME": "INSIDE",  # who ends a transaction tells itself so
        "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "LISTENER_SECURITY_PROTOCOL_MAP": ",".join(
            f"{name}:PLAINTEXT" for name in ("CONTROLLER", "PLAINTEXT", "INSIDE")
        ),
        "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "OFFSETS_TOPIC_REPLICATION_FACTOR": 1,
        "OFFSETS_TOPIC_NUM_PARTITIONS": 4,
        "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": 1,
        "TRANSACTION_STATE_LOG_MIN_ISR": 1,
        "GROUP_INITIAL_REBALANCE_DELAY_MS": 0,
        "GROUP_MIN_SESSION_TIMEOUT_MS": 500,
        "BROKER_SESSION_TIMEOUT_MS": 2000,
        "BROKER_HEARTBEAT_INTERVAL_MS": 500,
        "HEAP_OPTS": "-Xms256m -Xmx512m",
        **more,
    }
    container = DockerContainer("apache/kafka:4.3.0")
    container.ports["9092/tcp"] = ("127.0.0.1", port)
    for name, value in settings.items():
        container = container.with_env(f"KAFKA_{name}", str(value))
    return container


def fresh(servers: str, **values: object) -> Broker:
    """Topics of nobody else's, still to be made."""
    prefix = f"story-{os.getpid()}-{time.monotonic_ns()}-{next(_NUMBERS)}."
    return Broker(servers, **{"partitions": 4, "prefix": prefix, **values})


class Cramped:
    """A broker whose disk has sixty megabytes."""

    def __init__(self) -> None:
        port, self._disk = free_port(), Disk(60)
        self.servers = f"127.0.0.1:{port}"
        made = _container(port, LOG_DIRS="/small/data", LOG_CLEANER_DEDUPE_BUFFER_SIZE=4 << 20)
        self._made = made.with_volume_mapping(self._disk.name, "/small", "rw").start()
        self.container = self._made.get_wrapped_container()
        _wait_for(self.servers)

    def fill(self) -> None:
        self._disk.fill()

    def make_room(self) -> None:
        """And the broker, which ended itself, is started again."""
        self._disk.make_room()
        self.container.start()
        _wait_for(self.servers)

    @property
    def runs(self) -> bool:
        self.container.reload()
        return bool(self.container.status == "running")

    def close(self) -> None:
        self._made.stop()
        self._disk.close()
