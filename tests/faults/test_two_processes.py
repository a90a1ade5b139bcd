"""Several processes on one database: two send the same files, one drains, two operators answer."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from reactions import Counting, effects, make_room
from sqlalchemy import func, select
from zygote import acknowledged

from consumers import register
from workflow.bus import lease
from workflow.bus.crew import Crew
from workflow.bus.embedded import EmbeddedBus
from workflow.bus.progress import join_source
from workflow.clock import system_clock
from workflow.storage.models import (
    complaints,
    events,
    leases,
    parked,
    progress,
    ratings,
    services,
    tallies,
)

BATCHES, SIZE = 6, 30
BAD = BATCHES * SIZE // 10


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G3")
def test_processes_beside_one_another_lose_and_double_nothing(city, folder, zygote, tmp_path):
    make_room(city.office.database)
    stop = tmp_path / "stop"
    runner = zygote.start("scenarios:drain_all", folder=str(folder), stop=str(stop))
    given = {"folder": str(folder), "batches": BATCHES, "size": SIZE}
    importers = [
        zygote.start("scenarios:import_rows", **given, acks=str(tmp_path / f"rows{n}"))
        for n in range(2)
    ]
    operators = [
        zygote.start(
            "scenarios:answer_calls",
            folder=str(folder),
            acks=str(tmp_path / f"calls{n}"),
            wanted=BAD,
            name=f"话务员{n}",
        )
        for n in range(2)
    ]
    assert [child.wait() for child in (*importers, *operators)] == [0, 0, 0, 0]
    stop.touch()
    assert runner.wait() == 0

    told = [ack for n in range(2) for ack in acknowledged(tmp_path / f"rows{n}")]
    outcomes = Counter((ack["kind"], ack["project"], ack["was"]) for ack in told)
    assert {was for _, _, was in outcomes} == {"accepted", "repeat"}
    assert set(outcomes.values()) == {1}
    assert len(outcomes) == 2 * 2 * BATCHES * SIZE

    calls = [ack for n in range(2) for ack in acknowledged(tmp_path / f"calls{n}")]
    dismissed = [ack["dismissed"] for ack in calls if "dismissed" in ack]
    assert len(dismissed) == len(set(dismissed)) == BAD

    for table, count in ((services, BATCHES * SIZE), (ratings, BATCHES * SIZE), (complaints, BAD)):
        assert count_of(city, table) == count
    with city.office.database.read() as conn:
        counted = conn.execute(select(tallies.c.services, tallies.c.ratings, tallies.c.bad)).all()
    assert counted == [(BATCHES * SIZE, BATCHES * SIZE, BAD)]
    assert what_was_left(city).drain()  # it may have been stopped before the last answers
    assert effects_are_the_log(city)
    assert count_of(city, parked) == 0
    assert city.damage() == []


def what_was_left(city):
    return EmbeddedBus(city.ledger, (*register(city.office), Counting()))


def count_of(city, table):
    with city.office.database.read() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def effects_are_the_log(city):
    """Each complaint's event has had its effect, once and in order."""
    query = select(events.c.subject, events.c.version).where(events.c.subject.like("CP%"))
    with city.office.database.read() as conn:
        done = effects(conn, "counting")
        log = [tuple(row) for row in conn.execute(query.order_by(events.c.version))]
    by_subject = sorted(done, key=lambda pair: pair[0])  # stable: the order of the effects stays
    return by_subject == sorted(log)


@pytest.mark.guarantee("G2")
def test_two_processes_that_drain_never_do_the_same_twice(city, folder, zygote, tmp_path):
    make_room(city.office.database)
    for _ in range(20):
        city.portal.bad_review()
    stop = tmp_path / "stop"
    runners = [
        zygote.start("scenarios:drain_all", folder=str(folder), stop=str(stop)) for _ in range(2)
    ]
    for _ in range(20):
        city.portal.bad_review()
    stop.touch()
    assert [runner.wait() for runner in runners] == [0, 0]
    assert what_was_left(city).drain()
    assert effects_are_the_log(city)
    assert count_of(city, parked) == 0
    assert city.damage() == []


