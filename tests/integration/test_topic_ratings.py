"""The topic `ratings`: taken in once, in bulk; what cannot be is parked and stops nothing."""

import errno
import json
import os
import signal
from contextlib import closing
from multiprocessing import active_children

import pytest
from brokers import NoText
from city import rating, service
from confluent_kafka import Producer
from jsonschema import Draft7Validator
from kafka import KafkaProducer
from sqlalchemy import func, select

import schemas as s
from producers.message import discard, retry
from producers.reading import MANY, ReadingAhead
from producers.topic import Collecting
from workflow.bus import standing
from workflow.bus.asyncapi import document
from workflow.bus.broker import Message
from workflow.bus.kafka import Publisher, Subscription
from workflow.erasure import Retention
from workflow.errors import Busy, InvalidInput
from workflow.intake import Desk
from workflow.storage import messages as store
from workflow.storage.models import (
    complaints,
    conflicts,
    events,
    messages,
    ratings,
    refused,
    services,
)
from workflow.unit_list import UnitList


@pytest.fixture
def platform(broker):
    """Sends messages to the topic; one object is one message."""
    publisher = Publisher(broker)

    def send(*values, source=b"bihuan", partition=0):
        headers = [] if source is None else [("source", source)]
        batch = [Message("ratings", partition, b"", packed(value), headers) for value in values]
        publisher.publish(batch)

    yield send
    publisher.close()


@pytest.fixture
def collecting(city, broker):
    with closing(Collecting(city.ledger, city.office.desk, broker)) as made:
        yield made


def packed(value):
    return value if isinstance(value, bytes | None) else json.dumps(value).encode()


def row(record, **more):
    return {**json.loads(record.model_dump_json(exclude={"source"})), **more}


def count(city, table):
    with city.office.database.read() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar()


def parked(city):
    with city.office.database.read() as conn:
        return store.listed(conn)


def takes(collecting, number):
    """Polls until so many messages were seen to."""
    for _ in range(60):
        number -= collecting.once(0.5)
        if number <= 0:
            assert number == 0
            return
    raise AssertionError(f"{number} messages did not come")


def test_one_counted_by_a_process_that_was_killed_is_forgotten_by_whoever_takes_it_in(
    city, platform, collecting
):
    """The one that counted died before it could; another, which counts nothing, got the message."""
    platform(row(rating("T1")), row(rating("T2")))
    with city.office.database.write() as conn:
        for position, project in enumerate(("T1", "T2")):
            value, headers = packed(row(rating(project))), [("source", b"bihuan")]
            topic = collecting._subscription._broker.topic("ratings")
            parcel = store.Parcel(topic, 0, position, b"", value, headers)
            store.park(conn, city.office.vault, parcel, "trying", "killed", 1)
    assert count(city, messages) == 2
    takes(collecting, 2)
    assert count(city, ratings) == 2
    assert count(city, messages) == 0


def test_services_and_ratings_of_the_topic_are_taken_in(city, collecting, platform):
    rows = [row(service(f"P{n}")) for n in range(40)] + [row(rating(f"P{n}")) for n in range(40)]
    platform(*rows, row(rating("P40", 1)))
    takes(collecting, 81)
    assert (count(city, services), count(city, ratings), count(city, complaints)) == (40, 41, 1)
    assert parked(city) == []
    assert city.damage() == []


@pytest.mark.guarantee("G2")
def test_what_comes_again_is_answered_as_a_repeat(city, collecting, platform, broker):
    platform(*[row(rating(f"P{n}", 1 if n < 3 else 5)) for n in range(30)])
    takes(collecting, 30)
    collecting._subscription = Subscription(broker, "ratings", "another")
    takes(collecting, 30)
    assert (count(city, ratings), count(city, complaints)) == (30, 3)
    assert city.damage() == []


def test_the_source_stands_in_a_header_or_in_the_object(city, collecting, platform):
    platform(row(rating("P1"), source="bihuan"), source=None)
    platform(row(rating("P2"), source="nobody"))
    takes(collecting, 2)
    assert count(city, ratings) == 2


