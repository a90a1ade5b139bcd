"""What could not be done is left alone for a while, so that others need not wait behind it."""

from __future__ import annotations

import time
from collections.abc import Hashable, Set

RESTS = 600.0
"""Seconds until it is tried again."""


class Aside:
    """Known to this process alone: whoever starts anew tries everything at once."""

    def __init__(self) -> None:
        self._since: dict[Hashable, float] = {}

    def put(self, key: Hashable) -> None:
        self._since[key] = time.monotonic()

    def resting(self) -> Set[Hashable]:
        """Those that are not to be tried now."""
        before = time.monotonic() - RESTS
        self._since = {key: since for key, since in self._since.items() if since > before}
        return self._since.keys()
