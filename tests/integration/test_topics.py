"""The topics as they are made, and what is said of those that somebody has changed since."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import brokers
import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from workflow.bus import causes
from workflow.bus.broker import TOPICS, Broker
from workflow.bus.kafka.topics import check_topics, create_topics
from workflow.errors import Away, InvalidInput


@pytest.fixture
def changes(broker):
    """Gives one topic's setting another value, as the broker's own tools do."""
    client = KafkaAdminClient(bootstrap_servers=broker.servers)

    def change(topic, setting, value):
        named = ConfigResource(ConfigResourceType.TOPIC, broker.topic(topic), {setting: value})
        client.alter_configs([named])
        deadline = time.monotonic() + 60
        while value != told(named, setting):  # the broker that answers may hear of it later
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def told(named, setting):
        found = client.describe_configs([named], config_filter="all")["topic"][named.name]
        return found[setting]["value"]

    create_topics(broker)
    yield change
    client.close()


@pytest.mark.guarantee("G1")
@pytest.mark.parametrize(
    ("topic", "setting", "value", "ought"),
    [
        ("ratings", "retention.ms", "3600000", "应至少为 604800000"),
        ("complaints", "retention.ms", "2591999999", "应至少为 2592000000"),
        ("parked", "cleanup.policy", "compact", "应为 delete"),
        ("ratings", "cleanup.policy", "compact,delete", "应为 delete"),
        ("ratings", "compression.type", "uncompressed", "应为 producer"),
        ("ratings", "retention.bytes", "1048576", "应为 -1"),
        ("complaints", "min.insync.replicas", "2", "应至多为 1"),
    ],
)
def test_a_topic_that_would_lose_messages_or_is_packed_otherwise_is_refused_by_name(
    broker, changes, topic, setting, value, ought
):
    check_topics(broker)
    changes(topic, setting, value)
    with pytest.raises(InvalidInput, match=ought) as refused:
        check_topics(broker)
    assert broker.topic(topic) in str(refused.value)
    assert setting in str(refused.value)


@pytest.mark.parametrize("value", ["604800001", "-1"])
def test_one_that_keeps_its_messages_for_longer_will_do(broker, changes, value):
    changes("ratings", "retention.ms", value)
    check_topics(broker)


def test_hosts_that_make_them_at_once_all_find_them_made(kafka):
    office = brokers.fresh(kafka)
    with ThreadPoolExecutor(4) as hosts:
        made = list(hosts.map(lambda _: (create_topics(office), check_topics(office)), range(4)))
    assert {name for names, _ in made for name in names} == set(TOPICS)


def test_another_number_of_partitions_is_refused_with_the_way_out(broker, changes):
    with pytest.raises(InvalidInput, match="换一个前缀"):
        check_topics(replace(broker, partitions=broker.partitions + 1))


def test_more_copies_than_there_are_brokers_are_refused_with_the_brokers_own_word(kafka):
    said = r"^replication：.*InvalidReplicationFactorError：.*of 7 cannot.*如有节点没起来"
    with pytest.raises(InvalidInput, match=said):
        create_topics(replace(brokers.fresh(kafka), replication=7))


def test_a_name_that_the_broker_takes_for_anothers_is_refused_with_its_own_word(broker, changes):
    other = replace(broker, prefix=broker.prefix.replace(".", "_"))
    with pytest.raises(InvalidInput, match=r"^topic：.*InvalidTopicError：.*collides"):
        create_topics(other)


def test_a_broker_that_is_not_there_is_told_with_what_the_last_try_came_to():
    causes.HEARD._reason = None  # what was said of the one before
    nobody = replace(brokers.fresh("127.0.0.1:9"), options={"bootstrap_timeout_ms": 500})
    with pytest.raises(Away, match=r"连不上.*KafkaConnectionError"):
        create_topics(nobody)


def test_fewer_copies_than_asked_are_refused_and_more_are_not(broker, changes):
    with pytest.raises(InvalidInput, match="每个分区应有 2 份") as refused:
        check_topics(replace(broker, replication=2))
    assert f"{broker.topic('ratings')}：1" in str(refused.value)
    check_topics(replace(broker, replication=0))


def test_all_that_is_wrong_is_named_at_once():
    broker = Broker("k1:9092", partitions=2)
    led = (7, [7])
    found, configs = as_told(broker, [led, led], {"min.insync.replicas": "1"})
    found[0] = {**found[0], "partitions": found[0]["partitions"][:1]}
    configs["parked"]["cleanup.policy"] = configs["parked"]["compression.type"] = {"value": "x"}
    with pytest.raises(InvalidInput) as refused:
        broker.check(found, configs)
    for said in (
        "ratings：1：应为 2 个分区",
        "parked：x：compression.type 应",
        "x：cleanup.policy 应",
    ):
        assert said in str(refused.value)
    gone = [{**one, "error_code": 3} for one in found]
    with pytest.raises(InvalidInput, match=r"没有这个主题.*ratings、complaints、parked"):
        broker.check(gone, configs)


NOBODY, ONE, BOTH = (-1, [7]), (7, [7]), (7, [7, 8])
"""Who leads a partition, and which brokers have all of it."""


@pytest.mark.parametrize(
    ("third", "said"),
    [(NOBODY, "分区 2 没有 leader"), (ONE, "分区 2 跟上的副本不足 2 份"), (BOTH, None)],
)
def test_a_partition_that_nobody_serves_is_told_by_its_number(third, said):
    broker = Broker("k1:9092", partitions=3, replication=2)
    found, configs = as_told(broker, (BOTH, BOTH, third), {"min.insync.replicas": "2"})
    if said is None:
        broker.check(found, configs)
        return
    with pytest.raises(Away, match=f"主题 ratings 的{said}"):
        broker.check(found, configs)


def as_told(broker, partitions, settings):
    """What the broker says of the topics, made with these settings beside ours."""
    copies = list(range(7, 7 + broker.replication))
    partitions = [
        {"partition_index": n, "leader_id": leads, "isr_nodes": there, "replica_nodes": copies}
        for n, (leads, there) in enumerate(partitions)
    ]
    found = [{"name": topic, "error_code": 0, "partitions": partitions} for topic in broker.topics]
    configs = {
        broker.topic(name): {key: {"value": value} for key, value in {**wanted, **settings}.items()}
        for name, wanted in TOPICS.items()
    }
    return found, configs


SAFE = {"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}


@pytest.mark.guarantee("G1")
@pytest.mark.parametrize(
    ("copies", "changed", "said"),
    [
        (3, {}, None),
        (3, {"min.insync.replicas": "3"}, None),
        (3, {"min.insync.replicas": "1"}, "min.insync.replicas 应至少为 2，否则收下的可能会丢"),
        (3, {"unclean.leader.election.enable": "true"}, "election.enable 应为 false，否则收下的"),
        (1, {"min.insync.replicas": "1", "unclean.leader.election.enable": "true"}, None),
    ],
)
def test_a_topic_that_may_lose_what_it_acknowledged_is_refused_where_copies_are_asked_for(
    copies, changed, said
):
    broker = Broker("k1:9092", partitions=1, replication=copies)
    led = (7, list(range(7, 7 + copies)))
    found, configs = as_told(broker, [led], {**SAFE, **changed})
    if said is None:
        broker.check(found, configs)
        return
    with pytest.raises(InvalidInput, match=said) as refused:
        broker.check(found, configs)
    assert "ratings" in str(refused.value)
    assert "kafka-configs.sh --alter" in str(refused.value)
