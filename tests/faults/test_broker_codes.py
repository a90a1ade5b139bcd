"""What a healthy broker never says, said by librdkafka's mock cluster: codes of every kind, leaders
that move, are missing, or hang up. Nothing is lost or doubled, and all go on by themselves.
"""

import time
from contextlib import closing

import pytest
from mock_brokers import BROKERS, NOBODY, MockBrokers, asks_as_it_answers
from reactions import Counting
from test_broker_faults import all_once, heads, relay_of, running, stands, waits_for

from workflow.bus.runner import Runner
from workflow.bus.topic import TopicBus

ON = ("sqlite",)
UNKNOWN, OUT_OF_RANGE, NO_TOPIC, NO_LEADER, NOT_LEADER, TIMED_OUT = -1, 1, 3, 5, 6, 7
LOADING, NO_COORDINATOR, NOT_COORDINATOR, TOO_FEW, TOO_FEW_AFTER = 14, 15, 16, 19, 20
OLD_GENERATION, UNKNOWN_MEMBER, REBALANCING, POLICY, DISK = 22, 25, 27, 44, 56
OUT_OF_ORDER, FENCED, UNKNOWN_EPOCH = 45, 74, 75
GROUPS = (LOADING, NO_COORDINATOR, NOT_COORDINATOR)
CODES = {
    "produce": (
        NOT_LEADER,
        NO_TOPIC,
        TIMED_OUT,
        TOO_FEW,
        TOO_FEW_AFTER,
        DISK,
        POLICY,
        OUT_OF_ORDER,
    ),
    "init producer": GROUPS,
    "metadata": (NO_LEADER, NO_TOPIC),
    "fetch": (NOT_LEADER, NO_TOPIC, OUT_OF_RANGE, DISK, FENCED, UNKNOWN_EPOCH, UNKNOWN),
    "list offsets": (NOT_LEADER, NO_LEADER, DISK),
    "commit": (*GROUPS, OLD_GENERATION, UNKNOWN_MEMBER, REBALANCING, TIMED_OUT),
    "fetch offsets": GROUPS,
    "find coordinator": (NO_COORDINATOR, UNKNOWN),
    "join": (*GROUPS, UNKNOWN_MEMBER),
    "heartbeat": (*GROUPS, OLD_GENERATION, UNKNOWN_MEMBER, REBALANCING),
    "sync": (*GROUPS, UNKNOWN_MEMBER, REBALANCING),
}

pytestmark = [
    pytest.mark.long,
    pytest.mark.usefixtures("effects_kept"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def mock(monkeypatch):
    asks_as_it_answers(monkeypatch)
    monkeypatch.setattr("workflow.bus.kafka.SENT_WITHIN", 5.0)
    monkeypatch.setattr("workflow.bus.kafka.SESSION_MS", 4500)
    monkeypatch.setattr(Runner, "step", lambda _: 0)  # nobody helps himself from the log
    with closing(MockBrokers()) as made:
        yield made


def handled(city):
    """One more rating, and all of the log handled."""
    city.hotline.receives(city.portal.bad_review())
    waits_for(lambda: stands(city, "counting") == heads(city))


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G4")
@pytest.mark.guarantee("G9")
@pytest.mark.parametrize("ask", CODES)
def test_whatever_code_a_broker_answers_all_is_handled_once(city, mock, ask):
    _, duty = relay_of(city, mock.broker)
    counting = Counting()
    mock.will_answer(ask, *CODES[ask])
    with running(duty, TopicBus(city.ledger, [counting], mock.broker)):
        while mock.asked(ask) <= len(CODES[ask]):
            handled(city)
            time.sleep(0.2)
        handled(city)
    all_once(city, counting)


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G4")
@pytest.mark.guarantee("G9")
def test_leaders_that_move_are_missing_or_hang_up_are_found_again(city, mock):
    _, duty = relay_of(city, mock.broker)
    counting = Counting()
    with running(duty, TopicBus(city.ledger, [counting], mock.broker)):
        for number in range(1, BROKERS + 1):
            mock.leads("complaints", number)
            mock.coordinates("counting", number)
            handled(city)
            mock.leads("complaints", NOBODY)
            city.hotline.receives(city.portal.bad_review())
            time.sleep(1)
            mock.leads("complaints", number)
            handled(city)
            with mock.without(number):
                city.hotline.receives(city.portal.bad_review())
                time.sleep(2)
            handled(city)
    all_once(city, counting)
