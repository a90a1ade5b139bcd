"""Which stories begin first."""

from pathlib import Path
from types import SimpleNamespace

from turns import LONGEST, place_of

TESTS = Path(__file__).parents[1]


def test_what_takes_longest_begins_first_and_is_there():
    places = [place_of(SimpleNamespace(path=Path(name))) for name in (*LONGEST, "test_other.py")]
    assert places == sorted(set(places))
    assert set(LONGEST) <= {path.name for path in TESTS.glob("*/test_*.py")}
