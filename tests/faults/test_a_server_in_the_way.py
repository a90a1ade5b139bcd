"""What a server says, by what the caller does next: begin together, try again, wait, look."""

import os
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
from city import OPERATOR, rating
from psycopg import ConnectionInfo
from served import BIHUAN
from sqlalchemy import create_engine, func, make_url, select, text
from typer.testing import CliRunner

import schemas as s
from console.cli import app
from console.traces import looked
from console.wiring import open_office
from producers.clock import recompute
from producers.clock.recomputing import DONE
from producers.supervisors.rules import revise_calendar
from workflow.collection import collect
from workflow.errors import Away, Busy, InvalidInput
from workflow.settings import ADDRESS
from workflow.storage import postgres
from workflow.storage.models import complaints, lanes, parked, units
from workflow.storage.numbers import reached
from workflow.storage.postgres import CONNECTIONS, PostgresDatabase
from workflow.storage.schema import upgrade

ON = ("postgresql",)
"""A file's writers stand in a queue."""


def test_of_several_that_start_at_once_one_makes_the_tables(empty, tmp_path, monkeypatch):
    monkeypatch.setenv("BIHUAN_KEY", "ab" * 32)
    monkeypatch.setenv("BIHUAN_DATABASE", empty)
    with ThreadPoolExecutor(4) as pool:
        started = [pool.submit(open_office, tmp_path / str(n)) for n in range(4)]
        offices = [one.result() for one in started]
    with offices[0].database.read() as conn:
        assert conn.execute(select(func.count()).select_from(lanes)).scalar_one() == 16
        assert conn.execute(select(func.count()).select_from(units)).scalar_one() > 10
        parts = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'ratings'::regclass"
        assert conn.execute(text(parts)).scalar_one() == 8
    for office in offices:
        office.close()


def test_who_starts_while_another_migrates_waits_however_long_it_takes(
    empty, tmp_path, monkeypatch
):
    """Longer than anybody waits for a lock or an answer otherwise."""

    def at_length(conn):
        upgrade(conn)
        time.sleep(3)

    limits = {"lock_timeout": "1s", "statement_timeout": "2s"}
    monkeypatch.setattr(postgres, "LIMITS", {**postgres.LIMITS, **limits})
    monkeypatch.setattr(postgres.Awaited, "within", 2.5)
    monkeypatch.setattr("workflow.storage.schema.upgrade", at_length)
    monkeypatch.setenv("BIHUAN_KEY", "ab" * 32)
    monkeypatch.setenv("BIHUAN_DATABASE", empty)
    with ThreadPoolExecutor(3) as pool:
        started = [pool.submit(open_office, tmp_path / str(n)) for n in range(3)]
        offices = [one.result() for one in started]
    for office in offices:
        with office.database.write() as conn:
            shown = {name: conn.execute(text(f"SHOW {name}")).scalar_one() for name in limits}
        assert shown == limits
        office.close()


def lock_both(city, first, second, meeting):
    """Two complaints locked against the order that everybody keeps."""
    query = "SELECT id FROM complaints WHERE id = :id FOR UPDATE"
    with city.office.database.write() as conn:
        conn.execute(text(query), {"id": first})
        meeting.wait(60)
        conn.execute(text(query), {"id": second})


@pytest.mark.guarantee("G1")
def test_a_deadlock_is_told_as_busy_to_one_and_the_other_goes_on(city):
    one, two = city.portal.bad_review(), city.portal.bad_review()
    meeting = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        ways = [(one, two), (two, one)]
        running = [pool.submit(lock_both, city, *way, meeting) for way in ways]
        ended = [type(each.exception()) for each in running]
    assert sorted(ended, key=str) == sorted([Busy, type(None)], key=str)


@pytest.mark.guarantee("G9")
def test_no_connection_waits_without_end_for_a_lock_an_answer_or_whoever_stands_still(city):
    limits = {
        "lock_timeout": "10s",
        "statement_timeout": "2min",
        "idle_in_transaction_session_timeout": "8s",
    }
    for connects in (city.office.database.read, city.office.database.write):
        with connects() as conn:
            shown = {name: conn.execute(text(f"SHOW {name}")).scalar_one() for name in limits}
        assert shown == limits


@pytest.mark.guarantee("G9")
def test_who_waits_too_long_for_a_lock_is_told_that_the_database_is_busy(city, folder, monkeypatch):
    subject = {"id": city.portal.bad_review()}
    query = text("SELECT id FROM complaints WHERE id = :id FOR UPDATE")
    limits = {"lock_timeout": "100ms", "idle_in_transaction_session_timeout": "0"}
    monkeypatch.setattr(postgres, "LIMITS", {**postgres.LIMITS, **limits})
    with (
        closing(PostgresDatabase((folder / ADDRESS).read_text())) as database,
        database.write() as first,
    ):
        first.execute(query, subject)
        began = time.monotonic()
        with pytest.raises(Busy), database.write() as second:
            second.execute(query, subject)
        assert time.monotonic() - began < 60, "it waited for the end of the statement"


