"""Which worker tells which stories, and when: those of a file stay together, for they share what
was made for them. What takes longest begins first.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadFileScheduling

CROWDED = (
    "test_kills_over_kafka.py",
    "test_kills.py",
    "test_members.py",
    "test_compose.py",
)
"""Of which each starts a dozen processes: one worker tells them all, one after another."""

LONGEST = (
    *CROWDED,
    "test_demo.py",
    "test_every_state.py",
    "test_every_page.py",
    "test_tampering.py",
)
"""Begun late, any of them would run on alone."""


class Turns(LoadFileScheduling):
    """By file, but for those that would crowd the host."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return "crowded" if file.endswith(CROWDED) else file


def place_of(item: pytest.Item) -> int:
    """Smaller for what begins earlier."""
    name = item.path.name
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)