def crews(city, count):
    return [Crew(city.office.database, system_clock) for _ in range(count)]


def test_processes_on_a_server_share_the_lanes(city):
    first, second = crews(city, 2)
    assert first.acquire() is True
    assert second.acquire() is True
    assert first.renew()
    assert second.renew()
    first.release()
    second.release()
    with city.office.database.read() as conn:
        assert conn.execute(select(leases)).all() == []


@pytest.mark.guarantee("G6")
def test_after_a_kill_one_goes_on_carefully_and_the_others_stand_by(city):
    fallen, careful, other = crews(city, 3)
    assert fallen.acquire() is True
    assert other.acquire() is True
    fallen.release(clean=False)
    assert not other.renew(), "it stops, and asks again"
    assert careful.acquire() is False
    assert other.acquire() is None
    assert careful.renew()
    careful.calm()
    assert other.acquire() is True
    assert careful.renew()
    careful.release()
    other.release()


@pytest.mark.guarantee("G6")
def test_the_careful_one_killed_in_its_turn_is_seen_as_well(city):
    fallen, careful, third = crews(city, 3)
    fallen.acquire()
    fallen.release(clean=False)
    assert careful.acquire() is False
    careful.release(clean=False)
    assert third.acquire() is False
    third.calm()
    third.release()
    (whole,) = crews(city, 1)
    assert whole.acquire() is True


def elsewhere_of_one_name(make):
    """What `make` makes on another host that bears this one's name, or in another container."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lease, "_PLACE", lease._PLACE + "0")
        patch.setattr(lease, "_PROCESS", "another")
        return make()


@pytest.mark.guarantee("G2")
def test_of_two_hosts_with_one_name_neither_takes_the_lease_of_the_other_while_it_lives(city):
    now = [system_clock()]

    def made():
        return lease.Lease(city.office.database, "clock", lambda: now[0])

    there, here = elsewhere_of_one_name(made), made()
    assert there.acquire() is True
    assert here.acquire() is None
    now[0] += 9_000_000
    assert here.acquire() is None
    assert there.renew()
    now[0] += 11_000_000
    assert here.acquire() is False


def test_nor_is_its_runner_taken_for_one_that_fell(city):
    (there,) = elsewhere_of_one_name(lambda: crews(city, 1))
    (here,) = crews(city, 1)
    assert there.acquire() is True
    assert here.acquire() is True
    assert there.renew()
    here.release()
    there.release()


@pytest.fixture
def short_leases(monkeypatch):
    monkeypatch.setattr(lease, "SECONDS", 3)


def sits(city):
    return lease.seat(city.office.database, "collect", threading.Event(), [])


@pytest.mark.guarantee("G6")
@pytest.mark.usefixtures("short_leases")
def test_a_container_killed_and_started_again_waits_for_its_own_seat_and_is_careful(city):
    """It has another place than it had, and the name it had."""
    (killed, clean) = elsewhere_of_one_name(lambda: sits(city))
    assert clean
    again, clean = sits(city)
    assert (again.name, clean) == (killed.name, False)


@pytest.mark.usefixtures("short_leases")
def test_who_lives_on_a_host_of_the_same_name_keeps_its_seat(city):
    there, _ = elsewhere_of_one_name(lambda: sits(city))
    stopped = threading.Event()
    keeper = threading.Thread(target=there.keep, args=[stopped, []])
    keeper.start()
    here, clean = sits(city)
    stopped.set()
    keeper.join()
    assert (here.name, clean) == (there.name.replace("/0", "/1"), True)
    assert there.renew()


def test_a_consumer_joins_once_however_many_begin_at_once(city):
    def joins(name):
        with city.office.database.write() as conn:
            join_source(conn, name, "beginning")

    names = [f"new{number}" for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(joins, [name for name in names for _ in range(4)]):
            pass
    with city.office.database.read() as conn:
        query = select(progress.c.consumer, func.count()).group_by(progress.c.consumer)
        found = dict(map(tuple, conn.execute(query)))
    assert {name: found[name] for name in names} == dict.fromkeys(names, 16)