@pytest.mark.guarantee("G9")
def test_as_many_readers_as_there_are_connections_wait_for_nobody(city):
    """Each reads something else meanwhile, and records that somebody looked."""
    subject, meeting = city.portal.bad_review(), threading.Barrier(CONNECTIONS)

    def looks_round():
        with city.office.database.read() as conn:
            meeting.wait(60)
            assert conn.execute(select(func.count()).select_from(complaints)).scalar_one() == 1
            looked(city.office, OPERATOR, "timeline", subject)
            return city.office.units.version

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        found = [pool.submit(looks_round) for _ in range(CONNECTIONS)]
        assert len({one.result(10) for one in found}) == 1


@pytest.mark.guarantee("G9")
def test_one_more_than_there_are_connections_is_told_that_the_database_is_busy(city, monkeypatch):
    monkeypatch.setattr(city.office.database.engine.pool, "_timeout", 0.1)
    with ExitStack() as writers:
        for _ in range(CONNECTIONS):
            writers.enter_context(city.office.database.write())
        with pytest.raises(Busy), city.office.database.write():
            pass


def test_a_step_undone_by_others_is_done_again(city, monkeypatch):
    complaint = city.portal.bad_review()
    city.hotline.receives(complaint)
    tried = []
    transaction = city.ledger.transaction

    def refused_once():
        tried.append(True)
        if len(tried) == 1:
            raise Busy
        return transaction()

    monkeypatch.setattr(city.ledger, "transaction", refused_once)
    city.step(complaint, s.ComplaintClaimed, OPERATOR)
    assert len(tried) == 2
    assert city.timeline(complaint).count("ComplaintClaimed") == 1


@pytest.fixture(params=["40001", "40P01"])
def undone_twice(city, request):
    """A server that undoes the next two transactions that append: answers how often it has."""
    database = city.office.database
    words = f"""
        CREATE SEQUENCE trouble;
        CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF nextval('trouble') <= 2 THEN
            RAISE EXCEPTION 'undone' USING ERRCODE = '{request.param}';
          END IF; RETURN NEW; END $$;
        CREATE TRIGGER undo BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION undo();"""
    with database.write() as conn:
        conn.exec_driver_sql(words)

    def times():
        with database.read() as conn:
            return min(2, conn.execute(text("SELECT last_value FROM trouble")).scalar_one())

    def again():
        with database.write() as conn:
            conn.execute(text("ALTER SEQUENCE trouble RESTART"))

    return times, again


@pytest.mark.guarantee("G2")
def test_what_the_server_undoes_is_done_again_by_people_platforms_and_consumers(city, undone_twice):
    times, again = undone_twice
    complaint = city.portal.bad_review()
    assert times() == 2
    again()
    assert city.drain()
    assert times() == 2
    assert city.state(complaint) == "核实中"
    again()
    city.step(complaint, s.ComplaintClaimed, OPERATOR)
    assert times() == 2
    assert city.timeline(complaint).count("ComplaintClaimed") == 1
    with city.office.database.read() as conn:
        assert conn.execute(select(parked)).all() == []
    assert city.damage() == []


def stand_in_the_way(city, complaint, holding, ours_waits):
    """Locks against the order that everybody keeps, and lets the other one be undone for it."""
    with city.office.database.write() as conn:
        conn.execute(text("SET LOCAL deadlock_timeout = '20s'"))
        conn.execute(text("SELECT * FROM lanes ORDER BY lane FOR UPDATE"))
        holding.set()
        assert ours_waits.wait(60)
        conn.execute(text("SELECT * FROM complaints WHERE id = :id FOR UPDATE"), {"id": complaint})


def somebody_waits(city):
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with city.office.database.read() as conn:
        return conn.execute(text(query)).scalar_one()


def deadlocks(city):
    query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    with city.office.database.read() as conn:
        return conn.execute(text(query)).scalar_one()


@pytest.mark.guarantee("G2")
def test_a_step_undone_by_a_deadlock_is_done_again(city):
    complaint = city.portal.bad_review()
    city.hotline.receives(complaint)
    holding, ours_waits, before = threading.Event(), threading.Event(), deadlocks(city)
    with ThreadPoolExecutor(2) as pool:
        other = pool.submit(stand_in_the_way, city, complaint, holding, ours_waits)
        assert holding.wait(60)
        ours = pool.submit(city.step, complaint, s.ComplaintClaimed, OPERATOR)
        while not somebody_waits(city):
            time.sleep(0.02)
        ours_waits.set()
        ours.result(30)
        other.result(30)
    deadline = time.monotonic() + 60  # a connection that rests counts after ten seconds at most
    while deadlocks(city) == before:
        assert time.monotonic() < deadline, "there was none"
        time.sleep(0.2)
    assert city.timeline(complaint).count("ComplaintClaimed") == 1
    assert city.damage() == []


