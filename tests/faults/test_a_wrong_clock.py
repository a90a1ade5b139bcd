"""Two hosts on one server, and the clock of one is a minute wrong: who works, what is due and what
may be sent go by the server's.
"""

import time
from contextlib import contextmanager

import pytest
from city import rating
from sqlalchemy import select, update

from console.wiring import open_office
from producers.clock import tick
from workflow.bus.crew import Crew
from workflow.bus.lease import Lease
from workflow.clock import instant, system_clock
from workflow.collection import collect
from workflow.outbox import deliver
from workflow.storage.models import deadlines, events, leases, outbox

ON = ("postgresql",)
MINUTE = 60_000_000


@pytest.fixture(params=[MINUTE, -MINUTE], ids=["ahead", "behind"])
def elsewhere(request, monkeypatch):
    """`with elsewhere():` is what the host with the wrong clock does."""

    @contextmanager
    def there():
        real = time.time_ns
        with monkeypatch.context() as patch:
            patch.setattr(time, "time_ns", lambda: real() + request.param * 1000)
            yield

    return there


def silent(city, seconds):
    """As if whoever has a lease had said nothing for so long."""
    with city.office.database.write() as conn:
        conn.execute(update(leases).values(expires_at=leases.c.expires_at - seconds * 1_000_000))


@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G10")
def test_a_live_holder_keeps_its_lease_and_a_silent_one_loses_it(city, elsewhere):
    right, wrong = (Lease(city.office.database, "relay", system_clock) for _ in range(2))
    assert right.acquire() is True
    with elsewhere():
        assert wrong.elsewhere()
        assert wrong.acquire() is None
    silent(city, 11)
    with elsewhere():
        assert wrong.acquire() is False
    assert right.acquire() is None
    with elsewhere():
        assert wrong.renew()
    silent(city, 8)
    assert right.acquire() is None
    silent(city, 3)
    assert right.acquire() is False


@pytest.mark.guarantee("G10")
def test_processes_share_the_lanes_with_a_host_whose_clock_is_wrong(city, elsewhere):
    right, wrong = (Crew(city.office.database, system_clock) for _ in range(2))
    assert right.acquire() is True
    with elsewhere():
        assert wrong.acquire() is True
    assert right.renew()
    with city.office.database.read() as conn:
        shares = [right.share(conn)]
        with elsewhere():
            shares.append(wrong.share(conn))
    assert sorted(shares) == [(0, 2), (1, 2)]
    with elsewhere():
        assert wrong.renew()


@pytest.mark.guarantee("G5")
def test_what_is_due_is_done_and_what_is_not_waits(city, folder, elsewhere):
    subject = city.portal.bad_review()
    city.drain()
    office = open_office(folder)
    try:
        with office.database.write() as conn:
            now = office.ledger.now(conn)
            conn.execute(update(deadlines).values(next_at=now - 10_000_000))
            conn.execute(
                outbox.insert(),
                {
                    "event_id": f"{subject}-1",
                    "subject": subject,
                    "channel": "message",
                    "recipient": "hotline",
                    "body": "notice",
                    "created_at": now - 10_000_000,
                    "status": "waiting",
                    "tries": 0,
                },
            )
        with elsewhere():
            assert tick(office.ledger) > 0
            assert deliver(office.ledger, {}) > 0
        with office.database.write() as conn:
            conn.execute(update(deadlines).values(next_at=now + 30_000_000))
        with elsewhere():
            assert tick(office.ledger) == 0
    finally:
        office.close()


@pytest.mark.guarantee("G5")
def test_what_comes_in_is_received_by_the_servers_clock(folder, elsewhere):
    office = open_office(folder)
    try:
        with office.database.read() as conn:
            now = office.ledger.now(conn)
        with elsewhere():
            collect(
                office.ledger,
                office.desk(),
                "bihuan",
                [(1, rating("A", 1, assessTime=instant(now)))],
            )
        with office.database.read() as conn:
            (told,) = conn.execute(select(events).where(events.c.type == "ReviewCollected")).all()
        assert now <= told.occurred_at <= told.recorded_at < now + MINUTE // 2
    finally:
        office.close()
