"""An embedded database goes to PostgreSQL: nothing changes on the way, or nothing has moved."""

import json
import re

import pytest
from city import HANDLER, City, VirtualClock, rating, service
from console_pages import PASSWORD, signed_up
from proxy import Proxy
from psycopg import ConnectionInfo
from sqlalchemy import create_engine, inspect, make_url, text, update
from storages import Sqlite
from typer.testing import CliRunner

import schemas as s
from console.accounts.signing import sign_in
from console.cli import app
from console.moving import move
from console.wiring import open_office
from producers import departments
from schemas.envelope import Role
from workflow.errors import Away, Busy, Damaged, InvalidInput, MovedAway, Unwritable
from workflow.settings import ADDRESS
from workflow.storage.models import conflicts, events
from workflow.storage.moving import sums


@pytest.fixture(scope="module")
def file_story(tmp_path_factory):
    """A day's work in an embedded database."""
    made = Sqlite(tmp_path_factory.mktemp("moving"))
    city = City(made.new)
    city.portal.sends(service("A"), service("B"), rating("A", 1), rating("B", 2), rating("C"))
    city.portal.sends(rating("A", 1, assessNumber="2"), rating("B", 1), rating("X", proDepart="无"))
    city.drain()
    city.hotline.confirms("CP21-0001")
    city.drain()
    city.step("CP21-0001", s.WorkOrderAcknowledged, HANDLER, key="k1")
    written = {"account": HANDLER.name, "unit": str(HANDLER.unit)}
    departments.save_draft(city.ledger, "CP21-0001", **written, values={"facts": "第一句"})
    scan = {"name": "记录.pdf", "content": b"%PDF-" + bytes(1 << 20)}
    departments.attach(city.ledger, "CP21-0001", **written, **scan)
    city.drain()
    assert city.damage() == []
    signed_up(city.office, "甲", Role.OPERATOR)
    city.close()
    return made


@pytest.fixture
def embedded(file_story, tmp_path):
    city = City(file_story.copy(file_story.new, tmp_path / "data"))
    yield city
    city.close()


def nothing_moved(embedded):
    """The folder names no server, and the file takes events."""
    assert not (embedded.office.data / ADDRESS).exists()
    embedded.portal.bad_review()


def tables_at(address):
    engine = create_engine(address)
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()


@pytest.mark.guarantee("G8")
def test_moved_whole_the_loop_goes_on_where_it_stood(embedded, empty):
    with embedded.office.database.read() as conn:
        before = sums(conn)
    heads = embedded.timeline("CP21-0001")
    proof = move(embedded.office, empty)
    assert proof.tables == before
    assert before["events"].rows > 10
    assert (before["drafts"].rows, before["attachments"].rows) == (1, 1)
    moved = City(embedded.office.data, VirtualClock())
    try:
        assert moved.office.database.place.startswith("postgresql")
        with moved.office.database.read() as conn:
            assert sums(conn) == before
        assert moved.damage() == []
        assert moved.timeline("CP21-0001") == heads
        assert sign_in(moved.office, "甲", PASSWORD)
        moved.department.submits("CP21-0001")
        moved.portal.sends(rating("B", 2, writingEvaluation="别的话"), rating("Z", 1))
        assert moved.drain()
        assert moved.damage() == []
        with moved.office.database.read() as conn:
            assert len(conn.execute(conflicts.select()).all()) > before["conflicts"].rows
    finally:
        moved.close()


@pytest.mark.guarantee("G1")
def test_what_still_has_the_file_open_records_nothing_more(embedded, empty):
    move(embedded.office, empty)
    with pytest.raises(MovedAway, match="已搬走"):
        embedded.portal.sends(rating("Y", 5))
    with pytest.raises(MovedAway, match="已搬走"):
        sign_in(embedded.office, "甲", PASSWORD)


