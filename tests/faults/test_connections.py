"""The server's connections cut, exactly at a COMMIT and at random, and the server crashed: what was
perhaps done is asked for again and known, nothing is lost, nothing doubled.
"""

import shutil
import tempfile
import time
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
import servers
from cluster import PATIENCE
from endings import end_of
from kills import ROUNDS, seed, some_of
from proxy import Proxy
from storages import Postgres
from zygote import acknowledged

from workflow.settings import ADDRESS

ON = ("postgresql",)


@pytest.fixture
def proxy(postgres):
    with closing(Proxy(postgres)) as made:
        yield made


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.long)])
def bus(request):
    """None, or a broker with topics of its own."""
    return None if request.param == "embedded" else request.getfixturevalue("broker")


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.parametrize("cut", ["before", "after"])
def test_cut_off_at_any_commit_and_gone_on_with_it_ends_the_same(
    storage, start, undisturbed, zygote, in_memory, proxy, cut
):
    """`after`: it was committed, and nobody was told."""
    commits, expected = undisturbed
    cuts = []
    for point in some_of(commits, storage):
        place = Path(tempfile.mkdtemp(dir=in_memory))
        folder = storage.copy(start, place / "data")
        (folder / ADDRESS).write_text(proxy.way_to((folder / ADDRESS).read_text()))
        proxy.commits, proxy.cuts = 0, 0
        proxy.cut = lambda number, point=point: cut if number == point else None
        told = str(place / "acks")
        assert zygote.run("scenarios:insistent_quarter", folder=str(folder), acks=told) == 0
        assert proxy.commits, "the proxy saw none"
        assert proxy.cuts == (proxy.commits >= point)
        cuts.append(proxy.cuts)
        ended = end_of(folder, acknowledged(place / "acks"))
        assert ended == expected, f"cut {cut} commit {point} of {commits}"
        storage.drop(folder)
        shutil.rmtree(place)
    assert any(cuts), "none was cut off"


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G10")
def test_with_one_commit_in_ten_cut_off_all_that_was_answered_is_there_once(clusters, bus, proxy):
    rng = Random(seed())
    cluster = clusters(bus, through=proxy)
    cluster.start(*cluster.commands)
    for done in range(ROUNDS):
        proxy.cut = lambda _: rng.choice(["before", "after"]) if rng.random() < 0.1 else None
        deadline = time.monotonic() + PATIENCE
        while proxy.cuts <= 10 * (done + 1):
            assert time.monotonic() < deadline, "too little is cut off"
            cluster.asks(10)
            cluster.is_answered()
        proxy.cut = lambda _: None
        cluster.settles()
    assert proxy.cuts > 10


@pytest.fixture(scope="module")
def mortal(tmp_path_factory):
    """A server of this module's own, and the databases on it."""
    place = tmp_path_factory.mktemp("mortal")
    with servers.own() as server, closing(Postgres(place, server.address)) as kept:
        yield server, kept


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G10")
def test_the_server_crashes_under_load_and_all_go_on_by_themselves(clusters, bus, mortal):
    server, kept = mortal
    rng = Random(seed())
    cluster = clusters(bus, kept=kept)
    cluster.is_under_way()
    before = cluster.told()["event"]
    for _ in range(ROUNDS):
        cluster.asks(10)
        cluster.answers(rng.randint(1, 10))
        server.crash()
        time.sleep(rng.uniform(0.0, 1.0))
        server.start()
        cluster.is_answered()
        cluster.settles()
    assert cluster.told()["event"] > before


@pytest.mark.guarantee("G10")
def test_processes_started_while_the_server_is_away_begin_once_it_is_there(clusters, bus, mortal):
    server, kept = mortal
    cluster = clusters(bus, kept=kept)
    server.crash()
    cluster.start(*cluster.commands)
    time.sleep(3.0)
    assert all(cluster.runs(name) for name in cluster.commands)
    server.start()
    cluster.asks(10)
    cluster.is_answered()
    cluster.settles()
