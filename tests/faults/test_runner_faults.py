"""The runner when its process dies: a record that kills is parked, a standby takes over."""

import time

import pytest
from city import rating
from reactions import Counting, effects
from sqlalchemy import select
from zygote import acknowledged

from workflow.bus.embedded import EmbeddedBus
from workflow.bus.lease import Lease
from workflow.clock import system_clock
from workflow.storage.models import leases, parked, progress

pytestmark = pytest.mark.usefixtures("effects_kept")
KILLED = -9


def done_by(city, consumer):
    with city.office.database.read() as conn:
        return effects(conn, consumer)


def parked_rows(city):
    with city.office.database.read() as conn:
        return conn.execute(select(parked).order_by(parked.c.pos)).all()


@pytest.mark.guarantee("G6")
@pytest.mark.guarantee("G10")
def test_a_record_that_kills_its_process_is_parked_after_at_most_four_deaths(city, folder, zygote):
    complaints = [city.portal.bad_review() for _ in range(12)]
    poison = complaints[5]
    city.hotline.receives(poison)
    ends = [KILLED]
    while ends[-1] == KILLED and len(ends) < 8:
        call = "scenarios:drain_until_killed"
        ends.append(zygote.run(call, folder=str(folder), subject=poison))
    assert ends[-1] == 0
    assert ends[1:].count(KILLED) <= 4
    others = sorted((complaint, 1) for complaint in complaints if complaint != poison)
    assert sorted(done_by(city, "killing")) == others
    assert len(done_by(city, "counting")) == 14
    assert [row.status for row in parked_rows(city)] == ["parked", "held", "held"]
    assert "中止" in parked_rows(city)[0].error
    assert city.damage() == []


@pytest.mark.guarantee("G10")
def test_what_survives_the_tries_leaves_no_trace_of_them(city):
    complaints = [city.portal.bad_review() for _ in range(12)]
    with city.office.database.write() as conn:
        conn.execute(
            leases.insert(),
            {"name": "runner", "holder": "gone/1/0", "expires_at": 0, "clean": False},
        )
    bus = EmbeddedBus(city.ledger, (Counting(),))
    assert bus.drain()
    assert sorted(done_by(city, "counting")) == [(complaint, 1) for complaint in complaints]
    assert parked_rows(city) == []


def wait_for(path, seconds=60.0):
    """What a child has said; a story that waits for ever says so."""
    until = time.monotonic() + seconds
    while not (said := acknowledged(path)):
        assert time.monotonic() < until, "the child never got so far"
        time.sleep(0.01)
    return said


@pytest.mark.guarantee("G10")
def test_a_second_process_stands_by_and_takes_over_when_the_first_is_killed(
    city, folder, zygote, tmp_path
):
    first = city.portal.bad_review()
    told = tmp_path / "told"
    runner = zygote.start("scenarios:hold_the_lease", folder=str(folder), told=str(told))
    wait_for(told)
    standby = EmbeddedBus(city.ledger, (Counting(),))
    assert standby.drain() is not city.office.database.one_writer, "on a server it works beside"
    assert done_by(city, "counting") == [(first, 1)]
    assert runner.kill() == KILLED
    second = city.portal.bad_review()
    assert standby.drain() is True
    assert done_by(city, "counting") == [(first, 1), (second, 1)]
    assert city.damage() == []


@pytest.mark.guarantee("G10")
def test_a_standby_that_runs_takes_over_by_itself(city, folder, zygote, tmp_path):
    city.portal.bad_review()
    told, later = tmp_path / "first", tmp_path / "second"
    runner = zygote.start("scenarios:hold_the_lease", folder=str(folder), told=str(told))
    wait_for(told)
    assert runner.kill() == KILLED
    city.portal.sends(rating("X", 1))
    other = zygote.start("scenarios:hold_the_lease", folder=str(folder), told=str(later))
    wait_for(later)
    assert other.kill() == KILLED
    assert sorted(version for _, version in done_by(city, "counting")) == [1, 1]


def test_a_lease_runs_out_when_its_holder_is_silent_and_is_not_clean_then(city):
    now = [system_clock()]
    mine = Lease(city.office.database, "runner", lambda: now[0])
    other = Lease(city.office.database, "runner", lambda: now[0])
    assert mine.acquire() is True
    assert other.acquire() is None
    now[0] += 9_000_000
    assert other.acquire() is None
    assert mine.renew()
    now[0] += 9_000_000
    assert other.acquire() is None
    now[0] += 2_000_000
    assert other.acquire() is False
    assert mine.renew() is False
    mine.release()
    assert mine.acquire() is None
    other.release()
    assert mine.acquire() is True


def test_a_drain_that_ends_in_an_error_gives_its_lease_back_as_unclean(city):
    city.portal.bad_review()

    class Broken(EmbeddedBus):
        def _round(self, _runners):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Broken(city.ledger, (Counting(),)).drain()
    with city.office.database.read() as conn:
        assert conn.execute(select(leases.c.clean)).scalar_one() is False
    assert EmbeddedBus(city.ledger, (Counting(),)).drain()
    assert len(done_by(city, "counting")) == 1


def test_a_consumer_joins_once_with_sixteen_lanes(city):
    for _ in range(2):
        assert EmbeddedBus(city.ledger, (Counting(),)).drain()
    with city.office.database.read() as conn:
        lanes = conn.execute(select(progress.c.lane).order_by(progress.c.lane)).scalars().all()
    assert lanes == list(range(16))