def test_given_again_once_it_is_done_it_says_so_and_the_file_stays_sealed_off(embedded, empty):
    move(embedded.office, empty)
    moved = City(embedded.office.data, VirtualClock())
    moved.portal.bad_review()
    moved.close()
    with pytest.raises(InvalidInput, match="已经搬走"):
        move(embedded.office, empty)
    with pytest.raises(MovedAway, match="已搬走"):
        embedded.portal.sends(rating("Y", 5))


def test_given_again_after_a_kill_it_only_finishes(embedded, empty):
    move(embedded.office, empty)
    (embedded.office.data / ADDRESS).unlink()
    assert move(embedded.office, empty).tables
    assert (embedded.office.data / ADDRESS).stat().st_mode & 0o777 == 0o600


def test_killed_in_between_the_file_takes_nothing_until_it_is_given_again(
    embedded, empty, monkeypatch
):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("console.moving._copied", killed)
        patched.setattr("console.moving.unseal", killed)
        with pytest.raises(KeyboardInterrupt):
            move(embedded.office, empty)
    with pytest.raises(MovedAway, match="已搬走"):
        embedded.portal.sends(rating("Y", 5))
    assert move(embedded.office, empty).tables["ratings"].rows > 0


def test_interrupted_in_between_nothing_has_moved(embedded, empty, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("console.moving.copy_all", interrupted)
        with pytest.raises(KeyboardInterrupt):
            move(embedded.office, empty)
    nothing_moved(embedded)
    assert move(embedded.office, empty).tables


def test_refused_where_the_target_holds_something_else(embedded, empty, file_story, tmp_path):
    other = City(file_story.copy(file_story.new, tmp_path / "other"))
    other.portal.bad_review()
    move(other.office, empty)
    other.close()
    with pytest.raises(InvalidInput, match="不是空的"):
        move(embedded.office, empty)
    nothing_moved(embedded)


@pytest.mark.parametrize("theirs", ["CREATE TABLE theirs (n int)", "CREATE TABLE events (n int)"])
def test_refused_where_the_target_is_another_programs(embedded, empty, theirs):
    engine = create_engine(empty)
    with engine.begin() as conn:
        conn.execute(text(theirs))
    engine.dispose()
    with pytest.raises(InvalidInput, match="别的程序"):
        move(embedded.office, empty)
    nothing_moved(embedded)


def test_refused_in_a_line_where_the_role_may_make_no_tables(embedded, empty):
    engine = create_engine(empty)
    role = f"{engine.url.database}_guest"
    try:
        with engine.begin() as conn:
            conn.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'guest'"))
        guest = engine.url.set(username=role, password="guest")
        with pytest.raises(Unwritable, match="permission denied for schema public"):
            move(embedded.office, guest.render_as_string(hide_password=False))
    finally:
        with engine.begin() as conn:
            conn.execute(text(f"DROP ROLE IF EXISTS {role}"))
        engine.dispose()
    nothing_moved(embedded)


def test_refused_where_the_target_cannot_hold_every_character(embedded, empty):
    engine = create_engine(empty, isolation_level="AUTOCOMMIT")
    latin = f"{engine.url.database}_latin"
    says = f"CREATE DATABASE {latin} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
    try:
        with engine.connect() as conn:
            conn.execute(text(f"{says} TEMPLATE template0"))
        with pytest.raises(InvalidInput, match="UTF8"):
            move(embedded.office, f"{empty}_latin")
    finally:
        with engine.connect() as conn:
            conn.execute(text(f"DROP DATABASE IF EXISTS {latin} WITH (FORCE)"))
        engine.dispose()
    nothing_moved(embedded)


def test_refused_while_somebody_runs(embedded, empty):
    bus = embedded.office.bus()
    assert bus._lease.acquire() is not None
    with pytest.raises(Busy, match="runner"):
        move(embedded.office, empty)
    assert tables_at(empty) == []


@pytest.mark.guarantee("G8")
def test_a_damaged_database_stays_where_it_is(embedded, empty):
    with embedded.office.database.write() as conn:
        conn.execute(update(events).where(events.c.version == 1).values(actor="x"))
    with pytest.raises(Damaged, match="没有搬动"):
        move(embedded.office, empty)
    assert tables_at(empty) == []


@pytest.mark.parametrize(
    ("wrong", "code", "said"),
    [
        ({"password": "guess"}, 2, "目标库不让进.*password authentication failed"),
        ({"database": "nobodys"}, 2, "目标库不让进.*does not exist"),
        ({"port": 9}, 7, "目标库连不上，什么也没有搬动"),
        ({"host": "nowhere.invalid"}, 7, "目标库连不上，什么也没有搬动"),
        ({"query": {"sslmode": "perhaps"}}, 2, "目标库不让进.*invalid sslmode"),
        ({"query": {"sslmod": "require"}}, 2, "不是数据库的地址"),
        ({"drivername": "mysql"}, 2, "须是 postgresql://"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_in_a_line_and_nothing_moves(
    embedded, empty, wrong, code, said
):
    if "password" in wrong and not make_url(empty).password:
        pytest.skip("this server lets everybody in")
    to = make_url(empty).set(**wrong).render_as_string(hide_password=False)
    words = ["move", "--to", to, "--data", str(embedded.office.data)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code, result.output
    assert re.search(said, result.output)
    assert "guess" not in result.output
    assert len(result.output.splitlines()) == 1
    nothing_moved(embedded)


def test_refused_where_the_target_is_too_old(embedded, empty, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(ConnectionInfo, "server_version", property(lambda _: 140_009))
        with pytest.raises(InvalidInput, match="PostgreSQL 15") as told:
            move(embedded.office, empty)
    assert told.value.field == "to"
    assert tables_at(empty) == []
    nothing_moved(embedded)


def test_a_port_that_is_no_number_is_refused(embedded):
    with pytest.raises(InvalidInput, match="不是数据库的地址"):
        move(embedded.office, "postgresql://host:port/bihuan")


def test_moved_but_not_noted_down_is_told_and_given_again_it_finishes(embedded, empty, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("console.moving.os.fsync", full)
        with pytest.raises(Unwritable, match=r"No space left.*重新执行"):
            move(embedded.office, empty)
    assert move(embedded.office, empty).tables


@pytest.fixture
def way(postgres):
    proxy = Proxy(postgres)
    yield proxy
    proxy.close()


def first_commit(cut):
    cuts = [cut]
    return lambda _: cuts.pop() if cuts else None


@pytest.mark.guarantee("G8")
def test_cut_off_before_the_commit_nothing_has_moved(embedded, empty, way):
    way.cut = first_commit("before")
    with pytest.raises(Away, match="什么也没有搬动"):
        move(embedded.office, way.way_to(empty))
    assert way.cuts == 1
    nothing_moved(embedded)
    assert tables_at(empty) == []


@pytest.mark.guarantee("G8")
def test_a_commit_that_nobody_answered_is_asked_after(embedded, empty, way):
    way.cut = first_commit("after")
    address = way.way_to(empty)
    proof = move(embedded.office, address)
    assert way.cuts == 1
    assert proof.tables["events"].rows > 0
    assert (embedded.office.data / ADDRESS).read_text().strip() == address


@pytest.mark.guarantee("G8")
def test_where_the_server_is_gone_after_the_commit_the_file_waits(embedded, empty, way):
    def cut(_):
        way._listener.close()
        return "after"

    way.cut = cut
    with pytest.raises(Away, match="再执行一次"):
        move(embedded.office, way.way_to(empty))
    with pytest.raises(MovedAway, match="已搬走"):
        embedded.portal.bad_review()
    move(embedded.office, empty)
    assert (embedded.office.data / ADDRESS).read_text().strip() == empty


def test_on_the_command_line(embedded, empty):
    words = ["move", "--to", empty, "--json", "--data", str(embedded.office.data)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["tables"]["complaints"]["rows"] == 2
    office = open_office(embedded.office.data)
    assert office.database.place == told["place"]
    office.close()
