"""An error that nobody foresaw stops none of the loops: it is told, and the work begun anew."""

import gc

import pytest
from city import rating
from reactions import Counting
from test_broker_faults import all_once, heads, relay_of, rows_in, running, stands, waits_for
from zygote import acknowledge

from producers.topic import Collecting
from workflow.bus.broker import Message
from workflow.bus.kafka import Publisher
from workflow.bus.runner import Runner
from workflow.bus.topic import TopicBus
from workflow.storage.models import ratings

ON = ("postgresql",)

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def failing_once(does):
    errors = [ValueError("坏")]

    def fails_or_does(*given, **named):
        if errors:
            raise errors.pop()
        return does(*given, **named)

    return fails_or_does


@pytest.fixture
def wait_for_it(caplog):
    """Waits until the log tells that this one was stopped."""

    def wait(name):
        waits_for(lambda: f"{name} was stopped by an error; it starts again" in caplog.text)

    yield wait
    gc.collect()  # the closed clients' sockets


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G9")
@pytest.mark.usefixtures("effects_kept")
def test_relay_and_consumer_go_on_after_an_error(city, broker, monkeypatch, wait_for_it):
    publisher = Publisher(broker)
    monkeypatch.setattr(publisher, "publish", failing_once(publisher.publish))
    monkeypatch.setattr(Runner, "feed", failing_once(Runner.feed))
    _, duty = relay_of(city, broker, publisher)
    counting = Counting()
    bus = TopicBus(city.ledger, [counting], broker)
    with running(duty, bus):
        city.hotline.receives(city.portal.bad_review())
        wait_for_it("relay")
        wait_for_it("counting")
        waits_for(lambda: stands(city, "counting") == stands(city, "relay") == heads(city))
        waits_for(lambda: duty.pulse.ready and bus.pulses[0].ready)
    all_once(city, counting)


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G9")
def test_the_collector_goes_on_after_an_error(city, broker, told, monkeypatch, wait_for_it):
    monkeypatch.setattr(Collecting, "_take", failing_once(Collecting._take))
    row = rating("A", 5).model_dump_json(exclude={"source"}).encode()
    publisher = Publisher(broker)
    publisher.publish([Message("ratings", 0, None, row, [("source", b"bihuan")])])
    publisher.close()
    acknowledge(told, kind="Rating", project="A")
    job = Collecting(city.ledger, city.office.desk, broker)
    with running(job):
        wait_for_it("collecting")
        waits_for(lambda: rows_in(city, ratings))
        waits_for(lambda: job.pulse.ready)
    assert len(rows_in(city, ratings)) == 1
