"""One partition stands still beside flowing ones: the log says which, where, for how long, why."""

from types import SimpleNamespace

import pytest
from kafka import TopicPartition
from kafka.errors import KafkaTimeoutError

from workflow.bus.standing import BUSY, LOOKED, STILL, Standing

STUCK, FLOWING = TopicPartition("ratings", 2), TopicPartition("ratings", 3)


class Reading:
    """What the client knows; partition 3 flows, partition 2 as the story has it."""

    def __init__(self, at=40, end=40, stable=40, leader=1):
        self.stable, self.asked = stable, 0
        self._cluster = SimpleNamespace(
            leader_for_partition=lambda place: leader if place == STUCK else 1
        )
        self.states = {STUCK: state(at, end), FLOWING: state(0, 0)}
        self._subscription = SimpleNamespace(assignment=self.states)

    def end_offsets(self, places, timeout_ms):
        assert timeout_ms < 1000
        self.asked += 1
        if self.stable is None:
            raise KafkaTimeoutError
        return dict.fromkeys(places, self.stable)


def state(at, end):
    return SimpleNamespace(position=at and SimpleNamespace(offset=at), highwater=end)


@pytest.fixture
def told(caplog):
    """What the log says after so many seconds of reading."""
    standing, clock = Standing("ratings"), [1000.0]

    def after(reading, seconds):
        caplog.clear()
        for _ in range(int(seconds / LOOKED)):
            clock[0] += LOOKED
            reading.states[FLOWING] = state(int(clock[0]), int(clock[0]))
            standing.look(reading, clock[0], there=True)
        return [record.getMessage() for record in caplog.records]

    after.pauses = lambda seconds: clock.__setitem__(0, clock[0] + seconds)
    return after


@pytest.mark.guarantee("G9")
@pytest.mark.parametrize(
    ("reading", "why"),
    [
        (Reading(end=55, stable=55), "it has messages up to 55 that cannot be read"),
        (Reading(end=55), "its end is 55; an open transaction of another producer?"),
    ],
)
def test_a_partition_that_stands_still_is_told_once_a_minute_and_when_it_goes_on(
    told, reading, why
):
    assert told(reading, STILL) == []
    stood = f"ratings: partition 2 has stood still at offset 40 for %d s: {why}"
    assert told(reading, STILL) == [stood % STILL]
    assert told(reading, STILL) == [stood % (2 * STILL)]
    reading.states[STUCK] = state(41, 55)
    assert told(reading, LOOKED) == ["ratings: partition 2 goes on"]


@pytest.mark.guarantee("G9")
@pytest.mark.parametrize(
    ("reading", "why"),
    [
        (Reading(leader=-1), "it has no leader"),
        (Reading(stable=None), "its leader does not answer (KafkaTimeoutError)"),
    ],
)
def test_one_without_a_leader_is_told_once_it_is_asked_a_second_time(told, reading, why):
    assert told(reading, STILL + LOOKED) == []
    stood = f"ratings: partition 2 has stood still at offset 40 for %d s: {why}"
    assert told(reading, LOOKED) == [stood % (STILL + LOOKED)]
    assert told(reading, STILL) == [stood % (2 * STILL + LOOKED)]
    reading.states[STUCK] = state(41, 55)
    assert told(reading, LOOKED) == ["ratings: partition 2 goes on"]


def test_one_at_its_end_whose_broker_has_just_restarted_is_not_told(told):
    for restarting in Reading(stable=None), Reading(leader=-1):
        told(Reading(), STILL)
        assert told(restarting, LOOKED) == []
        assert told(Reading(), 2 * STILL) == []


def test_one_that_is_at_its_end_is_not_told(told):
    assert told(Reading(), 10 * STILL) == []


def test_who_did_not_read_for_a_while_takes_nothing_for_stuck(told):
    reading = Reading(end=55)
    told(reading, STILL)
    told.pauses(BUSY + 1)
    assert told(reading, STILL) == []
    assert reading.asked == 0


def test_one_that_went_to_another_member_is_his(told):
    reading = Reading(end=55)
    told(reading, 2 * STILL)
    del reading.states[STUCK]
    assert told(reading, 2 * STILL) == []
