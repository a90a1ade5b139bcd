"""Over Kafka: the broker away in the middle of the work, members that are slow, frozen or deadly,
a relay killed before it knows what it sent.
"""

import signal
import threading
import time
from contextlib import closing, suppress
from random import Random

import brokers
import pytest
from cluster import PATIENCE
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import (
    CommitFailedError,
    KafkaConnectionError,
    RetriableError,
    UnknownMemberIdError,
)
from kills import ROUNDS, WHOLE, seed
from sqlalchemy import func, select

from producers.topic import KILLED
from workflow.bus.broker import Message
from workflow.bus.kafka import Publisher, Subscription
from workflow.bus.kafka.topics import create_topics
from workflow.bus.singly import TRIES
from workflow.errors import Away
from workflow.storage.models import events, messages, parked

ON = ("postgresql",)
pytestmark = pytest.mark.column("kafka-postgresql")


@pytest.fixture(scope="module")
def mortal():
    """A broker of this module's own."""
    with brokers.own() as (servers, container):
        yield brokers.fresh(servers), container


@pytest.mark.long
@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G9")
@pytest.mark.guarantee("G10")
def test_the_broker_goes_away_in_mid_batch_people_work_on_and_all_is_caught_up(clusters, mortal):
    broker, container = mortal
    rng = Random(seed())
    create_topics(broker)
    cluster = clusters(broker)
    cluster.is_under_way()
    for how in rng.sample(["kill", "stop", "pause"], 3 if WHOLE else 1):
        before = cluster.told()["event"]
        cluster.asks(20)
        cluster.answers(rng.randint(1, 10))
        with brokers.away(container, how):
            people_work_on(cluster)
            time.sleep(2)
        cluster.is_answered()
        cluster.settles()
        assert cluster.told()["event"] > before, how


def people_work_on(cluster):
    """They are answered by the database alone; one answer may have been the broker's."""
    before = cluster.told().total()
    cluster.asks(5)
    until(lambda: cluster.told().total() > before + 1)


@pytest.mark.long
@pytest.mark.guarantee("G9")
@pytest.mark.parametrize("how", ["kill", "pause"])
def test_a_reader_knows_that_the_broker_is_away_though_a_poll_says_nothing(
    mortal, monkeypatch, how
):
    broker, container = mortal
    create_topics(broker)
    monkeypatch.setattr("workflow.bus.kafka.ASKED", 0.5)
    reading = Subscription(broker, "parked", "looking")
    try:
        polls_until(reading, reached=True)
        with brokers.away(container, how):
            polls_until(reading, reached=False)
        polls_until(reading, reached=True)
    finally:
        reading.close()


@pytest.mark.guarantee("G9")
def test_a_reader_stays_the_member_it_was_while_the_broker_is_away(broker, monkeypatch):
    """A new one would read nothing before the session of the old one has ended."""
    create_topics(broker)
    reading = Subscription(broker, "parked", "staying")
    with closing(reading):
        polls_until(reading, reached=True)
        consumer = reading._consumer
        for error in (KafkaConnectionError("refused"), UnknownMemberIdError()):
            monkeypatch.setattr(consumer, "poll", failing(error))
            assert reading.poll(0.01, 1000) == []
            assert not reading.reached
            assert (reading._consumer is consumer) is isinstance(error, KafkaConnectionError)


@pytest.mark.guarantee("G9")
def test_a_reader_that_finds_no_connection_for_long_is_built_anew(broker, monkeypatch):
    create_topics(broker)
    monkeypatch.setattr("workflow.bus.kafka.SILENT", 0.1)
    with closing(Subscription(broker, "parked", "leaving")) as reading:
        polls_until(reading, reached=True)
        monkeypatch.setattr(reading._consumer, "poll", failing(KafkaConnectionError("refused")))
        time.sleep(0.2)
        reading.poll(0.01, 1000)
        polls_until(reading, reached=True)


@pytest.mark.guarantee("G2")
def test_a_reader_that_got_a_partition_back_commits_nothing_older_than_who_had_it_meanwhile(broker):
    create_topics(broker)
    everywhere = range(broker.partitions)
    reading = broker, "parked", "moving"
    with closing(Subscription(*reading)) as first:
        puts(broker, everywhere)
        read(first, 4)
        until(lambda: committed(broker, "moving") == dict.fromkeys(everywhere, 1))
        with closing(Subscription(*reading)) as second:
            until(lambda: polled_in_turn(first, second) and shared(first, second))
            moved, stayed = held(second), held(first)
            puts(broker, [*moved] * 3)
            read(second, 3 * len(moved), beside=first)
        until(lambda: polled_in_turn(first) and held(first) == {*everywhere})
        puts(broker, stayed)
        read(first, len(stayed))
    assert committed(broker, "moving") == dict.fromkeys(moved, 4) | dict.fromkeys(stayed, 2)


def puts(broker, partitions):
    with closing(Publisher(broker)) as publisher:
        publisher.publish([Message("parked", n, None, b"{}", []) for n in partitions])


