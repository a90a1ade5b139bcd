"""A batch half sent, two relays, what cannot be handled: nothing lost or doubled."""

import gc
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from random import randbytes

import brokers
import pytest
from brokers import NoText
from city import rating
from cluster import each_once_and_in_order
from kafka import KafkaProducer
from reactions import Counting, Failing, effects
from sqlalchemy import select
from zygote import acknowledge

from producers.topic import Collecting
from workflow.bus.broker import TOPICS, Message
from workflow.bus.cloudevents import headers_of, row_from
from workflow.bus.duty import Duty
from workflow.bus.kafka import Publisher, Subscription
from workflow.bus.kafka.topics import check_topics, create_topics, delete_topics
from workflow.bus.progress import behind
from workflow.bus.relay import Relay
from workflow.bus.topic import TopicBus
from workflow.errors import Away
from workflow.storage.log import lane_of
from workflow.storage.messages import opened
from workflow.storage.models import events, lanes, messages, parked, progress, ratings

MEGABYTE = 1 << 20
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


def copied(broker, count):
    """What the topic `parked` has been brought, once that is so many."""
    with closing(Subscription(broker, "parked", "looking")) as reading:
        copies = []
        waits_for(lambda: copies.extend(reading.poll(0.5, 1000)) or len(copies) >= count)
    assert len(copies) == count
    return copies


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


def relayed(city, broker, count, publisher=None):
    """So many reviews received, and all their events sent."""
    for _ in range(count):
        city.hotline.receives(city.portal.bad_review())
    with running(relay_of(city, broker, publisher)[1]):
        waits_for(lambda: stands(city, "relay") == heads(city))


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

    def ask(self):
        self._real.ask()

    def close(self):
        self._real.close()


class Gone(HalfSent):
    """A broker that is away until told otherwise."""

    gone = True

    def ask(self):
        if self.gone:
            raise Away


@pytest.mark.guarantee("G9")
def test_a_relay_with_nothing_to_send_is_not_ready_while_the_broker_is_away(city, broker):
    publisher = Gone(broker)
    relayed(city, broker, 0)
    _, duty = relay_of(city, broker, publisher)
    with running(duty):
        waits_for(lambda: duty.pulse.doing == "waiting")
        assert not duty.pulse.ready
        publisher.gone = False
        waits_for(lambda: duty.pulse.ready)


@pytest.mark.guarantee("G9")
@pytest.mark.parametrize("what", ["consumers", "collecting"])
def test_who_has_nothing_to_do_is_not_ready_while_the_database_is_away(
    city, broker, monkeypatch, what
):
    create_topics(broker)
    monkeypatch.setattr("workflow.bus.lease.SECONDS", 0.6)
    if what == "consumers":
        job = TopicBus(city.ledger, [Counting()], broker)
        (pulse,) = job.pulses
    else:
        job = Collecting(city.ledger, city.office.desk, broker)
        pulse = job.pulse
    with running(job):
        waits_for(lambda: pulse.ready)
        with monkeypatch.context() as away:
            away.setattr("workflow.bus.lease.Lease.renew", _away)
            waits_for(lambda: pulse.doing == "waiting")
            assert not pulse.ready
        waits_for(lambda: pulse.ready)


def _away(_lease):
    raise Away


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


@pytest.mark.guarantee("G6")
def test_a_foreign_message_with_a_header_whose_name_is_no_text_stops_no_consumer(city, broker):
    create_topics(broker)
    with closing(Publisher(broker)) as publisher:
        headers = [(NoText("?"), b"x")]
        publisher.publish([Message("complaints", n, b"k", b"{}", headers) for n in range(4)])
    _, duty = relay_of(city, broker)
    counting = Counting()
    with running(duty, TopicBus(city.ledger, [counting], broker)):
        city.hotline.receives(city.portal.bad_review())
        waits_for(lambda: stands(city, "counting") == heads(city))
    all_once(city, counting)
    copies = copied(broker, 4)
    assert {copy.value for copy in copies} == {b"{}"}
    assert all(dict(copy.headers)["\\xff\\xfe"] == b"x" for copy in copies)


@pytest.mark.guarantee("G6")
def test_foreign_events_whose_time_has_no_zone_or_whose_limits_are_none_stop_no_consumer(
    city, broker
):
    relayed(city, broker, 1)
    sent = message_of(city)
    said = dict(sent.headers)
    no_zone = sent._replace(headers=[*(said | {"ce_time": b"2026-11-16T09:30:00"}).items()])
    beyond = {"ce_position": b"1000000", "ce_limits": b'{"opened": []}'}
    no_limits = sent._replace(headers=[*(said | beyond).items()])
    with closing(Publisher(broker)) as publisher:
        publisher.publish([one._replace(partition=n) for n in range(4) for one in (no_zone, sent)])
        publisher.publish([no_limits._replace(partition=n) for n in range(4)])
    counting = Counting()
    with running(relay_of(city, broker)[1], TopicBus(city.ledger, [counting], broker)):
        city.hotline.receives(city.portal.bad_review())
        waits_for(lambda: stands(city, "counting") == heads(city))
    all_once(city, counting)
    copies = copied(broker, 4)
    assert all(b"TypeError" in dict(copy.headers)["parked-error"] for copy in copies)