@pytest.mark.parametrize("other", [b"bihuan", b"shandong"])
def test_one_that_names_its_source_twice_is_parked(city, collecting, broker, other):
    """Which one is meant would be a guess."""
    headers = [("source", b"bihuan"), ("source", other)]
    with closing(Publisher(broker)) as publisher:
        publisher.publish([Message("ratings", 0, b"", packed(row(rating("P1"))), headers)])
    takes(collecting, 1)
    assert count(city, ratings) == 0
    assert [entry.error for entry in parked(city)] == ["source：消息头 source 写了两次"]


POISON = [
    None,
    b"",
    b"\xff\xfe\x00",
    b"{",
    b"[]",
    b'"x"',
    b"null",
    b"[" * 100_000,
    b'{"projectNo": "' + b"x" * 300_000 + b'"}',
    b'{"projectNo": "1", "projectNo": "2"}',
    b'{"projectNo": "\\ud800"}',
    b'{"projectNo": "P\\u0000", "satisfaction": 1, "assessTime": "2021-09-16 09:00:00"}',
    b"{}",
    b'{"satisfaction": "1"}',
]


@pytest.mark.guarantee("G6")
def test_poison_of_every_kind_is_parked_and_stops_nothing(city, collecting, platform):
    good = [row(rating(f"P{n}")) for n in range(len(POISON))]
    platform(*[value for pair in zip(good, POISON, strict=True) for value in pair])
    platform(row(rating("P99")), source=b"nowhere")
    platform(row(rating("P98")), source=b"\xff")
    platform(row(rating("P97")), source=None)
    platform(row(rating("P96"), proDepart="无此单位"))
    takes(collecting, 2 * len(POISON) + 4)
    assert count(city, ratings) == len(POISON)
    found = parked(city)
    assert [entry.status for entry in found] == ["parked"] * (len(POISON) + 4)
    assert all(entry.error for entry in found)
    with city.office.database.read() as conn:
        kept = [
            store.opened(city.office.vault, store.parked_at(conn, entry.partition, entry.position))
            for entry in found
        ]
    values = [parcel.value for parcel in kept]
    assert set(POISON) <= set(values)
    assert dict(kept[0].headers) == {"source": b"bihuan"}
    assert city.damage() == []


@pytest.mark.guarantee("G6")
def test_one_with_a_header_whose_name_is_no_text_is_parked_and_its_batch_goes_on(
    city, collecting, broker
):
    with closing(Publisher(broker)) as publisher:
        publisher.publish([named_in_bytes(n, bad=n in (2, 5)) for n in range(6)])
        publisher.publish([named_in_bytes(6, bad=False)])
    takes(collecting, 7)
    assert count(city, ratings) == 5
    found = parked(city)
    assert [entry.position for entry in found] == [2, 5]
    assert all("消息头" in entry.error for entry in found)
    with city.office.database.read() as conn:
        kept = store.opened(city.office.vault, store.parked_at(conn, 0, 2))
    assert (kept.key, kept.value) == (b"key", packed(row(rating("N2"))))
    assert dict(kept.headers)["\\xff\\xfe"] == b"x"
    assert city.damage() == []


def named_in_bytes(number, *, bad):
    headers = [("source", b"bihuan")] + [(NoText("?"), b"x")] * bad
    return Message("ratings", 0, b"key", packed(row(rating(f"N{number}"))), headers)


@pytest.mark.guarantee("G2")
def test_what_a_platform_took_back_before_it_was_sent_whole_is_no_rating(
    city, collecting, platform, broker
):
    producer = KafkaProducer(**broker.client, transactional_id=broker.topic("platform"))
    producer.init_transactions()
    for number, ends in enumerate(["abort", "commit", "abort", "commit"]):
        producer.begin_transaction()
        for n in range(3):
            value = packed(row(rating(f"T{number}-{n}"), source="bihuan"))
            producer.send(broker.topic("ratings"), value, partition=0).get(timeout=60)
        getattr(producer, f"{ends}_transaction")()
    producer.close()
    platform(row(rating("T9")))
    takes(collecting, 7)
    with city.office.database.read() as conn:
        found = set(conn.execute(select(ratings.c.project_no)).scalars())
    assert found == {"T9", *(f"T{number}-{n}" for number in (1, 3) for n in range(3))}
    assert parked(city) == []


