"""The broker killed, a batch half sent, two relays, an unclean end: nothing lost or doubled."""

import gc
import threading
import time
from contextlib import contextmanager

import brokers
import pytest
from reactions import Counting, effects
from sqlalchemy import select

from producers.topic import KILLED, Collecting
from workflow.bus.broker import Message
from workflow.bus.duty import Duty
from workflow.bus.kafka import Publisher, create_topics
from workflow.bus.relay import Relay
from workflow.bus.runner import TRIES
from workflow.bus.topic import TopicBus
from workflow.errors import Away
from workflow.storage import messages
from workflow.storage.models import events, lanes, progress

ON = ("postgresql",)
"""Where there is a broker there is a server."""

pytestmark = [
    pytest.mark.usefixtures("effects_kept", "sockets_left"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def sockets_left():
    """kafka-python leaves the sockets of connections that failed to the garbage collector, whose
    warnings are not to hit another test.
    """
    yield
    gc.collect()


def stands(city, name):
    with city.office.database.read() as conn:
        query = select(progress.c.lane, progress.c.pos).where(progress.c.consumer == name)
        return {lane: pos for lane, pos in conn.execute(query) if pos}


def heads(city):
    with city.office.database.read() as conn:
        return {lane: pos for lane, pos in conn.execute(select(lanes.c.lane, lanes.c.pos)) if pos}


def waits_for(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def all_once(city, consumer):
    with city.office.database.read() as conn:
        query = select(events.c.subject, events.c.version).where(events.c.subject.like("CP%"))
        logged = sorted(map(tuple, conn.execute(query)))
        assert sorted(effects(conn, consumer.name)) == logged


def relay_of(city, broker, publisher=None):
    relay = Relay(city.ledger, publisher or Publisher(broker), broker.partitions)
    return relay, Duty(city.office.database, relay.name, relay.turns, 0.1)


@contextmanager
def running(*jobs):
    threads = [threading.Thread(target=job.run) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        started = time.monotonic()
        for job in jobs:
            job.stop()
        for thread in threads:
            thread.join(20)
        assert time.monotonic() - started < 10
        assert not any(thread.is_alive() for thread in threads)


class HalfSent:
    """Every other batch is sent in part, and then the broker is away."""

    def __init__(self, broker):
        self._real, self._turn = Publisher(broker), 0

    def publish(self, batch):
        self._turn += 1
        if self._turn % 2:
            self._real.publish([*batch[::3], *batch[:2]])
            raise Away
        self._real.publish(batch)

    def close(self):
        self._real.close()


@pytest.mark.guarantee("G2")
def test_a_batch_half_sent_out_of_order_is_sent_again_and_done_once(city, broker):
    for _ in range(20):
        city.hotline.receives(city.portal.bad_review())
    _, duty = relay_of(city, broker, HalfSent(broker))
    counting = Counting()
    bus = TopicBus(city.ledger, [counting], broker)
    with running(duty, bus):
        waits_for(lambda: stands(city, "counting") == heads(city))
        city.hotline.receives(city.portal.bad_review())
        waits_for(lambda: stands(city, "counting") == stands(city, "relay") == heads(city))
    all_once(city, counting)


@pytest.mark.guarantee("G2")
def test_of_two_relays_one_stands_by_and_takes_over(city, broker):
    (_, first), (_, second) = relay_of(city, broker), relay_of(city, broker)
    counting = Counting()
    bus = TopicBus(city.ledger, [counting], broker)
    with running(bus, second):
        waits_for(lambda: second.pulse.doing == "working")
        with running(first):
            waits_for(lambda: first.pulse.doing == "standing by")
            second.stop()
            waits_for(lambda: first.pulse.doing == "working")
            city.portal.bad_review()
            waits_for(lambda: stands(city, "counting") == heads(city))
    all_once(city, counting)


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.parametrize("how", ["kill", "stop", "pause"])
def test_with_the_broker_away_people_work_on_and_all_is_caught_up_when_it_is_back(city, how):
    with brokers.own() as (servers, container):
        broker = brokers.fresh(servers)
        create_topics(broker)
        _, duty = relay_of(city, broker)
        counting = Counting()
        bus = TopicBus(city.ledger, [counting], broker)
        with running(duty, bus):
            city.portal.bad_review()
            waits_for(lambda: stands(city, "counting") == heads(city))
            with brokers.away(container, how):
                for _ in range(30):
                    city.hotline.receives(city.portal.bad_review())
                time.sleep(3)
            waits_for(lambda: stands(city, "counting") == heads(city))
        all_once(city, counting)
        assert city.damage() == []


def polls(collecting):
    """Until a message has come."""
    while not collecting.once(0.5):
        pass


@pytest.mark.guarantee("G6")
def test_a_message_that_killed_its_process_is_parked_after_counted_tries(city, broker):
    publisher = Publisher(broker)
    publisher.publish([Message("ratings", 0, b"", b'{"kills": 1}', [("source", b"bihuan")])])
    publisher.close()
    for _ in range(TRIES):
        died = Collecting(city.ledger, city.office.desk, broker)
        died._singly = {}
        died._together = lambda received: received[0][99]
        with pytest.raises(IndexError):
            polls(died)
        died.close()
    last = Collecting(city.ledger, city.office.desk, broker)
    last._singly = {}
    polls(last)
    last.close()
    with city.office.database.read() as conn:
        (row,) = messages.listed(conn)
    assert (row.error, row.tries) == (KILLED, TRIES + 2)
