"""kill -9 of any process at random points, over Kafka: two of each job, a process each."""

import pytest
from kills import OFFICES, killed_at_random

ON = ("postgresql",)


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G4")
@pytest.mark.guarantee("G5")
@pytest.mark.guarantee("G10")
@pytest.mark.parametrize("number", OFFICES)
def test_whoever_is_killed_nothing_is_lost_doubled_or_out_of_order(
    clusters, broker, record_property, number
):
    kills = killed_at_random(clusters(broker), number)
    record_property("kills", dict(kills))  # workers send plain values only