def message_of(city):
    """The log's first event of a complaint, as the relay sends it."""
    with city.office.database.read() as conn:
        row = conn.execute(select(events).where(events.c.subject.like("CP%"))).first()
    return Message("complaints", -1, row.subject.encode(), row.data.encode(), headers_of(row))


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G9")
def test_what_a_lost_topic_had_brought_is_read_from_the_log_though_nothing_more_comes(city, broker):
    relayed(city, broker, 10)
    delete_topics(broker)
    waits_for(lambda: made_again(broker))
    counting = Counting()
    with running(TopicBus(city.ledger, [counting], broker)):
        waits_for(lambda: stands(city, "counting") == heads(city))
    all_once(city, counting)


@pytest.mark.guarantee("G1")
def test_all_ratings_sent_to_a_topic_made_anew_are_taken_in_after_a_restart_too(city, broker, told):
    def sends(partition, *projects):
        rows = [rating(project, 5).model_dump_json(exclude={"source"}) for project in projects]
        source = [("source", b"bihuan")]
        with closing(Publisher(broker)) as publisher:
            publisher.publish(
                [Message("ratings", partition, None, row.encode(), source) for row in rows]
            )
        for project in projects:
            acknowledge(told, kind="Rating", project=project)

    sends(1, "A", "B", "C", "D", "E")
    sends(0, "F", "G", "H")
    with running(Collecting(city.ledger, city.office.desk, broker)):
        waits_for(lambda: len(rows_in(city, ratings)) == 8)
        delete_topics(broker)
        waits_for(lambda: made_again(broker))
        sends(0, "I")
        waits_for(lambda: len(rows_in(city, ratings)) == 9)
    sends(1, "J", "K", "L", "M", "N", "O", "P", "Q")
    with running(Collecting(city.ledger, city.office.desk, broker)):
        waits_for(lambda: len(rows_in(city, ratings)) == 17)


def made_again(broker):
    """The broker takes a moment to forget the old ones."""
    with suppress(Away):
        return create_topics(broker) == [*TOPICS]


class Backwards(HalfSent):
    """Each batch is sent from its end, and then once more."""

    def publish(self, batch):
        for message in [*reversed(batch)] * 2:
            self._real.publish([message])


@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G4")
def test_events_that_come_twice_and_backwards_are_handled_once_and_in_order(city, broker):
    relayed(city, broker, 6, Backwards(broker))
    logged = sum(heads(city).values())
    consumers = [*city.office.consumers(), Counting()]
    _, duty = relay_of(city, broker, Backwards(broker))
    with running(duty, TopicBus(city.ledger, consumers, broker)):
        waits_for(lambda: drained(city, consumers))
        city.hotline.receives(city.portal.bad_review())
        waits_for(lambda: drained(city, consumers))
    came = came_in_this_order(broker)
    assert len(came) > 2 * logged
    assert any(a > b for a, b in pairwise(came) if a[0] == b[0]), "nothing came backwards"
    with city.office.database.read() as conn:
        each_once_and_in_order(conn, "counting")
        wrong = select(parked).where(parked.c.status != "overtaken")
        assert conn.execute(wrong).all() == []


def drained(city, consumers):
    with city.office.database.read() as conn:
        joined = set(conn.execute(select(progress.c.consumer)).scalars())
        return {consumer.name for consumer in consumers} <= joined and not behind(conn)


def came_in_this_order(broker):
    """Lane and position of what stands on the topic."""
    found = []
    with closing(Subscription(broker, "complaints", "looking")) as reading:
        while (more := reading.poll(1.0, 1000)) or not found:
            found += more
    rows = [row_from(message.value, message.headers) for message in found]
    return [(row.lane, row.pos) for row in rows]


class Withheld(HalfSent):
    """Of partition 0 nothing arrives, though the broker says so."""

    def publish(self, batch):
        self._real.publish([message for message in batch if message.partition])


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G9")
def test_what_one_partition_keeps_back_is_read_from_the_log_while_the_others_flow(
    city, broker, monkeypatch
):
    create_topics(broker)
    monkeypatch.setattr("workflow.bus.arrivals.LATE", 0.5)
    _, duty = relay_of(city, broker, Withheld(broker))
    counting = Counting()
    first = [city.portal.bad_review() for _ in range(10)]
    kept_back = {lane for lane in map(lane_of, first) if lane % broker.partitions == 0}
    with running(duty, TopicBus(city.ledger, [counting], broker)):
        waits_for(lambda: city.portal.bad_review() and kept_back <= stands(city, "counting").keys())
        waits_for(lambda: stands(city, "counting") == heads(city))
    assert kept_back
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