@pytest.mark.guarantee("G9")
def test_a_transaction_that_a_platform_leaves_open_holds_its_partition_alone_and_is_told(
    collecting, platform, broker, monkeypatch, caplog
):
    monkeypatch.setattr(standing, "LOOKED", 0.1)
    monkeypatch.setattr(standing, "STILL", 2.0)
    producer = KafkaProducer(**broker.client, transactional_id=broker.topic("hanging"))
    producer.init_transactions()
    producer.begin_transaction()
    value = packed(row(rating("T1"), source="bihuan"))
    producer.send(broker.topic("ratings"), value, partition=0).get(timeout=60)
    platform(row(rating("T2")), partition=1)
    takes(collecting, 1)
    for _ in range(20):
        assert collecting.once(0.5) == 0
    assert "partition 0 has stood still at offset 0 for" in caplog.text
    assert "its end is 1; an open transaction of another producer?" in caplog.text
    assert "partition 1 has" not in caplog.text
    producer.commit_transaction()
    producer.close()
    takes(collecting, 1)
    collecting.once(0.5)
    assert "partition 0 goes on" in caplog.text


@pytest.mark.guarantee("G1")
@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_however_a_client_packs_its_messages_they_are_taken_in(city, collecting, broker, codec):
    producer = Producer({"bootstrap.servers": broker.servers, "compression.type": codec})
    for number in range(60):
        value = packed(row(rating(f"Z{number}"), source="bihuan"))
        producer.produce(broker.topic("ratings"), value, partition=0)
    assert producer.flush(30) == 0
    takes(collecting, 60)
    assert count(city, ratings) == 60
    assert parked(city) == []


@pytest.mark.guarantee("G6")
@pytest.mark.guarantee("G9")
@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_one_that_would_unpack_to_more_than_there_is_memory_is_parked_as_it_was_sent(
    city, collecting, platform, broker, codec
):
    most = {"compression.type": codec, "message.max.bytes": 1_000_000_000, "linger.ms": 0}
    producer = Producer({"bootstrap.servers": broker.servers, **most})
    size = 18_000_000 if codec == "snappy" else 60_000_000
    platform(row(rating("B1")))
    producer.produce(broker.topic("ratings"), b"x" * size, partition=0)
    assert producer.flush(30) == 0
    platform(row(rating("B2")))
    takes(collecting, 3)
    assert count(city, ratings) == 2
    (entry,) = parked(city)
    assert "16 MiB" in entry.error
    with city.office.database.read() as conn:
        kept = store.opened(city.office.vault, store.parked_at(conn, 0, entry.position))
    assert 0 < len(kept.value) < 1 << 20
    with pytest.raises(InvalidInput, match="16 MiB"):
        retry(city.ledger, city.office.desk(), 0, entry.position, by="命令行")


@pytest.mark.guarantee("G6")
def test_after_a_kill_one_is_polled_at_a_time_until_what_may_have_killed_is_seen_to(
    city, collecting, platform, monkeypatch
):
    monkeypatch.setattr("producers.topic.MOST", 3)
    platform(*[row(rating(f"P{n}")) for n in range(9)])
    collecting._singly, collecting._careful = {}, True
    asked, polls = [], collecting._subscription.poll
    monkeypatch.setattr(
        collecting._subscription, "poll", lambda s, most: asked.append(most) or polls(s, most)
    )
    takes(collecting, 9)
    assert count(city, ratings) == 9
    alone = asked.index(3)
    assert set(asked[:alone]) == {1}
    assert alone >= 3
    assert set(asked[alone:]) == {3}


@pytest.mark.guarantee("G6")
def test_a_parked_message_is_copied_to_the_topic_with_its_error(collecting, platform, broker):
    platform(b"{")
    takes(collecting, 1)
    reading = Subscription(broker, "parked", "looking")
    try:
        copies = []
        while not copies:
            copies = reading.poll(1.0, 1000)
    finally:
        reading.close()
    said = dict(copies[0].headers)
    assert copies[0].value == b"{"
    assert said["parked-from"].decode() == f"{broker.topic('ratings')}/0/0"
    assert "JSON" in said["parked-error"].decode()
    told = json.loads(document({}))["components"]["messages"]["Parked"]["headers"]
    Draft7Validator(told).validate({name: value.decode() for name, value in said.items()})


def test_poison_that_comes_again_is_parked_once(city, collecting, platform, broker):
    platform(b"{", b"{")
    takes(collecting, 2)
    collecting._subscription = Subscription(broker, "ratings", "another")
    takes(collecting, 2)
    assert len(parked(city)) == 2


