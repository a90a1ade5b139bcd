"""记住: which answers are given again, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from console.web import remembering
from console.web.remembering import AT_LEAST, MOST, SHARE, Memory


class Watch:
    """Time that passes only where a story says so."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


class Place:
    """Stands for a database."""


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch()
    monkeypatch.setattr(remembering, "time", made)
    return made


def asking(watch: Watch, seconds: float) -> Any:
    """A question that takes so long, and is answered with how often it was asked."""
    asked: list[int] = []

    def ask() -> int:
        watch.now += seconds
        asked.append(1)
        return len(asked)

    return ask


def test_a_quick_question_is_asked_anew_once_something_has_moved(watch: Watch) -> None:
    memory, place, ask = Memory[int](), Place(), asking(watch, 0.001)
    given = [memory.recall(place, "q", moved, ask) for moved in (1, 1, 2)]
    assert given == [1, 1, 2]


@pytest.mark.parametrize(("took", "kept"), [(0.1, AT_LEAST), (10.0, SHARE * 10.0)])
def test_a_slow_one_is_kept_for_a_minute_or_long_by_what_it_took(
    watch: Watch, took: float, kept: float
) -> None:
    memory, place, ask = Memory[int](), Place(), asking(watch, took)
    assert memory.recall(place, "q", 1, ask) == 1
    watch.now += kept - 1
    assert memory.recall(place, "q", 2, ask) == 1
    watch.now += 2
    assert memory.recall(place, "q", 3, ask) == 2


def test_so_many_are_kept_and_the_one_asked_longest_ago_goes(watch: Watch) -> None:
    memory, place, ask = Memory[int](), Place(), asking(watch, 0.001)
    for question in range(MOST + 1):
        memory.recall(place, question, 1, ask)
    assert memory.recall(place, MOST, 1, ask) == MOST + 1
    assert memory.recall(place, 0, 1, ask) == MOST + 2, "asked anew"
