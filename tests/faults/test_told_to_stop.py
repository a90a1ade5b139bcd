"""SIGTERM in the middle of a batch: whoever has it in hand ends within ten seconds, be it that the
batch is done or cut off, and nothing is lost or doubled.
"""

import csv
import signal
import time

import pytest
from cluster import PATIENCE
from sqlalchemy import func, select
from zygote import acknowledged

from workflow.storage.models import ratings

WITHIN = 10.0
"""Seconds, after which whoever keeps services running kills."""

LONG = pytest.param(60, marks=pytest.mark.long)
ROWS, BATCH = 3_000, 1_000


def resting(cluster, seconds):
    """From now on processes may be told to take so long over a batch."""
    in_hand = cluster.acks.with_name("in hand")
    cluster.environment |= {"IN_HAND": str(in_hand), "RESTS": str(seconds)}
    return in_hand


def have_one_in_hand(in_hand, *names):
    deadline = time.monotonic() + PATIENCE
    while not {line["what"] for line in acknowledged(in_hand)} >= set(names):
        assert time.monotonic() < deadline, "nobody has a batch in hand"
        time.sleep(0.01)


def are_told_to_stop(cluster, *names):
    """Their exit codes."""
    for name in names:
        cluster.children[name].signal(signal.SIGTERM)
    deadline = time.monotonic() + WITHIN
    return [cluster.ends(name, deadline - time.monotonic()) for name in names]


@pytest.mark.parametrize("seconds", [1, LONG])
@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G4")
def test_all_in_one_process_with_a_batch_in_hand(clusters, seconds):
    cluster = clusters()
    cluster.counting.add("resting")
    in_hand = resting(cluster, seconds)
    cluster.start("run", also="resting_consumer")
    cluster.asks(10)
    have_one_in_hand(in_hand, "consumers")
    assert are_told_to_stop(cluster, "run") == [0]
    resting(cluster, 0)
    cluster.start("run", also="resting_consumer")
    cluster.is_answered()
    cluster.settles()
    assert cluster.told()["projects"] > 0


@pytest.mark.guarantee("G1")
def test_an_import_with_a_batch_in_hand(clusters, tmp_path):
    cluster, file = clusters(), tmp_path / "ratings.csv"
    with file.open("w", encoding="utf-8", newline="") as rows:
        table = csv.writer(rows)
        table.writerow(["projectNo", "proDepart", "areaName", "pf", "satisfaction", "assessTime"])
        for number in range(ROWS):
            given = ["区人社局", "张店区", "pad", 5, "2021-09-16 09:30:00"]
            table.writerow([f"P{number:05d}", *given])
    in_hand = resting(cluster, 60)
    cluster.commands = {**cluster.commands, "import": ["import", str(file), "--source", "bihuan"]}
    cluster.start("import", also="resting_import")
    have_one_in_hand(in_hand, "import")
    assert are_told_to_stop(cluster, "import") == [-signal.SIGTERM]
    assert stored(cluster) == BATCH
    resting(cluster, 0)
    cluster.start("import", also="resting_import")
    assert cluster.ends("import") == 0
    assert stored(cluster) == ROWS
    assert cluster.city.damage() == []


def stored(cluster):
    with cluster.city.office.database.read() as conn:
        return conn.execute(select(func.count()).select_from(ratings)).scalar_one()
