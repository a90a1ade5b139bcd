"""A server that takes connections and answers nobody: whoever asks is told so in a moment, nothing
is lost or doubled, and when it answers again all go on by themselves.
"""

import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager

import pytest
import servers
from cluster import RUN
from docker.errors import DockerException
from storages import Postgres

from workflow.errors import Away

ON = ("postgresql",)


@pytest.fixture(scope="module")
def mortal(tmp_path_factory):
    """A server of this module's own, and the databases on it."""
    try:
        server = servers.Contained()
    except DockerException:
        servers.none_to_be_had("no Docker engine answers")
    place = tmp_path_factory.mktemp("stuck")
    with closing(server):
        server.start()
        with closing(Postgres(place, server.address)) as kept:
            yield server, kept


@contextmanager
def stuck(server):
    with servers.sockets_left():
        server.container.get_wrapped_container().pause()
    try:
        yield
    finally:
        with servers.sockets_left():
            server.container.get_wrapped_container().unpause()


def ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=3) as answer:
            return answer.status == 200
    except urllib.error.HTTPError as error:
        assert error.code == 503
        return False


def becomes(wanted, port, seconds):
    deadline = time.monotonic() + seconds
    while ready(port) is not wanted:
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.long
@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G9")
@pytest.mark.guarantee("G10")
def test_a_stuck_server_is_told_in_a_moment_and_all_go_on_when_it_answers(clusters, mortal):
    server, kept = mortal
    port = servers.free_port()
    cluster = clusters(kept=kept)
    cluster.commands = {**cluster.commands, "run": [*RUN, "--health-port", str(port)]}
    cluster.is_under_way()
    becomes(True, port, 60)
    before = cluster.told()["event"]
    cluster.asks(20)
    cluster.answers(3)
    with stuck(server):
        started = time.monotonic()
        becomes(False, port, 8)
        with pytest.raises(Away, match="暂时连不上"):
            cluster.city.portal.bad_review()
        assert time.monotonic() - started < 25
        time.sleep(max(0.0, started + 20 - time.monotonic()))
        assert not ready(port)
    becomes(True, port, 60)
    cluster.is_answered()
    cluster.settles()
    assert cluster.told()["event"] > before
