"""The server's disk full: a plain answer, nothing half done, nothing parked; with room again all go
on by themselves. Full is the small disk of the tables; the server's own journal has room, or it
would end itself, which is told in test_connections.
"""

import time
from contextlib import closing

import pytest
import servers
from city import rating
from docker.errors import DockerException
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from storages import Postgres

from workflow.clock import instant
from workflow.errors import Unwritable

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
