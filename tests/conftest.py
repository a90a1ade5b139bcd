"""Fixtures for stories: a prepared database is made once a worker and copied for each test."""

import shutil

import pytest
from city import City


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
