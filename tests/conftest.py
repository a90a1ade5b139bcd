"""Fixtures for stories: a prepared database is made once a worker and copied for each test."""

import os
import secrets
import shutil
import tempfile
from contextlib import ExitStack, closing
from math import inf
from pathlib import Path
from zlib import crc32

import brokers
import browser
import compiled
import pytest
import served
import servers
from argon2 import PasswordHasher
from city import City
from cluster import Cluster
from kills import KILLS, ROUNDS, WHOLE, seed
from matrix import Matrix
from reactions import make_room
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError
from storages import STORAGES, Postgres, Sqlite
from turns import Turns, place_of
from zygote import Zygote

from console.accounts import passwords
from workflow.bus.kafka.topics import create_topics, delete_topics
from workflow.settings import ADDRESS


def pytest_configure(config):
    config.pluginmanager.register(Matrix(config), "matrix")
    os.environ.setdefault("BIHUAN_FAULT_SEED", secrets.token_hex(4))
    compiled.share()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Turns(config, log)


def pytest_report_header():
    return f"faults: {ROUNDS} of each, {KILLS} of each kill, BIHUAN_FAULT_SEED={seed()}"


THINNED = 12
"""Of the integration stories on PostgreSQL the shortest run tells one in so many, always the same
ones; each is told on SQLite, and all of them on both with BIHUAN_WHOLE=1, as in the gate.
"""