def delete_and_be_ended(database):
    """Deletes all complaints, but somebody ends the connection before the commit."""
    with database.write() as conn:
        conn.execute(complaints.delete())
        mine = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with database.write() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
        conn.execute(text("SELECT 1"))


@pytest.mark.guarantee("G1")
def test_a_connection_ended_in_mid_transaction_is_away_and_nothing_is_half_done(city):
    complaint = city.portal.bad_review()
    with pytest.raises(Away):
        delete_and_be_ended(city.office.database)
    assert city.timeline(complaint) == ["ReviewCollected"]
    assert city.portal.bad_review()
    assert city.damage() == []


@pytest.mark.guarantee("G1")
def test_connections_ended_while_they_rest_are_made_anew_before_anybody_is_told(city, monkeypatch):
    complaint = city.portal.bad_review()
    monkeypatch.setattr(postgres, "RESTED", 0.0)
    ended = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with city.office.database.write(), city.office.database.write():
        pass  # two that rest
    with city.office.database.write() as conn:
        assert conn.execute(ended).scalar_one() > 0
    time.sleep(0.2)
    assert city.timeline(complaint) == ["ReviewCollected"]
    city.hotline.receives(complaint)
    assert city.damage() == []


def test_a_server_that_is_not_there_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("BIHUAN_DATABASE", "postgresql://nobody:geheim@127.0.0.1:9/none")
    with pytest.raises(Away, match="连不上") as told:
        open_office(tmp_path)
    assert "geheim" not in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_a_process_waits_for_a_server_that_is_away_says_so_once_and_ends_when_told(tmp_path):
    away = {"BIHUAN_DATABASE": "postgresql://nobody:geheim@127.0.0.1:9/none"}
    command = [BIHUAN, "clock", "--data", str(tmp_path)]
    with subprocess.Popen(
        command, env={**os.environ, **away}, stderr=subprocess.PIPE, text=True
    ) as process:
        assert "until the database is there: 数据库暂时连不上" in process.stderr.readline()
        time.sleep(2.5)
        assert process.poll() is None
        process.terminate()
        assert process.wait(1) == -signal.SIGTERM
        assert process.stderr.read() == ""


@pytest.mark.parametrize("command", ["check", "clock"])
def test_a_server_that_does_not_let_us_in_is_not_waited_for(postgres, tmp_path, command):
    nobodys = {"BIHUAN_DATABASE": f"{postgres}/nobodys"}
    told = CliRunner().invoke(app, [command, "--data", str(tmp_path)], env=nobodys)
    assert told.exit_code == 2, told.output
    assert "不让进，请改好 BIHUAN_DATABASE" in told.output
    assert 'database "nobodys" does not exist' in told.output


