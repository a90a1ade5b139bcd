"""kill -9 of any process at random points, without Kafka: a file, and a server that two share; a
console too, by which another system comes in.
"""

import pytest
from kills import OFFICES, killed_at_random

ON = ("sqlite", "postgresql")


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G4")
@pytest.mark.guarantee("G5")
@pytest.mark.guarantee("G10")
@pytest.mark.parametrize("number", OFFICES)
def test_whoever_is_killed_nothing_is_lost_doubled_or_out_of_order(
    clusters, record_property, number
):
    record_property("kills", dict(killed_at_random(clusters(by_http=True), number)))
