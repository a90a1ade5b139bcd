"""Copies of what is parked hold nobody up: sent together, and not offered for a minute where the
broker takes none.
"""

from collections.abc import Sequence

import brokers
import pytest

from workflow.bus import copies
from workflow.bus.broker import PARKED_FROM, Message
from workflow.bus.causes import TooLarge
from workflow.bus.copies import Copies, Poison
from workflow.errors import Away


class Topic:
    """The topic `parked`: takes all, or nothing while `away`, and nothing longer than `most`."""

    def __init__(self) -> None:
        self.asked: list[list[Message]] = []
        self.taken: list[Message] = []
        self.away, self.most = False, 1000

    def publish(self, messages: Sequence[Message]) -> None:
        self.asked.append(list(messages))
        if self.away:
            raise Away
        if any(len(message.value or b"") > self.most for message in messages):
            raise TooLarge
        self.taken += messages

    def close(self) -> None: ...


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> Topic:
    made = Topic()
    monkeypatch.setattr(copies, "Publisher", lambda _: made)
    return made


@pytest.fixture
def kept(topic: Topic) -> Copies:
    return Copies(brokers.fresh("nowhere:9092"))


def poison(number: int, value: bytes = b"{") -> Poison:
    return Message("ratings", 0, None, value, [], number), "不是 JSON"


def places(messages: Sequence[Message]) -> list[bytes | None]:
    return [dict(message.headers)[PARKED_FROM] for message in messages]


def test_those_of_one_poll_are_sent_together(kept: Copies, topic: Topic) -> None:
    kept.keep([poison(number) for number in range(1000)])
    assert len(topic.asked) == 1
    assert places(topic.taken)[-1] == b"ratings/0/999"


def test_what_is_too_large_is_sent_bare_and_the_others_whole(kept: Copies, topic: Topic) -> None:
    kept.keep([poison(1), poison(2, b"x" * 2000), poison(3)])
    assert places(topic.taken) == [b"ratings/0/1", b"ratings/0/2", b"ratings/0/3"]
    assert [message.value for message in topic.taken] == [b"{", b"", b"{"]


def test_where_none_is_taken_no_more_are_offered_for_a_minute(
    kept: Copies, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(copies.time, "monotonic", lambda: now)
    topic.away = True
    for number in range(50):
        kept.keep([poison(number)])
    assert len(topic.asked) == 1
    topic.away, now = False, 161.0
    kept.keep([poison(50)])
    assert places(topic.taken) == [b"ratings/0/50"]
