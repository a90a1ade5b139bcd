"""A broker whose ACLs lack us a right: it is said which and for what, nothing is lost or passed
over, and once it is given everything goes on by itself.
"""

import logging
import secrets
import time
from dataclasses import replace

import brokers
import pytest
from city import rating
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType
from reactions import Counting
from sqlalchemy import select
from test_broker_faults import all_once, heads, relay_of, running, stands, waits_for
from zygote import acknowledge

from producers.topic import Collecting
from workflow.bus.kafka.topics import check_topics, create_topics
from workflow.bus.topic import TopicBus
from workflow.errors import Unwritable
from workflow.storage.models import messages, ratings

ON = ("postgresql",)

pytestmark = [
    pytest.mark.long,
    pytest.mark.column("kafka-postgresql"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def guarded():
    """The broker's address for us, the one for its administrator, and our password."""
    password = secrets.token_hex(16)
    with brokers.guarded(password) as (outside, inside):
        yield outside, inside, password


@pytest.fixture
def strict(guarded):
    """The broker with topics' names of this story's own."""
    outside, _, password = guarded
    options = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN"}
    options |= {"sasl_plain_username": "bihuan", "sasl_plain_password": password}
    return brokers.fresh(outside, options=options)


@pytest.fixture
def give(guarded, strict):
    """Gives us a right to one of our topics or groups."""
    client = KafkaAdminClient(bootstrap_servers=guarded[1])

    def given(right, name, kind=ResourceType.TOPIC):
        what = ResourcePattern(kind, strict.topic(name))
        who = {"principal": "User:bihuan", "host": "*"}
        rule = ACL(
            operation=right,
            permission_type=ACLPermissionType.ALLOW,
            resource_pattern=what,
            **who,
        )
        assert not client.create_acls([rule])["failed"]

    yield given
    client.close()


@pytest.fixture
def made(guarded, strict):
    """Its topics, made by the administrator."""
    create_topics(replace(strict, servers=guarded[1], options={}))
    return strict


def refused_until(does, wanted):
    """The broker hears of a new right a moment later."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return does()
        except Unwritable as error:
            if wanted in str(error) or time.monotonic() > deadline:
                return str(error)
            time.sleep(0.1)


def test_whoever_makes_or_checks_the_topics_is_told_which_right_is_missing(strict, give):
    topics = ("ratings", "complaints", "parked")
    said = refused_until(lambda: create_topics(strict), "查看（Describe）")
    assert strict.topic("complaints") in said
    assert "没有授权" in said
    for name in topics:
        give(ACLOperation.DESCRIBE, name)
    said = refused_until(lambda: create_topics(strict), "建立（Create）")
    assert f"主题 {strict.topic('ratings')}、{strict.topic('complaints')}" in said
    for name in topics:
        give(ACLOperation.CREATE, name)
    assert refused_until(lambda: create_topics(strict), "never") == [*topics]
    said = refused_until(lambda: check_topics(strict), "查看设置（DescribeConfigs）")
    assert f"主题 {strict.topic('ratings')} 的查看设置" in said
    for name in topics:
        give(ACLOperation.DESCRIBE_CONFIGS, name)
    assert refused_until(lambda: check_topics(strict), "never") is None


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G9")
@pytest.mark.usefixtures("effects_kept")
def test_relay_and_consumers_wait_for_their_rights_and_go_on_by_themselves(
    city, made, give, caplog
):
    for _ in range(5):
        city.hotline.receives(city.portal.bad_review())
    _, duty = relay_of(city, made)
    counting = Counting()
    bus = TopicBus(city.ledger, [counting], made)
    with running(duty, bus):
        waits_for(lambda: f"主题 {made.topic('complaints')} 的写入（Write）" in caplog.text)
        waits_for(lambda: f"消费组 {made.topic('counting')} 的读取（Read）" in caplog.text)
        waits_for(lambda: not duty.pulse.ready)
        waits_for(lambda: not bus.pulses[0].ready)
        give(ACLOperation.WRITE, "complaints")
        waits_for(lambda: stands(city, "relay") == heads(city))
        waits_for(lambda: duty.pulse.ready)
        give(ACLOperation.READ, "counting", ResourceType.GROUP)
        waits_for(lambda: f"主题 {made.topic('complaints')} 的读取（Read）" in caplog.text)
        waits_for(lambda: stands(city, "counting") == heads(city))
        waits_for(lambda: not bus.pulses[0].ready)  # by the log alone
        give(ACLOperation.READ, "complaints")
        waits_for(lambda: bus.pulses[0].ready)
        city.portal.bad_review()
        waits_for(lambda: stands(city, "counting") == heads(city))
    all_once(city, counting)
    assert_told_calmly(caplog)


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G6")
def test_the_collector_waits_for_its_right_and_parks_also_without_the_one_to_copy(
    city, made, give, guarded, caplog, told
):
    sender = KafkaProducer(bootstrap_servers=guarded[1])
    source = [("source", b"bihuan")]
    sender.send(made.topic("ratings"), b"{", headers=source, partition=0).get(10)
    job = Collecting(city.ledger, city.office.desk, made)
    with running(job):
        waits_for(lambda: f"消费组 {made.topic('collect')} 的读取（Read）" in caplog.text)
        give(ACLOperation.READ, "collect", ResourceType.GROUP)
        waits_for(lambda: f"主题 {made.topic('ratings')} 的读取（Read）" in caplog.text)
        waits_for(lambda: not job.pulse.ready)
        give(ACLOperation.READ, "ratings")
        waits_for(lambda: kept(city, messages) == 1)
        waits_for(lambda: f"主题 {made.topic('parked')} 的写入（Write）" in caplog.text)
        waits_for(lambda: job.pulse.ready)
        row = rating("A", 5).model_dump_json(exclude={"source"}).encode()
        sender.send(made.topic("ratings"), row, headers=source).get(10)
        acknowledge(told, kind="Rating", project="A")
        waits_for(lambda: kept(city, ratings) == 1)
    sender.close()
    assert_told_calmly(caplog)


def kept(city, table):
    with city.office.database.read() as conn:
        return len(conn.execute(select(table)).all())


def assert_told_calmly(caplog):
    """In lines, each of which comes about once a second, and never as an error of ours."""
    assert not [record for record in caplog.records if record.exc_info]
    assert not [record for record in caplog.records if record.levelno > logging.WARNING]
    first, last = caplog.records[0].created, caplog.records[-1].created
    assert len(caplog.records) < 20 + 4 * (last - first)
