"""记住: which answers are given again, and for how long."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from console.web import remembering
from console.web.remembering import AT_LEAST, MOST, SHARE, Memory
from workflow.errors import Transient


class Watch:
    """Time that passes only where a story says so."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


CONN: Any = None
"""Stands for a connection."""


class Job:
    """Stands for a thread, which runs when the story says so."""

    def __init__(self, target: Any = None, args: Any = (), **_: Any) -> None:
        self.run = lambda: target(*args)

    def start(self) -> None:
        pass


class Place:
    """Stands for a database."""

    def read(self) -> AbstractContextManager[Any]:
        return nullcontext()


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch()
    monkeypatch.setattr(remembering, "time", made)
    return made


def asking(watch: Watch, seconds: float) -> Any:
    """A question that takes so long, and is answered with how often it was asked."""
    asked: list[int] = []

    def ask(conn: Any) -> int:
        watch.now += seconds
        asked.append(1)
        return len(asked)

    return ask


def test_a_quick_question_is_asked_anew_once_something_has_moved(watch: Watch) -> None:
    memory, place, ask = Memory[int](), Place(), asking(watch, 0.001)
    given = [memory.recall(place, CONN, "q", moved, ask) for moved in (1, 1, 2)]
    assert given == [1, 1, 2]


@pytest.mark.parametrize(("took", "kept"), [(0.1, AT_LEAST), (10.0, SHARE * 10.0)])
def test_a_slow_one_is_kept_for_a_minute_or_long_by_what_it_took(
    watch: Watch, took: float, kept: float
) -> None:
    memory, place, ask = Memory[int](), Place(), asking(watch, took)
    assert memory.recall(place, CONN, "q", 1, ask) == 1
    watch.now += kept - 1
    assert memory.recall(place, CONN, "q", 2, ask) == 1
    watch.now += 2
    assert memory.recall(place, CONN, "q", 3, ask) == 2


def test_so_many_are_kept_and_the_one_asked_longest_ago_goes(watch: Watch) -> None:
    memory, place, ask = Memory[int](), Place(), asking(watch, 0.001)
    for question in range(MOST + 1):
        memory.recall(place, CONN, question, 1, ask)
    assert memory.recall(place, CONN, MOST, 1, ask) == MOST + 1
    assert memory.recall(place, CONN, 0, 1, ask) == MOST + 2, "asked anew"


def test_in_a_server_nobody_waits_for_what_is_asked_anew_unless_it_is_too_old(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembering, "serving", lambda: True)
    jobs: list[Any] = []
    monkeypatch.setattr(remembering.threading, "Thread", lambda **job: jobs.append(job) or Job())
    memory, place, ask = Memory[int](), Place(), asking(watch, 0.1)
    assert memory.recall(place, CONN, "q", 1, ask) == 1
    watch.now += AT_LEAST + 1
    assert [memory.recall(place, CONN, "q", 2, ask) for _ in "ab"] == [1, 1]
    (job,) = jobs
    job["target"](*job["args"])
    assert memory.recall(place, CONN, "q", 3, ask) == 2, "answered beside"
    watch.now += 2 * AT_LEAST + 1
    assert memory.recall(place, CONN, "q", 4, ask) == 3, "too old to be given"
    assert len(jobs) == 1


def test_what_failed_beside_is_asked_by_the_next_one(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembering, "serving", lambda: True)
    monkeypatch.setattr(Job, "start", lambda job: job.run())
    monkeypatch.setattr(remembering.threading, "Thread", Job)
    memory, place, ask = Memory[int](), Place(), asking(watch, 0.1)
    assert memory.recall(place, CONN, "q", 1, ask) == 1

    def fails(conn: Any) -> int:
        raise Transient("away")

    watch.now += AT_LEAST + 1
    assert memory.recall(place, CONN, "q", 2, fails) == 1
    assert memory.recall(place, CONN, "q", 2, ask) == 1
    assert memory.recall(place, CONN, "q", 2, fails) == 2