@pytest.mark.guarantee("G2")
def test_what_was_refused_or_in_conflict_comes_again_and_adds_nothing(
    city, collecting, platform, broker
):
    """Refused as it is read, refused as it is stored, in conflict, and no row at all."""
    ahead = row(rating("P3"), assessTime="2021-09-17 09:00:00")
    platform(row(rating("P1", 5)), row(rating("P1", 4)), b"{", ahead)
    platform(row(rating("P2"), proDepart="新设局"))
    takes(collecting, 5)
    kept = [count(city, table) for table in (refused, conflicts, messages)]
    assert kept == [2, 1, 3]
    for group in ("second", "third"):
        collecting._subscription = Subscription(broker, "ratings", group)
        takes(collecting, 5)
    assert [count(city, table) for table in (refused, conflicts, messages)] == kept
    batches = collected(city)
    assert sum(batch.refused for batch in batches) == 2
    assert sum(batch.conflicts for batch in batches) == 1
    assert sum(batch.repeats for batch in batches) == 8
    assert len(copies(broker)) == 3
    assert city.damage() == []


def collected(city):
    query = select(events.c.data).where(events.c.type == "BatchCollected")
    with city.office.database.read() as conn:
        return [s.BatchCollected.model_validate_json(data) for data in conn.scalars(query)]


def copies(broker):
    """All that stand on the topic `parked`."""
    found = []
    with closing(Subscription(broker, "parked", "looking")) as reading:
        while (more := reading.poll(1.0, 1000)) or not found:
            found += more
    return found


def test_a_row_refused_is_mended_and_tried_again_or_given_up(city, collecting, platform):
    platform(row(rating("P1"), proDepart="新设局"), b"{")
    takes(collecting, 2)
    assert (count(city, refused), len(parked(city))) == (1, 2)
    with pytest.raises(InvalidInput, match="单位名册里没有这个单位"):
        retry(city.ledger, city.office.desk(), 0, 0, by="信息科庚")
    desk = city.office.desk()
    desk.units = Renamed(desk.units)
    retry(city.ledger, desk, 0, 0, by="信息科庚")
    assert count(city, ratings) == 1
    with pytest.raises(InvalidInput):
        retry(city.ledger, desk, 0, 0, by="信息科庚")
    with pytest.raises(InvalidInput):
        discard(city.ledger, 0, 1, " ", by="信息科庚")
    discard(city.ledger, 0, 1, "对方误发", by="信息科庚")
    assert parked(city) == []
    with city.office.database.read() as conn:
        left = conn.execute(select(messages.c.status, messages.c.sealed)).all()
    assert sorted(map(tuple, left)) == [("discarded", None), ("replayed", None)]
    assert city.damage() == []


class Renamed:
    """A list in which the new office is known."""

    def __init__(self, units):
        self._units = units

    def resolve(self, name, area=None):
        return self._units.resolve("区人社局" if name == "新设局" else name, area)


@pytest.mark.guarantee("G1")
def test_while_the_database_is_busy_it_waits_and_then_goes_on(
    city, collecting, platform, monkeypatch
):
    left = [2]
    transaction = city.ledger.transaction

    def busy(**given):
        if left[0]:
            left[0] -= 1
            raise Busy
        return transaction(**given)

    monkeypatch.setattr(city.ledger, "transaction", busy)
    platform(*[row(rating(f"P{n}")) for n in range(5)], b"{")
    takes(collecting, 6)
    assert (left, count(city, ratings), len(parked(city))) == ([0], 5, 1)


@pytest.mark.guarantee("G6")
def test_one_that_fails_unexpectedly_is_parked_and_the_others_are_not(city, broker, platform):
    desk = city.office.desk()

    class Failing:
        def __getattr__(self, name):
            return getattr(desk, name)

        def ready(self, number, record):
            if record.projectNo == "P3":
                raise ZeroDivisionError(record.mobile)
            return desk.ready(number, record)

    platform(*[row(rating(f"P{n}")) for n in range(6)])
    with closing(Collecting(city.ledger, Failing, broker)) as collecting:
        takes(collecting, 6)
    assert count(city, ratings) == 5
    assert [entry.error for entry in parked(city)] == ["ZeroDivisionError"]


