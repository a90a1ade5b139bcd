"""Fixtures for stories: a prepared database is made once a worker and copied for each test."""

import shutil
import tempfile
from pathlib import Path

import pytest
from city import City
from reactions import make_room
from zygote import Zygote


@pytest.fixture(scope="session")
def new_office(tmp_path_factory):
    """A folder with a prepared, empty database; to be copied, never opened."""
    folder = tmp_path_factory.mktemp("new") / "data"
    City(folder).close()
    return folder


@pytest.fixture
def folder(new_office, tmp_path):
    """This test's own data folder."""
    return shutil.copytree(new_office, tmp_path / "data")


@pytest.fixture
def city(folder):
    """A city at 10:00 on 2021-09-16, with nothing in it yet."""
    made = City(folder)
    yield made
    made.close()


@pytest.fixture
def office(city):
    """The city's office."""
    return city.office


@pytest.fixture
def effects_kept(office):
    """Room for what the small consumers of stories leave behind."""
    make_room(office.database)


@pytest.fixture(scope="session")
def zygote(tmp_path_factory):
    """Starts children that may be killed; what they write to stderr is shown when a test fails."""
    errors = tmp_path_factory.mktemp("children") / "stderr"
    made = Zygote(errors)
    yield made
    made.close()


@pytest.fixture(scope="session")
def in_memory():
    """A folder in memory where there is one: SIGKILL loses nothing there, fsync costs nothing."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)