def pytest_collection_modifyitems(config, items):
    """The shortest run leaves out what is marked as long, and most of what SQLite has told."""
    items.sort(key=place_of)
    if WHOLE:
        return
    left_out = [item for item in items if item.get_closest_marker("long") or told_before(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def told_before(item):
    """Whether this is one of the stories on PostgreSQL that the shortest run does without."""
    kind = getattr(item, "callspec", None) and item.callspec.params.get("storage")
    elsewhere = getattr(item.module, "ON", STORAGES)
    if kind != "postgresql" or "integration" not in item.path.parts or "sqlite" not in elsewhere:
        return False
    return crc32(item.nodeid.encode()) % THINNED != 0


def pytest_generate_tests(metafunc):
    """Integration stories run on every database there is, or on those their module names."""
    if "storage" in metafunc.fixturenames:
        everywhere = {"integration", "faults"} & {*metafunc.definition.path.parts}
        kinds = getattr(metafunc.module, "ON", STORAGES if everywhere else STORAGES[:1])
        metafunc.parametrize("storage", kinds, indirect=True, scope="session")


def pytest_terminal_summary(terminalreporter):
    """One line for the stories that had no server, or no browser, to run on."""
    skipped = terminalreporter.stats.get("skipped", ())
    for what in (servers.NONE, brokers.NONE, browser.NONE):
        without = sum(what in str(report.longrepr) for report in skipped)
        if without:
            terminalreporter.write_line(f"{without} tests skipped: {what}", yellow=True)


@pytest.fixture(scope="session", autouse=True)
def shipped():
    """The hasher of passwords as it is shipped; in the tests' own process a cheaper one stands for
    it: stories sign in by the thousand.
    """
    cheaper = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        hasher = passwords.HASHER
        patch.setattr(passwords, "HASHER", cheaper)
        yield hasher


@pytest.fixture(scope="session")
def storage(request, tmp_path_factory):
    """Where a story's data lie: `new` is a folder with a prepared, empty database, to be copied."""
    place = tmp_path_factory.mktemp(request.param)
    if request.param == "postgresql":
        made: Sqlite | Postgres = Postgres(place, request.getfixturevalue("postgres"))
    else:
        made = Sqlite(place)
    yield made
    made.close()


@pytest.fixture(scope="session")
def postgres():
    """This worker's PostgreSQL server: its address without a database's name."""
    with servers.postgres() as address:
        yield address


@pytest.fixture
def empty(postgres):
    """The address of an empty database of this worker's server."""
    engine = create_engine(f"{postgres}/postgres", isolation_level="AUTOCOMMIT")
    name = f"bihuan_empty_{os.getpid()}"
    with engine.connect() as conn:
        conn.execute(text(f'CREATE DATABASE "{name}"'))
    yield f"{postgres}/{name}"
    with engine.connect() as conn:
        conn.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


@pytest.fixture
def elsewhere(city, folder):
    """Another process of the same office."""
    made = City(folder, city.clock)
    yield made
    made.close()


ENGLISH = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'"


@pytest.fixture
def abroad(postgres, tmp_path):
    """A city on a database that compares words as a dictionary does, as servers do by default."""
    server = f"{postgres}/postgres"
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    name, folder = f"bihuan_abroad_{os.getpid()}", tmp_path / "abroad"
    with engine.connect() as conn:
        try:
            conn.execute(text(f'CREATE DATABASE "{name}" {ENGLISH}'))
        except DBAPIError:
            servers.none_to_be_had("没有 ICU：按词典比较文字的数据库建不了")
    folder.mkdir()
    (folder / ADDRESS).write_text(f"{postgres}/{name}")
    made = City(folder)
    yield made
    made.close()
    with engine.connect() as conn:
        conn.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


@pytest.fixture
def folder(storage, in_memory):
    """This test's own data folder, with a prepared, empty database."""
    place = Path(tempfile.mkdtemp(dir=in_memory))
    made = storage.copy(storage.new, place / "data")
    yield made
    storage.drop(made)
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def city(folder, monkeypatch):
    """A city at 10:00 on 2021-09-16, with nothing in it yet. Its pages keep no slow answer for a
    minute of the host's: on a busy machine each is slow, and in a story no minute passes.
    """
    monkeypatch.setattr("console.web.remembering.QUICK", inf)
    made = City(folder)
    yield made
    made.close()


@pytest.fixture
def under(folder, monkeypatch):
    """A city under the rules of the profile named; whatever happens there, the books are right in
    the end.
    """
    made = []

    def opened(profile):
        monkeypatch.setenv("BIHUAN_PROFILE", profile)
        made.append(City(folder))
        return made[-1]

    yield opened
    for city in made:
        city.drain()
        assert city.damage() == []
        city.close()


@pytest.fixture
def desks(city):
    """The console over this city, in this process."""
    from desks import Desks  # noqa: PLC0415  # most stories have no page

    return Desks(city)


@pytest.fixture
def office(city):
    """The city's office."""
    return city.office


@pytest.fixture(scope="session")
def kafka():
    """The address of a real broker."""
    with brokers.kafka() as servers:
        yield servers


@pytest.fixture
def broker(kafka):
    """A broker with this test's own topics; they are gone afterwards."""
    made = brokers.fresh(kafka)
    create_topics(made)
    yield made
    with servers.sockets_left():  # the closed clients' too
        delete_topics(made)


@pytest.fixture
def effects_kept(office):
    """Room for what the small consumers of stories leave behind."""
    make_room(office.database)


@pytest.fixture
def clusters(storage, zygote, in_memory):
    """Makes an office whose processes may be killed, one after another; all are ended."""
    with ExitStack() as ending:

        def make(broker=None, kept=None, **given):
            kept = kept or storage
            place = Path(tempfile.mkdtemp(dir=in_memory))
            folder = kept.copy(kept.new, place / "data")
            ending.callback(kept.drop, folder)
            return ending.enter_context(closing(Cluster(folder, zygote, broker, **given)))

        yield make


@pytest.fixture(scope="session")
def zygote(tmp_path_factory):
    """Starts children that may be killed; what they write to stderr is shown when a test fails."""
    errors = tmp_path_factory.mktemp("children") / "stderr"
    made = Zygote(errors)
    yield made
    made.close()


ROOM = 1 << 30
"""Bytes: a container's is often but 64 MB."""


@pytest.fixture(scope="session")
def in_memory():
    """A folder in memory where there is one: SIGKILL loses nothing there, fsync costs nothing."""
    memory = Path("/dev/shm")
    room = memory.is_dir() and shutil.disk_usage(memory).free > ROOM
    with tempfile.TemporaryDirectory(dir=memory if room else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def chromium():
    """A browser for this module's stories: its loop must not run on into other modules'."""
    with browser.chromium() as made:
        yield made


@pytest.fixture
def people(chromium):
    """`people(address, size)` is somebody with a browser of his own; nothing may go wrong there."""
    made = browser.People(chromium)
    yield made
    troubles = made.leave()
    assert not troubles, "\n".join(troubles)


@pytest.fixture
def console_process(folder):
    """The address of `bihuan serve` over this test's own data folder."""
    with served.process(folder) as address:
        yield address


@pytest.fixture
def console_here(office):
    """The address of the console over the city's office, on the city's clock."""
    with served.here(office) as address:
        yield address
