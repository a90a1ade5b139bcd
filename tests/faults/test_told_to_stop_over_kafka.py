"""SIGTERM in the middle of a batch, over Kafka: a consumer and a collector have one in hand."""

import pytest
from test_told_to_stop import LONG, are_told_to_stop, have_one_in_hand, resting

ON = ("postgresql",)


@pytest.mark.parametrize("seconds", [1, LONG])
@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G4")
def test_a_consumer_and_a_collector_with_a_batch_in_hand(clusters, broker, seconds):
    cluster = clusters(broker)
    cluster.counting.add("resting")
    in_hand = resting(cluster, seconds)
    cluster.start("relay", "clock")
    cluster.start("consumers", also="resting_consumer")
    cluster.start("collector", also="resting_collector")
    cluster.asks(12)
    have_one_in_hand(in_hand, "consumers", "collector")
    assert are_told_to_stop(cluster, "consumers", "collector") == [0, 0]
    resting(cluster, 0)
    cluster.start("consumers", also="resting_consumer")
    cluster.start("collector", also="resting_collector")
    cluster.is_answered()
    cluster.settles()
    assert cluster.told()["projects"] > 0
