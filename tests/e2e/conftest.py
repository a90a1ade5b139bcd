"""Fixtures for stories of whole processes."""

import shutil

import pytest
import served

from console.demo.build import DESK, build_desk
from console.demo.cli import SEED


@pytest.fixture(scope="session")
def second_scene(tmp_path_factory):
    """A folder with the demo's desk as it stands on Friday 2021-10-22 at 09:00, to be copied."""
    made = tmp_path_factory.mktemp("demo")
    build_desk(made / DESK, SEED, lambda _progress: None)
    return made


@pytest.fixture(scope="module")
def demo_desk(second_scene, tmp_path_factory):
    """The address of the demo's desk, this module's own."""
    folder = shutil.copytree(second_scene, tmp_path_factory.mktemp("sitting") / "demo")
    with served.process(folder, "demo", "--desk") as address:
        yield address
