"""Fixtures for stories that are told again and again, a fault further on each time."""

import tempfile
from pathlib import Path

import pytest
from city import City
from endings import QUARTER, end_of
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