def test_a_role_that_may_not_come_in_is_told_so(postgres, tmp_path):
    """It has no LOGIN, or no CONNECT to the database."""
    server = create_engine(f"{postgres}/postgres", isolation_level="AUTOCOMMIT")
    name = f"shut_{os.getpid()}"
    to = make_url(postgres).set(username=name, password="x1", database=name)
    given = {"BIHUAN_DATABASE": to.render_as_string(hide_password=False)}

    def told():
        result = CliRunner().invoke(app, ["check", "--data", str(tmp_path)], env=given)
        return result.exit_code, result.output

    try:
        with server.connect() as conn:
            conn.execute(text(f"CREATE ROLE {name} NOLOGIN PASSWORD 'x1'"))
            conn.execute(text(f"CREATE DATABASE {name}"))
            conn.execute(text(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC"))
            code, said = told()
            assert code == 2, said
            assert "不让进" in said
            assert "not permitted to log in" in said
            conn.execute(text(f"ALTER ROLE {name} LOGIN"))
            code, said = told()
            assert code == 2, said
            assert "不让进" in said
            assert "permission denied for database" in said
    finally:
        with server.connect() as conn:
            conn.execute(text(f"DROP DATABASE IF EXISTS {name}"))
            conn.execute(text(f"DROP ROLE IF EXISTS {name}"))
        server.dispose()


def test_a_host_that_vanishes_without_a_word_is_given_up_in_half_a_minute(empty):
    """Only the system can see that; here it is asked whether it was told to look."""
    database = PostgresDatabase(empty)
    with database.engine.connect() as conn:
        fileno = conn.connection.driver_connection.fileno()
        with socket.socket(fileno=os.dup(fileno)) as line:
            waits = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            asks = [
                line.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            ]
            assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    database.close()
    idle, each, times = asks
    assert waits == 30_000
    assert idle + each * times == 30


def test_a_server_that_is_too_old_is_refused_in_a_line_at_each_opening(folder, monkeypatch):
    monkeypatch.setattr(ConnectionInfo, "server_version", property(lambda _: 140_009))
    for words in (["check"], ["serve", "--port", "0"], ["import", __file__, "--source", "bihuan"]):
        told = CliRunner().invoke(app, [*words, "--data", str(folder)])
        assert told.exit_code == 2, told.output
        (line,) = told.output.splitlines()
        assert "PostgreSQL 15 或更新的版本" in line
        assert "PostgreSQL 14" in line


def test_what_the_address_says_of_its_connections_is_kept_beside_our_limits(
    empty, tmp_path, monkeypatch
):
    """Tables in a schema of their own, as where several programs share a database."""
    with closing(PostgresDatabase(empty)) as owners, owners.write() as conn:
        conn.execute(text("CREATE SCHEMA bihuan"))
    said = "options=-csearch_path%3Dbihuan&keepalives_idle=60&connect_timeout=9"
    monkeypatch.setenv("BIHUAN_KEY", "ab" * 32)
    monkeypatch.setenv("BIHUAN_DATABASE", f"{empty}?{said}")
    with closing(open_office(tmp_path)) as office, office.database.write() as conn:
        where = "SELECT schemaname, count(*) FROM pg_tables WHERE tablename = 'events' GROUP BY 1"
        assert conn.execute(text(where)).all() == [("bihuan", 1)]
        assert conn.execute(text("SHOW lock_timeout")).scalar() == postgres.LIMITS["lock_timeout"]
        assert conn.execute(text("SHOW application_name")).scalar() == postgres.WRITING
        told = conn.connection.driver_connection.info.get_parameters()
    assert (told["keepalives_idle"], told["connect_timeout"]) == ("60", "9")
    assert told["keepalives_count"] == "4"


@pytest.mark.parametrize("address", ["nonsense", "mysql://x/y"])
def test_what_is_no_address_of_a_server_is_refused_without_being_shown(address):
    with pytest.raises(InvalidInput, match="BIHUAN_DATABASE"):
        PostgresDatabase(address)


def collected_meanwhile(city, begun, over):
    """The complaint of a batch that is not committed before it may be."""

    def holds(_conn, _answers):
        begun.set()
        assert over.wait(60)

    desk = city.office.desk()
    told = collect(city.ledger, desk, "bihuan", [(1, rating("P1", 1))], also=holds)
    return told.rows[0].complaint


def test_who_began_before_a_notice_is_looked_at_once_he_is_done(city, elsewhere):
    begun, over = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        collecting = pool.submit(collected_meanwhile, city, begun, over)
        assert begun.wait(60)
        given = {"version": "台风", "notice": "通知", "off": ["2021-09-17"]}
        revise_calendar(elsewhere.ledger, account="监督01", **given)
        assert recompute(elsewhere.ledger) == 0
        over.set()
        early = collecting.result(20)
    assert recompute(elsewhere.ledger) > 0
    late = elsewhere.portal.bad_review()
    for name, opened in city.complaint(late).limits.items():
        assert city.complaint(early).limits[name].due_at == opened.due_at, name
    with city.office.database.read() as conn:
        assert reached(conn, DONE) == 1
    assert city.damage() == []


@pytest.mark.parametrize("use", ["read", "write"])
def test_a_connection_in_use_while_the_database_is_closed_is_ended_when_given_back(folder, use):
    database = open_office(folder).database
    with getattr(database, use)() as conn:
        raw = conn.connection.dbapi_connection
        database.close()
        assert not raw.closed
    assert raw.closed


def test_a_statement_is_not_waited_for_without_end_but_one_of_a_migration(folder, monkeypatch):
    database = open_office(folder).database
    takes = text("SELECT pg_sleep(1)")
    with database.write():
        pass
    monkeypatch.setattr(postgres.Awaited, "within", 0.3)
    with database.write() as conn:
        upgrade(conn)
        conn.execute(takes)
    for use in (database.read, database.write):
        with pytest.raises(Away, match=r"no answer within 0\.3 s"), use() as conn:
            conn.execute(takes)
        with use() as conn:
            assert conn.execute(text("SELECT 1")).scalar() == 1, "a new one"
    database.close()


def test_who_stood_still_in_mid_transaction_is_told_that_the_server_hung_up(city):
    with pytest.raises(Away, match="idle-in-transaction"):
        stands_still(city.office.database)


def stands_still(database):
    with database.write() as conn:
        conn.execute(text("SET LOCAL idle_in_transaction_session_timeout = '100ms'"))
        time.sleep(0.5)
        conn.execute(text("SELECT 1"))
