"""The server's disk full: a plain answer, nothing half done, nothing parked; with room again all go
on by themselves. Full is the small disk of the tables; the server's own journal has room, or it
would end itself, which is told in test_connections.
"""

import time
from contextlib import closing

import psycopg
import pytest
import servers
from city import rating
from disks import Disk
from docker.errors import DockerException
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from storages import Postgres

from workflow.clock import instant
from workflow.errors import Away, Unwritable

ON = ("postgresql",)
BLOCK = "INSERT INTO filler SELECT repeat('x', 900) FROM generate_series(1, {rows})"


@pytest.fixture(scope="module")
def cramped(tmp_path_factory):
    """Databases whose tables have forty megabytes in all."""
    try:
        server = servers.Contained({"/small": "size=40m,mode=0777"})
    except DockerException:
        servers.none_to_be_had("no Docker engine answers")
    with closing(server):
        server.start()
        made = ["install", "-d", "-o", "postgres", "/small/space"]
        assert server.container.get_wrapped_container().exec_run(made, user="root").exit_code == 0
        engine = create_engine(f"{server.address}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            conn.execute(text("CREATE TABLESPACE small LOCATION '/small/space'"))
        engine.dispose()
        place = tmp_path_factory.mktemp("cramped")
        with closing(Postgres(place, server.address, copied="TABLESPACE small")) as kept:
            yield kept


def fill(database):
    """To the last page."""
    with database.write() as conn:
        conn.execute(text("CREATE TABLE filler (x text)"))
    rows = 4096
    while rows:
        try:
            with database.engine.begin() as conn:
                conn.execute(text(BLOCK.format(rows=rows)))
        except DBAPIError as full:
            assert full.orig.sqlstate == "53100", full
            rows //= 2


def send(city):
    """Until there is no room."""
    for batch in range(200):
        at = instant(city.clock() - 1_800_000_000)
        city.portal.sends(*(rating(f"FULL-{batch}-{n}", 1, assessTime=at) for n in range(20)))


@pytest.mark.long
@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G9")
@pytest.mark.guarantee("G10")
def test_a_full_disk_is_told_and_with_room_again_all_go_on_by_themselves(clusters, cramped):
    cluster = clusters(kept=cramped)
    cluster.start(*cluster.commands)
    cluster.asks(3)
    cluster.is_answered()
    cluster.settles()
    database = cluster.city.office.database
    fill(database)
    cluster.asks(30)
    with pytest.raises(Unwritable):
        send(cluster.city)
    time.sleep(1)
    with database.write() as conn:
        conn.execute(text("DROP TABLE filler"))
    cluster.is_answered()
    cluster.settles()


@pytest.fixture
def confined(tmp_path):
    """A server all of whose data, its journal too, have one small disk; and that disk."""
    try:
        disk = Disk(160)
    except DockerException:
        servers.none_to_be_had("no Docker engine answers")
    with closing(disk), closing(servers.Contained(on=disk)) as server:
        server.start()
        with closing(Postgres(tmp_path, server.address)) as kept:
            yield server, disk, kept


def plainly(server):
    url = make_url(server.address).set(drivername="postgresql", database="postgres")
    return url.render_as_string(hide_password=False)


def is_kept_running(server):
    """By whoever does: it may only be about to end."""
    deadline = time.monotonic() + 120
    while True:
        with servers.sockets_left():
            server.container.get_wrapped_container().start()
        try:
            psycopg.connect(plainly(server)).close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.5)
        else:
            return


def use_up_the_journal(server):
    """Until the server ends itself: it cannot be without the next piece of it."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with psycopg.connect(plainly(server)) as conn:
                conn.execute("SELECT pg_logical_emit_message(false, 'story', repeat('x', 999))")
                conn.execute("SELECT pg_switch_wal()")
        except psycopg.OperationalError:
            return
        assert time.monotonic() < deadline


@pytest.mark.long
@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G9")
@pytest.mark.guarantee("G10")
def test_a_server_that_ends_itself_for_want_of_room_is_away_and_with_room_again_all_go_on(
    confined, clusters
):
    server, disk, kept = confined
    cluster = clusters(kept=kept)
    cluster.start(*cluster.commands)
    cluster.asks(3)
    cluster.is_answered()
    cluster.settles()
    disk.fill()
    cluster.asks(3)
    with pytest.raises((Unwritable, Away)):
        send(cluster.city)
    use_up_the_journal(server)
    with pytest.raises(Away):
        send(cluster.city)
    time.sleep(2)
    disk.make_room()
    is_kept_running(server)
    cluster.is_answered()
    cluster.settles()
