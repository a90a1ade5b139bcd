"""Fixtures for stories that are told again and again, a fault further on each time."""

import tempfile
from pathlib import Path

import pytest
from city import City
from endings import QUARTER, end_of, nothing_told_is_lost, writes_down
from reactions import make_room
from zygote import acknowledged


@pytest.fixture(scope="module")
def start(storage, in_memory):
    """A prepared folder with room for the effects; copied for each crash point."""
    folder = storage.copy(storage.new, Path(tempfile.mkdtemp(dir=in_memory)) / "data")
    city = City(folder)
    make_room(city.office.database)
    city.close()
    return folder


@pytest.fixture(scope="module")
def undisturbed(storage, start, zygote, in_memory):
    """The same story without a crash: how many commits it makes, and how it ends."""
    place = Path(tempfile.mkdtemp(dir=in_memory))
    folder = storage.copy(start, place / "data")
    given = {"folder": str(folder), "acks": str(place / "acks"), "counted": str(place / "n")}
    assert zygote.run(QUARTER, **given) == 0
    commits = acknowledged(place / "n")[0]["commits"]
    return commits, end_of(folder, acknowledged(place / "acks"))


@pytest.fixture
def told(city, tmp_path):
    """The file of what the city's doors answered. In the end all of it is there, and the books are
    right; what somebody else answered may be written beside it.
    """
    acks = tmp_path / "acks"
    writes_down(city, acks)
    yield acks
    nothing_told_is_lost(city, acknowledged(acks))
    assert city.damage() == []


@pytest.fixture
def effects_kept(effects_kept, told):
    """Beside the room for effects: whatever goes wrong, what was told is there in the end."""