@pytest.mark.guarantee("G6")
def test_what_is_too_large_to_be_copied_stops_nothing_and_is_told_without_what_it_holds(
    city, broker, told
):
    """A client may send a megabyte, and pack more: the copy has two headers more, unpacked."""
    large = [randbytes(900 << 10), randbytes(MEGABYTE - 120), bytes(3 * MEGABYTE)]
    taken = rating("A", 5).model_dump_json(exclude={"source"}).encode()
    for value, packed in zip((*large, taken), (None, None, "gzip", None), strict=True):
        known = {"bootstrap_servers": broker.servers, "compression_type": packed}
        with closing(KafkaProducer(**known, max_request_size=1 << 24)) as sender:
            source = [("source", b"bihuan")]
            sender.send(broker.topic("ratings"), value, headers=source, partition=0).get(60)
    acknowledge(told, kind="Rating", project="A")
    with running(Collecting(city.ledger, city.office.desk, broker)):
        waits_for(lambda: rows_in(city, ratings))
        waits_for(lambda: len(rows_in(city, messages)) == len(large))
    copies = copied(broker, len(large))
    found = {dict(copy.headers)["parked-from"].rpartition(b"/")[2]: copy for copy in copies}
    assert [found[place].value for place in (b"0", b"1", b"2")] == [large[0], b"", b""]
    assert {name for name, _ in found[b"1"].headers} == {"parked-from", "parked-error"}
    kept = [opened(city.ledger.vault, row).value for row in rows_in(city, messages)]
    assert sorted(kept, key=len) == large, "the database has them whole"


def rows_in(city, table):
    with city.office.database.read() as conn:
        return conn.execute(select(table)).all()


@pytest.mark.guarantee("G6")
def test_a_record_that_is_parked_is_copied_to_the_topic_as_it_is_with_its_error(city, broker):
    poison = city.portal.bad_review()
    city.hotline.receives(poison)
    _, duty = relay_of(city, broker)
    failing = Failing(lambda r: ValueError("坏") if r.version == 2 else None)
    bus = TopicBus(city.ledger, [failing], broker)
    with running(duty, bus):
        waits_for(lambda: stands(city, "failing") == heads(city))
        copies = copied(broker, 1)
    with city.office.database.read() as conn:
        row = conn.execute(select(parked).where(parked.c.status == "parked")).one()
    said = dict(copies[0].headers)
    assert said["parked-from"].decode() == f"failing/{row.lane}/{row.pos}"
    assert said["parked-error"].decode() == row.error == "ValueError: 坏"
    event = row_from(copies[0].value, copies[0].headers)
    assert (event.subject, event.version, event.type) == (poison, 2, "ComplaintAnalysed")
    assert len(copies) == 1, "what is held behind it is not"


@pytest.fixture
def unmade(kafka):
    """A broker that makes topics by itself, and has none of these yet."""
    made = brokers.fresh(kafka)
    yield made
    delete_topics(made)


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G10")
def test_whoever_finds_no_topic_says_so_makes_none_and_goes_on_once_it_is_there(
    city, unmade, told, caplog
):
    city.hotline.receives(city.portal.bad_review())
    counting = Counting()
    bus = TopicBus(city.ledger, [counting], unmade)
    collecting, duty = Collecting(city.ledger, city.office.desk, unmade), relay_of(city, unmade)[1]
    with running(duty, bus, collecting):
        for who, name in (
            ("relay waits", "complaints"),
            ("reading complaints", "complaints"),
            ("reading ratings", "ratings"),
        ):
            said = f"{who}: 没有主题 {unmade.topic(name)}：请运行 bihuan topics create"
            waits_for(lambda said=said: said in caplog.text)
        assert not any(job.pulse.ready for job in (duty, collecting))
        assert create_topics(unmade) == [*TOPICS], "somebody had made one"
        check_topics(unmade)
        waits_for(lambda: stands(city, "counting") == stands(city, "relay") == heads(city))
        row = rating("A", 5).model_dump_json(exclude={"source"}).encode()
        with closing(Publisher(unmade)) as publisher:
            publisher.publish([Message("ratings", -1, None, row, [("source", b"bihuan")])])
        acknowledge(told, kind="Rating", project="A")
        waits_for(lambda: len(rows_in(city, ratings)) == 2)
        waits_for(lambda: all(job.pulse.ready for job in (duty, collecting)))
    all_once(city, counting)
    assert "Traceback" not in caplog.text


@pytest.mark.guarantee("G1")
def test_a_topic_with_too_few_partitions_is_told_by_the_relay_until_it_has_them(
    city, unmade, caplog
):
    create_topics(replace(unmade, partitions=1))
    for _ in range(5):
        city.hotline.receives(city.portal.bad_review())
    with running(relay_of(city, unmade)[1]):
        few = f"relay waits: 主题 {unmade.topic('complaints')} 只有 1 个分区，应为 4 个"
        waits_for(lambda: few in caplog.text)
        delete_topics(unmade)
        waits_for(lambda: create_topics(unmade))
        waits_for(lambda: stands(city, "relay") == heads(city))
    assert "Traceback" not in caplog.text
