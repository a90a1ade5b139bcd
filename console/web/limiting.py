"""限流: how often somebody may ask: buckets of tokens in memory, each process its own."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from workflow.errors import BihuanError

MOST = 10_000
"""Askers remembered; beyond these the one that has been quiet longest is forgotten."""


class TooOften(BihuanError):
    """请求太频繁，请稍等再试。"""

    def __init__(self, seconds: int) -> None:
        self.retry_after = seconds
        super().__init__(f"请求太频繁，请 {seconds} 秒后再试")


class Buckets:
    """Each asker may ask `burst` times at once and `rate` times a second for ever."""

    def __init__(
        self, burst: int, rate: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.burst, self.rate = burst, rate
        self._clock, self._lock = clock, threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, asker: str) -> None:
        """One of the asker's tokens. Raises TooOften, with the seconds until there is one."""
        with self._lock:
            left, now = self._now(asker)
            self._left[asker] = (left - 1 if left >= 1 else left, now)
            self._left.move_to_end(asker)
            if len(self._left) > MOST:
                self._left.popitem(last=False)
        self._refuse(left)

    def ask(self, asker: str) -> None:
        """Takes none. Raises TooOften, as taking one would."""
        with self._lock:
            left, _ = self._now(asker)
        self._refuse(left)

    def _now(self, asker: str) -> tuple[float, float]:
        now = self._clock()
        left, at = self._left.get(asker, (float(self.burst), now))
        return min(self.burst, left + (now - at) * self.rate), now

    def _refuse(self, left: float) -> None:
        if left < 1:
            raise TooOften(math.ceil((1 - left) / self.rate))

    def give(self, asker: str) -> None:
        """One token back: what was asked does not count."""
        with self._lock:
            if asker in self._left:
                left, at = self._left[asker]
                self._left[asker] = (min(float(self.burst), left + 1), at)


MOST_STREAMS = 4
"""Streams that one asker may have open at once, unless said otherwise."""

BUSY_SECONDS = 30


class Streams:
    """Counts the streams each asker has open."""

    def __init__(self, most: int = MOST_STREAMS) -> None:
        self.most = most
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def one_more(self, asker: str) -> Iterator[None]:
        """Raises TooOften."""
        with self._lock:
            if self._open[asker] >= self.most:
                raise TooOften(BUSY_SECONDS)
            self._open[asker] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[asker] -= 1
                if not self._open[asker]:
                    del self._open[asker]
