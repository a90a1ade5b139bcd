"""Which worker tells which stories, and when: those of a file stay together, for they share what
was made for them; but each office of the kills is any worker's. What takes longest begins first.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadFileScheduling

LONGEST = (
    "test_kills_over_kafka.py",
    "test_demo.py",
    "test_every_state.py",
    "test_every_page.py",
    "test_members.py",
    "test_kills.py",
    "test_compose.py",
    "test_tampering.py",
)
"""Begun late, any of them would run on alone."""

KILLS = ("test_kills_over_kafka.py", "test_kills.py")


class Turns(LoadFileScheduling):
    """By file, and by story where these share nothing."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return nodeid if file.endswith(KILLS) else file


def place_of(item: pytest.Item) -> int:
    """Smaller for what begins earlier."""
    name = item.path.name
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)
