"""A reading that brings nothing: one that has read all is left alone, a stuck one is built anew."""

import time
from contextlib import closing
from types import SimpleNamespace

import brokers
import pytest
from kafka import TopicPartition
from kafka.structs import MemberState

from workflow.bus.kafka import Subscription


class Silent:
    """A client that reads nothing; the topic ends at 5. At None: it never becomes a member."""

    def __init__(self, at, topic):
        self._at, self._place = at, TopicPartition(topic, 0)
        self._cluster = SimpleNamespace(
            unauthorized_topics=set(), topic_id=lambda _: None, _last_successful_refresh_ms=0
        )
        self._subscription = SimpleNamespace(assignment={})
        self.closed = False

    def poll(self, **_):
        return {}

    def assignment(self):
        return set() if self._at is None else {self._place}

    def group_metadata(self):
        state = MemberState.UNJOINED if self._at is None else MemberState.STABLE
        return SimpleNamespace(state=state, member_id="m", generation_id=1)

    def end_offsets(self, places, **_):
        return dict.fromkeys(places, 5)

    def position(self, _place, **_):
        return self._at

    def commit(self, *_, **__):
        pass

    def close(self, **_):
        self.closed = True


@pytest.fixture
def reads(monkeypatch):
    """Polls, for longer than silence is borne, by clients that stand at this offset; answers the
    clients that were built.
    """
    monkeypatch.setattr("workflow.bus.kafka.SILENT", 0.05)
    monkeypatch.setattr("workflow.bus.kafka.ASKED", 0.0)

    def read(at):
        built = []

        def build(topic, **_):
            built.append(Silent(at, topic))
            return built[-1]

        monkeypatch.setattr("workflow.bus.kafka.KafkaConsumer", build)
        with closing(Subscription(brokers.fresh("nowhere:9092"), "ratings", "g")) as reading:
            for _ in range(3):
                assert reading.poll(0.0, 1000) == []
                time.sleep(0.1)
            assert reading.reached
        return built

    return read


@pytest.mark.guarantee("G9")
def test_a_client_that_is_silent_though_there_is_more_is_built_anew(reads, caplog):
    stuck, *others = reads(at=3)
    assert stuck.closed
    assert others
    assert "ratings is silent; the consumer is built anew" in caplog.text


@pytest.mark.guarantee("G9")
def test_a_client_that_has_read_all_is_kept_however_long_it_is_silent(reads, caplog):
    assert len(reads(at=5)) == 1
    assert "silent" not in caplog.text


@pytest.mark.guarantee("G9")
def test_a_client_that_never_becomes_a_member_is_built_anew(reads):
    without, *others = reads(at=None)
    assert without.closed
    assert others
