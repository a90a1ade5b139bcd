"""Which worker tells which stories, and which begin first."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from turns import LONGEST, Turns, place_of

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("story", "told_with"),
    [
        ("tests/unit/test_turns.py::test_this", "tests/unit/test_turns.py"),
        ("tests/e2e/test_demo.py::test_that[a::b]", "tests/e2e/test_demo.py"),
        ("tests/faults/test_kills.py::test_whoever[sqlite-1]", "crowded"),
        ("tests/e2e/test_compose.py::test_the_whole", "crowded"),
    ],
)
def test_what_would_crowd_the_host_is_one_workers_and_files_stay_together(story, told_with):
    assert Turns._split_scope(Turns.__new__(Turns), story) == told_with


def test_what_takes_longest_begins_first_and_is_there():
    places = [place_of(SimpleNamespace(path=Path(name))) for name in (*LONGEST, "test_other.py")]
    assert places == sorted(set(places))
    assert set(LONGEST) <= {path.name for path in TESTS.glob("*/test_*.py")}
