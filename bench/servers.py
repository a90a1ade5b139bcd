"""Real servers for the parts that need them: those named in the environment, else in containers
of their own, on the host's network, as durable as they come.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

from kafka import KafkaAdminClient
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from workflow.bus.broker import Broker
from workflow.bus.kafka.topics import check_topics, create_topics, delete_topics
from workflow.errors import Away, InvalidInput
from workflow.settings import ADDRESS

STARTED_WITHIN = 60.0
_TUNED = ("shared_buffers=256MB", "max_wal_size=4GB", "track_commit_timestamp=on")
_NUMBERS = count()


class NoServer(Exception):
    """There is none to be had here."""


class Postgres:
    """A server on which every store has a database of its own."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._admin = create_engine(f"{address}/postgres", isolation_level="AUTOCOMMIT")

    def version(self) -> str:
        with self._admin.connect() as conn:
            return str(conn.execute(text("SHOW server_version")).scalar_one())

    @contextmanager
    def database(self, folder: Path) -> Iterator[str]:
        """A new database, named by the folder as its own, until this ends. Answers its address."""
        name = f"bihuan_bench_{os.getpid()}_{next(_NUMBERS)}"
        self._run(f'CREATE DATABASE "{name}"')
        (folder / ADDRESS).write_text(f"{self._address}/{name}", encoding="utf-8")
        try:
            yield f"{self._address}/{name}"
        finally:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        with self._admin.connect() as conn:
            conn.execute(text(statement))

    def close(self) -> None:
        self._admin.dispose()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Raises NoServer."""
    given = os.environ.get("BIHUAN_TEST_DATABASE")
    if given:
        yield from _answering(given)
        return
    port, word = free_port(), secrets.token_hex(8)
    options = [part for value in _TUNED for part in ("-c", value)]
    command = ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1", *options]
    with _container("postgres:17", {"POSTGRES_PASSWORD": word}, command):
        yield from _answering(f"postgresql+psycopg://postgres:{word}@127.0.0.1:{port}")


def _answering(address: str) -> Iterator[Postgres]:
    server = Postgres(address)
    try:
        _await(server.version, OperationalError)
        yield server
    finally:
        server.close()


class Kafka:
    """A broker; `container` where it is our own and may be stopped and started."""

    def __init__(self, servers: str, container: str | None) -> None:
        self.servers, self._container = servers, container

    def version(self) -> str:
        """As far as its broker's protocol tells."""
        with closing(KafkaAdminClient(**Broker(self.servers).client)) as client:
            first = client.describe_cluster()["brokers"][0]["broker_id"]
            return ".".join(map(str, client.get_broker_version_data(first).broker_version))

    @contextmanager
    def topics(self) -> Iterator[Broker]:
        """Topics of nobody else's, until this ends."""
        broker = Broker(self.servers, prefix=f"bench-{os.getpid()}-{next(_NUMBERS)}.")
        create_topics(broker)
        _await(lambda: check_topics(broker), InvalidInput)
        try:
            yield broker
        finally:
            delete_topics(broker)

    @property
    def ours(self) -> bool:
        """Whether it may be stopped."""
        return self._container is not None

    def kill(self) -> None:
        assert self._container is not None
        _docker("kill", "--signal", "KILL", self._container)

    def start(self) -> None:
        """Returns when it answers again."""
        assert self._container is not None
        _docker("start", self._container)
        _await(lambda: _answers(self), Away)


@contextmanager
def kafka() -> Iterator[Kafka]:
    """Raises NoServer."""
    if given := os.environ.get("BIHUAN_TEST_KAFKA"):
        yield Kafka(given, None)
        return
    port, control = free_port(), free_port()
    settings = {
        "NODE_ID": 1,
        "PROCESS_ROLES": "broker,controller",
        "LISTENERS": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{control}",
        "ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "CONTROLLER_QUORUM_VOTERS": f"1@127.0.0.1:{control}",
        "OFFSETS_TOPIC_REPLICATION_FACTOR": 1,
        "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": 1,
        "TRANSACTION_STATE_LOG_MIN_ISR": 1,
        "GROUP_INITIAL_REBALANCE_DELAY_MS": 0,
        "BROKER_SESSION_TIMEOUT_MS": 2000,
        "BROKER_HEARTBEAT_INTERVAL_MS": 500,
        "HEAP_OPTS": "-Xms512m -Xmx512m",
    }
    given_so = {f"KAFKA_{name}": str(value) for name, value in settings.items()}
    with _container("apache/kafka:4.3.0", given_so, ()) as name:
        server = Kafka(f"127.0.0.1:{port}", name)
        _await(lambda: _answers(server), Away)
        yield server


def _answers(server: Kafka) -> None:
    try:
        check_topics(Broker(server.servers))
    except InvalidInput:
        return  # it knows of no such topics, and says so


@contextmanager
def _container(image: str, given: Mapping[str, str], command: Sequence[str]) -> Iterator[str]:
    """Its name. It goes with all it holds."""
    settings = [part for name, value in given.items() for part in ("--env", f"{name}={value}")]
    name = f"bihuan-bench-{os.getpid()}-{next(_NUMBERS)}"
    _docker("run", "--detach", "--network", "host", "--name", name, *settings, image, *command)
    try:
        yield name
    finally:
        _docker("rm", "--force", "--volumes", name)


def _docker(*words: str) -> None:
    try:
        subprocess.run(["docker", *words], check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise NoServer("no server is named in the environment, and there is no docker") from None
    except subprocess.CalledProcessError as error:
        raise NoServer(f"docker {words[0]}: {error.stderr.strip()[-200:]}") from None


def _await(once: Callable[[], object], wrong: type[Exception]) -> None:
    until = time.monotonic() + STARTED_WITHIN
    while True:
        try:
            once()
        except wrong as error:
            if time.monotonic() > until:
                raise NoServer(str(error)[:200]) from error
            time.sleep(0.2)
        else:
            return


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