def backlog(platform):
    """Three polls' worth, with a message in each that is no row and one that is refused."""
    for start in (0, 1000, 2000):
        good = [row(rating(f"P{n}")) for n in range(start, start + 998)]
        platform(*good, b"{", row(rating(f"P{start + 999}"), satisfaction="9"))


def until_they_are_two(collecting, left):
    """The next ones are read while some are stored; how many are left then."""
    while left and not active_children():
        left -= collecting.once(5.0)
    assert len(active_children()) == 1
    return left


def test_a_backlog_is_read_in_a_second_process_which_ends_with_it(city, collecting, platform):
    backlog(platform)
    left = until_they_are_two(collecting, 3000)
    takes(collecting, left)
    assert (count(city, ratings), len(parked(city))) == (3 * 998, 6)
    assert collecting.once(0.5) == 0
    assert active_children() == []
    assert city.damage() == []


@pytest.mark.guarantee("G1")
def test_the_second_process_killed_in_the_middle_of_a_backlog_costs_nothing(
    city, collecting, platform
):
    backlog(platform)
    left = until_they_are_two(collecting, 3000)
    (child,) = active_children()
    os.kill(child.pid, signal.SIGKILL)
    takes(collecting, left)
    assert (count(city, ratings), len(parked(city))) == (3 * 998, 6)
    assert city.damage() == []


@pytest.mark.guarantee("G1")
def test_where_no_second_process_can_be_had_the_backlog_is_read_here(
    city, collecting, platform, monkeypatch
):
    def none_to_be_had(*_):
        raise OSError(errno.EAGAIN, "no more processes")

    monkeypatch.setattr("producers.reading.Beside", none_to_be_had)
    backlog(platform)
    takes(collecting, 3000)
    assert (count(city, ratings), len(parked(city))) == (3 * 998, 6)


class FailingElsewhere(Desk):
    """Makes no row ready in a process that is not this one."""

    home = os.getpid()

    def __reduce__(self):
        return rebuilt, (self.units, self.zone, self._key, self.home)

    def ready(self, number, row):
        if os.getpid() != self.home:
            raise ZeroDivisionError(row.mobile)
        return super().ready(number, row)


def rebuilt(units, zone, key, home):
    desk = FailingElsewhere(units, zone, key)
    desk.home = home
    return desk


@pytest.mark.guarantee("G1")
def test_what_fails_in_the_second_process_is_read_here_and_told_to_nobody(
    city, platform, broker, capfd
):
    here = city.office.desk()
    desk = FailingElsewhere(here.units, here.zone, here._key)
    backlog(platform)
    with closing(Collecting(city.ledger, lambda: desk, broker)) as collecting:
        takes(collecting, 3000)
    assert (count(city, ratings), len(parked(city))) == (3 * 998, 6)
    assert "19900001234" not in capfd.readouterr().err


def test_a_backlog_begun_before_the_list_of_units_was_replaced_goes_on_with_the_new_one(city):
    desks = [city.office.desk(), Desk(UnitList("空", ()), city.office.desk().zone, b"key")]
    reading = ReadingAhead(lambda: desks[0])
    body = json.dumps(row(rating("P1"))).encode()
    polled = [
        [Message("ratings", 0, b"", body, [("source", b"bihuan")], n)] * MANY for n in range(2)
    ]
    with closing(reading):
        reading.begin(polled[0])
        assert {one.refusal for one in reading.read(polled[0])} == {None}
        reading.begin(polled[1])
        desks.pop(0)
        assert {one.refusal.field for one in reading.read(polled[1])} == {"proDepart"}
        reading.begin(polled[0])
        assert {one.refusal.field for one in reading.read(polled[0])} == {"proDepart"}


def test_what_a_parked_message_says_is_gone_when_its_time_is_over(city, collecting, platform):
    platform(b"{")
    takes(collecting, 1)
    city.travel(days=5000)
    retention = Retention(city.ledger)
    while retention.expire():
        pass
    with city.office.database.read() as conn:
        assert conn.execute(select(messages.c.sealed)).scalar() is None
    with pytest.raises(InvalidInput, match="保存期已过"):
        retry(city.ledger, city.office.desk(), 0, 0, by="信息科庚")
    discard(city.ledger, 0, 0, "已过期", by="信息科庚")