def read(reading, count, beside=None):
    """So many messages, all committed."""
    while count:
        found = reading.poll(0.2, 1000)
        reading.commit(found, at_once=True)
        count -= len(found)
        if beside is not None:
            assert beside.poll(0.2, 1000) == []


def polled_in_turn(*readings):
    return all(reading.poll(0.2, 1000) == [] for reading in readings)


def shared(first, second):
    """Both have joined, and each has its part."""
    return held(second) and held(first) and not held(first) & held(second)


def held(reading):
    return {place.partition for place in reading._consumer.assignment()}


def committed(broker, group):
    with closing(KafkaAdminClient(**broker.client)) as asking:
        name = f"{broker.prefix}{group}"
        found = asking.list_group_offsets([name])[name]
    return {place.partition: offset.offset for place, offset in found.items()}


@pytest.mark.guarantee("G9")
def test_a_reader_whose_last_commit_fails_is_closed_all_the_same(broker, monkeypatch):
    """One that is not would keep its process from ending."""
    create_topics(broker)
    before = threading.active_count()
    publisher = Publisher(broker)
    publisher.publish([Message("ratings", 0, None, b"{}", [])])
    publisher.close()
    reading = Subscription(broker, "ratings", "failing")
    deadline = time.monotonic() + PATIENCE
    while not (polled := reading.poll(0.2, 1000)):
        assert time.monotonic() < deadline
    reading.commit(polled)
    monkeypatch.setattr(reading._consumer, "commit", failing(CommitFailedError()))
    reading.close()
    while threading.active_count() > before:
        assert time.monotonic() < deadline, threading.enumerate()
        time.sleep(0.05)


def failing(error):
    def fails(*_, **__):
        raise error

    return fails


@pytest.mark.long
@pytest.mark.guarantee("G9")
def test_a_batch_that_the_broker_does_not_take_is_refused_and_leaves_no_thread(mortal, monkeypatch):
    broker, container = mortal
    create_topics(broker)
    monkeypatch.setattr("workflow.bus.kafka.SENT_WITHIN", 1.0)
    monkeypatch.setattr("workflow.bus.kafka.CLOSED_WITHIN", 0.2)
    publisher = Publisher(broker)
    message = Message("ratings", 0, None, b"{}", [("source", b"bihuan")])
    publisher.publish([message])
    before = threading.active_count()
    with brokers.away(container, "pause"), pytest.raises(Away):
        publisher.publish([message])
    publisher.publish([message])
    deadline = time.monotonic() + PATIENCE
    while threading.active_count() > before:
        assert time.monotonic() < deadline, threading.enumerate()
        time.sleep(0.05)
    publisher.close()


@pytest.mark.long
@pytest.mark.guarantee("G9")
@pytest.mark.parametrize("how", ["kill", "pause"])
def test_who_has_nothing_to_send_knows_that_the_broker_is_away(mortal, how):
    broker, container = mortal
    with closing(Publisher(broker)) as publisher:
        publisher.ask()
        with brokers.away(container, how), pytest.raises(Away):
            publisher.ask()
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                publisher.ask()
                break
            except Away:
                assert time.monotonic() < deadline


@pytest.mark.long
@pytest.mark.guarantee("G9")
def test_who_is_told_to_stop_does_not_wait_for_a_broker_that_is_away(mortal):
    broker, container = mortal
    create_topics(broker)
    with closing(Publisher(broker)) as publisher:
        message = Message("ratings", 0, None, b"{}", [("source", b"bihuan")])
        publisher.publish([message])
        with brokers.away(container, "pause"):
            began = time.monotonic()
            threading.Timer(0.5, publisher.give_up).start()
            with pytest.raises(Away):
                publisher.publish([message])
            assert time.monotonic() - began < 5
        publisher.publish([message])


def polls_until(reading, *, reached):
    deadline = time.monotonic() + PATIENCE
    while reading.reached is not reached:
        assert time.monotonic() < deadline
        assert reading.poll(0.2, 1000) == []


@pytest.mark.long
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G4")
def test_a_frozen_member_whose_partitions_moved_does_nothing_twice_when_it_wakes(clusters, broker):
    rng = Random(seed())
    cluster = clusters(broker)
    cluster.start(*cluster.commands)
    cluster.settles()
    for _ in range(ROUNDS):
        cluster.asks(4)
        cluster.answers(rng.randint(1, 8))
        cluster.children["consumers"].signal(signal.SIGSTOP)
        cluster.is_answered()
        deadline = time.monotonic() + PATIENCE
        while any(old < head for old, head in cluster.progress_of("counting").values()):
            assert time.monotonic() < deadline, "nobody took its partitions over"
            time.sleep(0.1)
        cluster.asks(4)
        cluster.answers(rng.randint(0, 4))
        cluster.children["consumers"].signal(signal.SIGCONT)
        cluster.is_answered()
        cluster.settles()


