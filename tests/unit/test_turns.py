"""Which worker tells which stories: those of a file stay together, the kills' do not."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from turns import KILLS, LONGEST, Turns, place_of

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("story", "told_with"),
    [
        ("tests/unit/test_turns.py::test_this", "tests/unit/test_turns.py"),
        ("tests/e2e/test_demo.py::test_that[a::b]", "tests/e2e/test_demo.py"),
        ("tests/faults/test_kills.py::test_whoever[sqlite-1]", None),
        ("tests/faults/test_kills_over_kafka.py::test_whoever[postgresql-3]", None),
    ],
)
def test_each_office_of_the_kills_is_any_workers_and_other_stories_stay_together(story, told_with):
    assert Turns._split_scope(Turns.__new__(Turns), story) == (told_with or story)


def test_what_takes_longest_begins_first_and_is_there():
    places = [place_of(SimpleNamespace(path=Path(name))) for name in (*LONGEST, "test_other.py")]
    assert places == sorted(set(places))
    assert {*LONGEST, *KILLS} <= {path.name for path in TESTS.glob("*/test_*.py")}
