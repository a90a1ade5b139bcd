"""Which stories begin first: what takes longest is begun early, and files stay together."""

from __future__ import annotations

import pytest

LONGEST = (
    "test_kills_over_kafka.py",
    "test_demo.py",
    "test_every_state.py",
    "test_every_page.py",
    "test_kills.py",
    "test_members.py",
    "test_compose.py",
    "test_tampering.py",
)
"""Begun late, any of them would run on alone; two that start a dozen processes are not begun at the
same time.
"""


def place_of(item: pytest.Item) -> int:
    """Smaller for what begins earlier."""
    name = item.path.name
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)