@pytest.mark.long
@pytest.mark.guarantee("G2")
def test_who_handles_a_record_for_too_long_loses_its_partitions_and_nothing_else(clusters, broker):
    cluster = clusters(broker)
    cluster.counting.add("slow")
    cluster.start("relay", "clock")
    cluster.start("consumers", "run", also="slow_handler")
    with closing(KafkaAdminClient(**broker.client)) as asking:
        members = until(lambda: both_members_of(asking, broker))
        cluster.asks(5)
        until(lambda: members - members_of(asking, broker))
    cluster.is_answered()
    cluster.settles()


def members_of(asking, broker):
    """Who is in the group of the slow one; who was put out of it comes back under another name."""
    group = f"{broker.prefix}slow"
    return {member["member_id"] for member in asking.describe_groups([group])[group]["members"]}


def both_members_of(asking, broker):
    with suppress(RetriableError):  # the first group of a broker has to wait for its coordinator
        found = members_of(asking, broker)
        return found if len(found) == 2 else None


def until(found):
    deadline = time.monotonic() + PATIENCE
    while not (something := found()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return something


@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G10")
def test_a_relay_killed_between_sending_and_its_commit_repeats_itself_unheard(clusters, broker):
    cluster = clusters(broker)
    cluster.start("consumers", "clock", "collector")
    for _ in range(3):
        cluster.start("relay", also="dying_relay")
        cluster.asks(3)
        assert cluster.ends("relay") == -signal.SIGKILL
    cluster.start("relay")
    cluster.is_answered()
    cluster.settles()
    with cluster.city.office.database.read() as conn:
        logged = conn.execute(select(func.count()).select_from(events)).scalar_one()
    assert sent(broker, "complaints") > logged


def sent(broker, topic):
    """How many messages the topic holds."""
    reading = KafkaConsumer(**broker.client)
    try:
        places = [TopicPartition(broker.topic(topic), n) for n in range(broker.partitions)]
        return sum(reading.end_offsets(places).values())
    finally:
        reading.close()


@pytest.mark.long
@pytest.mark.guarantee("G6")
@pytest.mark.guarantee("G10")
def test_a_record_that_kills_its_process_is_parked_after_counted_deaths(clusters, broker):
    cluster = clusters(broker)
    cluster.poisoned.add("deadly")
    cluster.start("relay", "clock", "collector")
    while len(bad_reviews(cluster)) < 3:
        cluster.asks(2)
        cluster.is_answered()
    deaths = 0
    while parked_of(cluster, "deadly") == 0:
        cluster.start("consumers", also="deadly_handler")
        deadline = time.monotonic() + PATIENCE
        while cluster.runs("consumers") and parked_of(cluster, "deadly") == 0:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        if not cluster.runs("consumers"):
            assert cluster.ends("consumers") == -signal.SIGKILL
            deaths += 1
    assert 1 <= deaths <= TRIES + 1
    cluster.settles()
    with cluster.city.office.database.read() as conn:
        rows = conn.execute(select(parked).where(parked.c.consumer == "deadly")).all()
    assert {row.subject for row in rows} == {"CP21-0002"}
    assert sent(broker, "parked") == 1


def bad_reviews(cluster):
    with cluster.city.office.database.read() as conn:
        query = select(events.c.subject).where(events.c.type == "ReviewCollected")
        return conn.execute(query).scalars().all()


def parked_of(cluster, name):
    with cluster.city.office.database.read() as conn:
        query = select(func.count()).where(parked.c.consumer == name, parked.c.status == "parked")
        return conn.execute(query).scalar_one()


@pytest.mark.long
@pytest.mark.guarantee("G6")
@pytest.mark.guarantee("G10")
def test_a_message_that_kills_its_process_is_parked_after_counted_deaths(clusters, broker):
    cluster = clusters(broker)
    cluster.poison = 1
    cluster.start("relay", "clock", "consumers")
    cluster.asks(6)
    publisher = Publisher(broker)
    row = (
        b'{"projectNo": "DEADLY", "proDepart": "\xe5\x8c\xba\xe4\xba\xba\xe7\xa4\xbe\xe5\xb1\x80", '
    )
    row += b'"pf": "pad", "satisfaction": 5, "assessTime": "2021-09-16 09:30:00"}'
    publisher.publish([Message("ratings", 0, None, row, [("source", b"bihuan")])])
    publisher.close()
    deaths = 0
    while True:
        cluster.start("collector", also="deadly_rating")
        deadline = time.monotonic() + PATIENCE
        while cluster.runs("collector") and not settled_message(cluster):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        if cluster.runs("collector"):
            break
        assert cluster.ends("collector") == -signal.SIGKILL
        deaths += 1
    assert 1 <= deaths <= TRIES + 2
    cluster.is_answered()
    cluster.settles()


def settled_message(cluster):
    with cluster.city.office.database.read() as conn:
        rows = conn.execute(select(messages.c.status, messages.c.error)).all()
    return [tuple(row) for row in rows] == [("parked", KILLED)]
