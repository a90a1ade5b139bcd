"""登录：how often an address has failed to sign in lately, so that nobody tries many accounts."""

from __future__ import annotations

import threading
from collections import OrderedDict

MOST = 30
WITHIN = 10 * 60_000_000
ADDRESSES = 10_000


class Tries:
    """Failures by address, of this process alone. A whole office may sit behind one address:
    only failures count, and thirty within ten minutes are one person's too many.
    """

    def __init__(self) -> None:
        self._failures: OrderedDict[str, list[int]] = OrderedDict()
        self._lock = threading.Lock()

    def too_many(self, address: str, now: int) -> bool:
        """Whether this address has to wait; `now` in microseconds UTC."""
        with self._lock:
            return len(self._recent(address, now)) >= MOST

    def failed(self, address: str, now: int) -> None:
        """Counts one failure; the addresses heard of longest ago are forgotten."""
        with self._lock:
            self._failures[address] = [*self._recent(address, now), now]
            self._failures.move_to_end(address)
            while len(self._failures) > ADDRESSES:
                self._failures.popitem(last=False)

    def _recent(self, address: str, now: int) -> list[int]:
        return [at for at in self._failures.get(address, ()) if now - at < WITHIN]
