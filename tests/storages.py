"""Databases for stories: a prepared one is made once a worker and copied for each test."""

import os
import shutil
from itertools import count
from pathlib import Path

from city import City
from sqlalchemy import create_engine, make_url, text

from workflow.settings import ADDRESS

STORAGES = ("sqlite", "postgresql")


class Sqlite:
    """A file, copied."""

    name, stride = "sqlite", 2
    """Of the points of a story the shortest run tries each so-manieth."""

    def __init__(self, place: Path) -> None:
        self.new = place / "data"
        City(self.new).close()

    def copy(self, story: Path, to: Path) -> Path:
        return shutil.copytree(story, to)

    def drop(self, folder: Path) -> None:
        """The folder goes with the test's own."""

    def close(self) -> None:
        """The files go with the test run's folder."""


class Postgres:
    """Databases of one server, each made from another as its template."""

    name, stride = "postgresql", 10
    """Copying a database takes its time."""

    def __init__(self, place: Path, server: str, copied: str = "") -> None:
        """`copied`: how copies are made, beside the template, in the words of CREATE DATABASE."""
        self._server, self._copied = server, copied
        self._engine = create_engine(
            self._address("postgres"), isolation_level="AUTOCOMMIT", pool_pre_ping=True
        )
        self._made: set[str] = set()
        self._numbers = count()
        self.new = place / "data"
        self.new.mkdir()
        self._create(self.new)
        City(self.new).close()

    def copy(self, story: Path, to: Path) -> Path:
        template = make_url((story / ADDRESS).read_text()).database
        shutil.copytree(story, to)
        self._create(to, f'TEMPLATE "{template}" {self._copied}')
        return to

    def drop(self, folder: Path) -> None:
        """A story that is over needs its database no more."""
        self._drop(make_url((folder / ADDRESS).read_text()).database)

    def _drop(self, name: str) -> None:
        self._run(f'DROP DATABASE "{name}" WITH (FORCE)')
        self._made.discard(name)

    def _create(self, folder: Path, how: str = "") -> None:
        name = f"bihuan_test_{os.getpid()}_{next(self._numbers)}"
        self._run(f'CREATE DATABASE "{name}" {how}')
        self._made.add(name)
        (folder / ADDRESS).write_text(self._address(name))

    def _run(self, statement: str) -> None:
        with self._engine.connect() as conn:
            conn.execute(text(statement))

    def _address(self, name: str) -> str:
        return f"{self._server}/{name}"

    def close(self) -> None:
        for name in list(self._made):
            self._drop(name)
        self._engine.dispose()
