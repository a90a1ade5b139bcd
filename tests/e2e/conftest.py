"""Fixtures for stories of whole processes."""

import shutil

import pytest
import sitting


@pytest.fixture(scope="session")
def second_scene(tmp_path_factory):
    """A folder with the demo's desk, to be copied."""
    made = tmp_path_factory.mktemp("demo")
    sitting.build(made)
    return made


@pytest.fixture(scope="module")
def demo_folder(second_scene, tmp_path_factory):
    """This module's own desk."""
    return shutil.copytree(second_scene, tmp_path_factory.mktemp("sitting") / "demo")


@pytest.fixture(scope="module")
def demo_desk(demo_folder):
    """The address of this module's own desk."""
    with sitting.sat_down_at(demo_folder) as address:
        yield address
