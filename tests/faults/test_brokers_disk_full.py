"""The broker's disk full: it ends itself. People work on, nothing is lost, and with room again, and
the broker started, relay, consumers and collector go on by themselves.
"""

import time
from contextlib import closing

import brokers
import pytest
import servers
from city import rating
from docker.errors import DockerException
from kafka import KafkaProducer
from reactions import Counting
from sqlalchemy import select
from test_broker_faults import all_once, heads, relay_of, running, stands, waits_for

from producers.topic import Collecting
from workflow.bus.kafka.topics import create_topics
from workflow.bus.topic import TopicBus
from workflow.storage.models import ratings

ON = ("postgresql",)


@pytest.fixture
def cramped():
    with servers.sockets_left():
        try:
            made = brokers.Cramped()
        except DockerException:
            servers.none_to_be_had(brokers.NONE)
        with closing(made):
            yield made


@pytest.mark.long
@pytest.mark.column("kafka-postgresql")
@pytest.mark.usefixtures("effects_kept")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G9")
def test_a_broker_whose_disk_is_full_is_away_and_with_room_again_all_go_on(city, cramped):
    broker = brokers.fresh(cramped.servers)
    create_topics(broker)
    _, duty = relay_of(city, broker)
    counting = Counting()
    bus = TopicBus(city.ledger, [counting], broker)
    collecting = Collecting(city.ledger, city.office.desk, broker)
    with running(duty, bus, collecting):
        city.hotline.receives(city.portal.bad_review())
        waits_for(lambda: stands(city, "counting") == heads(city))
        cramped.fill()
        deadline = time.monotonic() + 60
        while cramped.runs:
            assert time.monotonic() < deadline
            city.hotline.receives(city.portal.bad_review())
        waits_for(lambda: not (duty.pulse.ready or collecting.pulse.ready))
        cramped.make_room()
        sends(broker, "A")
        waits_for(lambda: stands(city, "counting") == heads(city))
        waits_for(lambda: taken_in(city, "A"))
    all_once(city, counting)


def sends(broker, project):
    row = rating(project, 5).model_dump_json(exclude={"source"}).encode()
    with closing(KafkaProducer(bootstrap_servers=broker.servers)) as sender:
        sender.send(broker.topic("ratings"), row, headers=[("source", b"bihuan")]).get(60)


def taken_in(city, project):
    with city.office.database.read() as conn:
        query = select(ratings.c.project_no).where(ratings.c.project_no == project)
        return conn.execute(query).first()
