"""The statements of stories, compiled once a process: each story opens its database anew, and to
compile what the product says there would take longer than most of them do.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.util import LRUCache


class Shared(LRUCache[Any, Any]):
    """By what is said and to which kind of database, whosoever engine it is said through."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), value)


def share() -> None:
    """From now on by every engine of this process, and of those forked from it."""
    shared = Shared(5000)
    Engine._compiled_cache = property(lambda _: shared, lambda *_: None)
